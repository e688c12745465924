"""Checks of recovery points: objects, chains, file systems, databases."""
