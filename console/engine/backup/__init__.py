"""Backing up: from volumes to a recovery point."""
