"""A client that answers what it is told to: for screens of situations that no Core has to be brought into."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from console.domain.answers import Changes
from console.domain.errors import Failed


class ToldCore:
    """`answers`: by the name of the client's method; a failure is raised, a callable gets the call's arguments. `calls`
    remembers (method, arguments, keywords). `say_changed` speaks on the change feed."""

    def __init__(self, role: str = "administrator", **answers: Any) -> None:
        self.answers: dict[str, Any] = {"status": status(role), **answers}
        self.calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self._lines: asyncio.Queue[Changes] = asyncio.Queue()

    async def connect(self) -> Any:
        return self

    def say_changed(self, *kinds: str) -> None:
        self._lines.put_nowait({"kinds": list(kinds)})

    def called(self, method: str) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
        return [(args, words) for name, args, words in self.calls if name == method]

    async def close(self) -> None:
        pass

    async def changes(self) -> AsyncGenerator[Changes]:
        while True:
            yield await self._lines.get()

    def __getattr__(self, method: str) -> Any:
        if method not in self.answers:
            raise AttributeError(method)

        async def call(*args: Any, **words: Any) -> Any:
            self.calls.append((method, args, words))
            answer = self.answers[method]
            if isinstance(answer, Failed):
                raise answer
            return answer(*args, **words) if callable(answer) else answer

        return call


def status(role: str = "administrator") -> dict[str, Any]:
    counts = dict.fromkeys(("machines", "points", "repositories", "pairings", "jobs_running", "alerts"), 0)
    return {"id": "c1", "name": "Office", "version": "0.3.0", "user": "admin", "role": role, "counts": counts}
