"""Seed drives: set aside, written, looked at and forgotten at the source; consumed at the target."""
