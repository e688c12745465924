"""How a catalog becomes what `rows.py` says, one revision after the other. Run by `console.catalog.opening`."""
