"""Replicore: backup replication between Cores, by wire and by seed drive."""

__version__ = "0.1.0"
