"""Restoring: from a recovery point to files."""
