"""Fixtures for every room."""

from tests.support.named_worlds import _built_worlds, running_world, world

__all__ = ["_built_worlds", "running_world", "world"]
