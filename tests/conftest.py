"""Fixtures for every room."""

import gc
import os

from tests.support.easy import make_easy
from tests.support.named_worlds import _built_worlds, running_world, world

# Never the keyring of who runs the tests, nor one that a test has defined; Cores started by tests inherit it.
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"

make_easy()

__all__ = ["_built_worlds", "running_world", "world"]


def pytest_collection_finish() -> None:
    """Modules and tests stay to the end; the garbage collector need not look through them again and again."""
    gc.collect()
    gc.freeze()
