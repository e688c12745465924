"""The call itself: one JSON body there, one back; a failure of the Core becomes Failed."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from typing import Any, cast
from urllib.parse import quote

from console.client.transport import CALL_S, Transport, failure_of
from console.domain.answers import Changes
from console.domain.errors import not_found

API = "/api/v1"

Query = Mapping[str, str | int | bool | None]


class Calls:
    """What every group of calls is made of. Raises Failed with the Core's own failure, or `core-unreachable`,
    `wrong-fingerprint`."""

    def __init__(self, transport: Transport, token: str = "") -> None:
        self._transport = transport
        self._token = token

    async def close(self) -> None:
        await self._transport.close()

    async def _get(self, path: str, /, **query: str | int | bool | None) -> dict[str, Any]:
        return await self._call("GET", path, query=query)

    async def _post(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return await self._call("POST", path, body)

    async def _call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Query | None = None,
        timeout: float = CALL_S,
    ) -> dict[str, Any]:
        headers = self._headers()
        if body is not None:
            headers["Content-Type"] = "application/json"
        answer = await self._transport.call(
            method,
            API + path,
            query=_text(query or {}),
            headers=headers,
            body=None if body is None else json.dumps(body).encode("ascii"),
            timeout=timeout,
        )
        if answer.status >= 400:
            raise failure_of(answer)
        return cast(dict[str, Any], json.loads(answer.body))

    async def _send(self, path: str, piece: bytes, /, **query: str | int | bool | None) -> dict[str, Any]:
        """Puts bytes as they are."""
        headers = {**self._headers(), "Content-Type": "application/octet-stream"}
        answer = await self._transport.call("PUT", API + path, query=_text(query), headers=headers, body=piece)
        if answer.status >= 400:
            raise failure_of(answer)
        return cast(dict[str, Any], json.loads(answer.body))

    async def _changes(self) -> AsyncGenerator[Changes]:
        async for line in self._transport.lines(f"{API}/changes", headers=self._headers()):
            changes = cast(Changes, json.loads(line))
            if changes["kinds"]:
                yield changes

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"} if self._token else {}


def named(noun: str, name: str) -> str:
    """A name or id as one part of a path. What can be neither is not there, and must not become another path."""
    if not name.strip(".") or "/" in name:
        raise not_found(noun, name)
    return quote(name, safe="", errors="backslashreplace")


def given(body: Mapping[str, Any]) -> dict[str, Any]:
    """Without what was not given, so that the Core's own defaults hold."""
    return {key: value for key, value in body.items() if value is not None}


def _text(query: Query) -> dict[str, str]:
    return {
        key: str(value).lower() if isinstance(value, bool) else str(value)
        for key, value in query.items()
        if value is not None
    }
