"""Wizards on the screen: one window that draws any flow, one small view per kind of field, and what follows Finish."""
