"""Attributes that are made when they are first asked for, once, whichever threads ask."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

T = TypeVar("T")


class Made:
    """Has attributes that are made by `part`."""

    def __init__(self) -> None:
        self.making = threading.RLock()

    def made(self, name: str) -> bool:
        """Whether this part is there already."""
        return name in vars(self)


class part(Generic[T]):
    """Decorates what makes one attribute of a `Made`. It imports the attribute's module itself: the import is part of
    what nobody pays who does not ask. (`functools.cached_property` may make several when several threads ask.)"""

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, whole: None, owner: type) -> Self: ...

    @overload
    def __get__(self, whole: Made, owner: type) -> T: ...

    def __get__(self, whole: Made | None, owner: type) -> Self | T:
        # Called only until it is made: what stands in the instance goes before this.
        if whole is None:
            return self
        with whole.making:
            if not whole.made(self._name):
                vars(whole)[self._name] = self._make(whole)
            made: T = vars(whole)[self._name]
            return made
