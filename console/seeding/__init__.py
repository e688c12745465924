"""Seed drives: archives of volume images on media, written by a source Core and consumed by a target. See FORMAT.md."""
