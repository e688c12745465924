"""Damage is repaired: from what is here, and from whoever has the objects."""
