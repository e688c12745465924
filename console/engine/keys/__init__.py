"""Encryption keys of this Core."""
