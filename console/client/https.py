"""Calls over TLS to a Core whose certificate is known by its fingerprint. No authority vouches for a Core but that."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from collections.abc import AsyncGenerator, Mapping

import aiohttp

from console.client.transport import CALL_S, Answer, core_unreachable, failure_of
from console.domain.errors import Failed, refused

CONNECT_S = 10.0
KEEP_ALIVE_S = 60.0
"""The change feed says something at least every 15 seconds; silence for so long means that the Core is gone."""


def digest_of(fingerprint: str) -> bytes:
    """The 32 bytes a fingerprint (hex, with or without colons) stands for. Raises ValueError."""
    digest = bytes.fromhex(fingerprint.replace(":", "").replace(" ", ""))
    if len(digest) != hashlib.sha256().digest_size:
        raise ValueError("not a SHA-256 fingerprint")
    return digest


def fingerprint_text(digest: bytes) -> str:
    """Colon-separated upper-case hex, as Cores show it."""
    return digest.hex(":").upper()


def wrong_fingerprint(where: str, expected: str, shown: str) -> Failed:
    return refused(
        "wrong-fingerprint",
        f"The Core at {where} shows another certificate than expected: {shown}, not {expected}.",
        "Compare with `replicore core certificate` on that machine; if it is another Core now, add it anew.",
    )


class HttpsTransport:
    """One Core at `host`:`port`, pinned: a certificate with another fingerprint is refused before anything is sent."""

    def __init__(self, host: str, port: int, fingerprint: str) -> None:
        self._where = f"{host}:{port}"
        self._base = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
        self._fingerprint = fingerprint
        self._pin = aiohttp.Fingerprint(digest_of(fingerprint))
        self._session: aiohttp.ClientSession | None = None

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
        limits = aiohttp.ClientTimeout(total=timeout, sock_connect=CONNECT_S)
        try:
            async with self._open().request(
                method, self._base + path, params=query, headers=headers, data=body, timeout=limits
            ) as answer:
                return Answer(answer.status, await answer.read())
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._explain(error) from error

    async def lines(
        self, path: str, *, query: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> AsyncGenerator[bytes]:
        limits = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=KEEP_ALIVE_S)
        try:
            async with self._open().get(self._base + path, params=query, headers=headers, timeout=limits) as answer:
                if answer.status >= 400:
                    raise failure_of(Answer(answer.status, await answer.read()))
                async for line in answer.content:
                    yield line
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._explain(error) from error

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            # Never through a proxy of the environment: the pin would be the proxy's business then.
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=self._pin), trust_env=False)
        return self._session

    def _explain(self, error: Exception) -> Failed:
        if isinstance(error, aiohttp.ServerFingerprintMismatch):
            return wrong_fingerprint(self._where, self._fingerprint, fingerprint_text(error.got))
        if isinstance(error, TimeoutError):
            return core_unreachable(self._where, "it did not answer in time.")
        if isinstance(error, aiohttp.ClientConnectorError):
            return core_unreachable(self._where, f"{error.os_error.strerror or error.os_error}.")
        return core_unreachable(self._where, f"{str(error) or type(error).__name__}.")


async def shown_fingerprint(host: str, port: int) -> str:
    """Of the certificate that a Core shows, for a person to compare. Raises Failed `core-unreachable`."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        async with asyncio.timeout(CONNECT_S):
            _, writer = await asyncio.open_connection(host, port, ssl=context)
    except (OSError, TimeoutError) as error:
        why = "it did not answer in time." if isinstance(error, TimeoutError) else f"{error.strerror or error}."
        raise core_unreachable(f"{host}:{port}", why) from error
    try:
        certificate = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    finally:
        writer.transport.abort()
    return fingerprint_text(hashlib.sha256(certificate).digest())
