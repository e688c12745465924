"""Replication: pairing and contact with targets, arranging and running it as a source, receiving it as a target."""
