"""Rows that say what nobody wrote: a bit of the file has flipped, and the database has not noticed."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from console.domain.errors import damage

P = ParamSpec("P")
T = TypeVar("T")

HINT = "Rebuild it from the repositories: replicore core rebuild-catalog"


def sound(read: Callable[P, T]) -> Callable[P, T]:
    """Around what makes a value of a row: where the row is none, that is Failed `catalog-damaged`, and no bug."""

    @wraps(read)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return read(*args, **kwargs)
        except (ValueError, LookupError, TypeError, ArithmeticError) as problem:
            raise damage(
                "catalog-damaged", f"The catalog is damaged: a row of it cannot be read ({problem}).", HINT
            ) from problem

    return guarded


def mapping(read: Any) -> dict[str, Any]:
    """A JSON object of a row. Raises TypeError for what is none."""
    if not isinstance(read, dict):
        raise TypeError("not a JSON object")
    return read


def listed(read: Any) -> tuple[Any, ...]:
    """A JSON list of a row. Raises TypeError for what is none."""
    if not isinstance(read, list):
        raise TypeError("not a JSON list")
    return tuple(read)
