"""Calls about encryption keys."""

from __future__ import annotations

from typing import Any, cast

from console.client.calls import Calls, given, named
from console.domain.answers import Done
from console.domain.key_answers import KeyAnswer, KeyChangePlan, KeyFile, KeyLossAnswer, KeyPage, KeyTested


class KeyCalls(Calls):
    async def keys(self, *, limit: int = 100, after: str | None = None) -> KeyPage:
        return cast(KeyPage, await self._get("/keys", limit=limit, after=after))

    async def key(self, key: str) -> KeyAnswer:
        return cast(KeyAnswer, await self._get(_of(key)))

    async def create_key(self, name: str, passphrase: str, description: str = "") -> KeyAnswer:
        body = {"name": name, "passphrase": passphrase, "description": description}
        return cast(KeyAnswer, await self._post("/keys", body))

    async def edit_key(self, key: str, *, name: str | None = None, description: str | None = None) -> KeyAnswer:
        """None: stays as it is."""
        body = given({"name": name, "description": description})
        return cast(KeyAnswer, await self._call("PATCH", _of(key), body))

    async def change_passphrase(self, key: str, passphrase: str, new: str) -> KeyAnswer:
        body = {"passphrase": passphrase, "new": new}
        return cast(KeyAnswer, await self._call("PUT", f"{_of(key)}/passphrase", body))

    async def lock_key(self, key: str) -> KeyAnswer:
        return cast(KeyAnswer, await self._post(f"{_of(key)}/lock"))

    async def unlock_key(self, key: str, passphrase: str, *, for_s: int | None = None) -> KeyAnswer:
        """`for_s`: seconds until it is locked again; None: for good."""
        return cast(KeyAnswer, await self._post(f"{_of(key)}/unlock", {"passphrase": passphrase, "for_s": for_s}))

    async def set_key_type(self, key: str, type: str, passphrase: str | None = None) -> KeyAnswer:
        body = {"type": type, "passphrase": passphrase}
        return cast(KeyAnswer, await self._call("PUT", f"{_of(key)}/type", body))

    async def export_key(self, key: str, passphrase: str) -> KeyFile:
        return cast(KeyFile, await self._post(f"{_of(key)}/export", {"passphrase": passphrase}))

    async def import_key(self, file: dict[str, Any], *, name: str | None = None) -> KeyAnswer:
        """`file`: what `export_key` gave. `name`: what it is called here."""
        return cast(KeyAnswer, await self._post("/keys/import", {**file, "rename": name}))

    async def test_key(self, key: str, passphrase: str) -> KeyTested:
        return cast(KeyTested, await self._post(f"{_of(key)}/test", {"passphrase": passphrase}))

    async def key_loss(self, key: str) -> KeyLossAnswer:
        return cast(KeyLossAnswer, await self._get(f"{_of(key)}/loss"))

    async def remove_key(self, key: str, *, points: bool = False) -> Done:
        """`points`: although points need it."""
        return cast(Done, await self._call("DELETE", _of(key), query={"points": points}))

    async def key_change(self, machine: str, key: str) -> KeyChangePlan:
        """What giving a machine this key (empty: none) would mean."""
        return cast(KeyChangePlan, await self._get(f"/machines/{named('machine', machine)}/key-change", key=key))


def _of(key: str) -> str:
    return f"/keys/{named('key', key)}"
