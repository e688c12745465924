"""From an address to a client that may ask."""

from __future__ import annotations

from console.client.client import Client
from console.client.cores import RememberedCore
from console.client.local import LocalCore


def pinned(host: str, port: int, fingerprint: str, token: str = "") -> Client:
    """A client of the Core at an address, if that is the Core with this fingerprint."""
    # aiohttp costs a tenth of a second to import: only who goes through the network pays it.
    from console.client.https import HttpsTransport

    return Client(HttpsTransport(host, port, fingerprint), token)


def local(core: LocalCore, token: str) -> Client:
    """A client of a Core on this machine, as its owner."""
    return pinned(core.host, core.port, core.fingerprint, token)


async def remembered(core: RememberedCore, password: str) -> Client:
    """A client that is signed in at a remembered Core. Raises Failed: `core-unreachable`, `wrong-credentials`, …"""
    host, port = core.address
    client = pinned(host, port, core.fingerprint)
    try:
        await client.sign_in(core.user, password)
    except BaseException:
        await client.close()
        raise
    return client
