"""The deduplicated object store. The paper is `FORMAT.md`."""

from console.repository.chunker import Chunker
from console.repository.content import ChunkCache, ContentReader
from console.repository.nodes import ObjectReader
from console.repository.repository import Repository, Usage
from console.repository.session import Prepared, Put, WriteSession
from console.repository.tree_reader import TreeReader
from console.repository.tree_writer import ObjectWriter, TreeWriter

__all__ = [
    "ChunkCache",
    "Chunker",
    "ContentReader",
    "ObjectReader",
    "ObjectWriter",
    "Prepared",
    "Put",
    "Repository",
    "TreeReader",
    "TreeWriter",
    "Usage",
    "WriteSession",
]
