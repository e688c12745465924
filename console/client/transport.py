"""How a call reaches a Core: over TLS (`https`), or within this process (`inside`). The client cannot tell."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Protocol

from console.domain.errors import Failed, Failure, failed, unreachable

CALL_S = 600.0
"""Longest wait for an answer: some calls ask another Core, or walk a large tree, before they answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes


class Transport(Protocol):
    """Carries calls to one Core. Every method raises Failed `core-unreachable` when the Core does not answer."""

    async def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float = CALL_S,
    ) -> Answer:
        """One call and its whole answer. `timeout` in seconds, for all of it."""

    def lines(
        self, path: str, *, query: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> AsyncGenerator[bytes]:
        """The lines of an answer that goes on until the Core ends it. Raises Failed for an answer of 400 and above."""

    async def close(self) -> None: ...


def core_unreachable(where: str, why: str) -> Failed:
    """The failure of a Core that does not answer; `why` as the network says it."""
    return unreachable(
        "core-unreachable",
        f"The Core at {where} cannot be reached: {why}",
        "Is it running, and is the address right? replicore core status",
    )


def failure_of(answer: Answer) -> Failed:
    """What an answer with a status of 400 and above says went wrong."""
    try:
        return Failed(Failure.from_dict(json.loads(answer.body)["error"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        return failed(
            "not-a-core",
            f"What answered ({answer.status}) does not speak as a Core does.",
            "Check host and port; another program may listen there.",
        )
