"""Wizards without Qt: steps, typed answers, validation as typed and at the Core, a plan, and the equal command."""
