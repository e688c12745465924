"""Where packs lie: a local directory, or memory for tests. One contract, one suite for all."""

from console.repository.storage.direct import ALIGNED
from console.repository.storage.interface import PackFile, PackSink, PackStorage
from console.repository.storage.local import LocalStorage
from console.repository.storage.memory import MemoryStorage

__all__ = ["ALIGNED", "LocalStorage", "MemoryStorage", "PackFile", "PackSink", "PackStorage"]
