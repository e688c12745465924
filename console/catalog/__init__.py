"""The SQL database of one Core. Rows never leave it: everything goes in and comes out as values of `domain`.

The paper is SCHEMA.md.
"""

from console.catalog.catalog import Catalog
from console.catalog.images import StoredImage

__all__ = ["Catalog", "StoredImage"]
