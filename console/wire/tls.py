"""TLS 1.3 as Cores use it: no authorities, only certificates that are known.

A server takes a caller without a certificate (it reaches the pairing calls), or one whose certificate it was told to
trust; every other certificate fails in the handshake. A caller pins one certificate by its fingerprint.
"""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from collections.abc import Iterable

from console.domain.errors import Failed, refused, unreachable
from console.wire.identity import Identity, der_of, fingerprint_of, pem_of

CONNECT_S = 10.0
"""Connecting, with the handshake, takes no longer."""


def server_context(identity: Identity, trusted: Iterable[str] = ()) -> ssl.SSLContext:
    """For a Core's one port. `trusted`: certificates (PEM) of callers that may show one.

    Raises Failed `identity-damaged` when the identity's files cannot be loaded any more.
    """
    context = _context(ssl.PROTOCOL_TLS_SERVER, identity)
    context.verify_mode = ssl.CERT_OPTIONAL
    # A caller's certificate is its own authority; the same strict rules on every version of Python.
    context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    for certificate in trusted:
        trust(context, certificate)
    return context


def trust(context: ssl.SSLContext, certificate: str) -> None:
    """From the next handshake on the context takes this certificate (PEM), also while it is serving.

    It cannot be taken back: whether its owner is still paired is asked at every call. Raises Failed `bad-certificate`.
    """
    context.load_verify_locations(cadata=der_of(certificate))


def client_context(identity: Identity | None) -> ssl.SSLContext:
    """For calls to a Core; `identity` is shown when there is one.

    It verifies no chain, on purpose: the handshake proves that the server has the key of the certificate it shows, and
    that this is the pinned certificate is checked by fingerprint before anything is sent. Without such a check it must
    not be used.
    """
    context = _context(ssl.PROTOCOL_TLS_CLIENT, identity)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def digest_of(fingerprint: str) -> bytes:
    """The 32 bytes of a fingerprint, however it is written. Raises Failed `bad-fingerprint`."""
    try:
        digest = bytes.fromhex("".join(fingerprint.replace(":", "").split()))
    except ValueError:
        digest = b""
    if len(digest) != hashlib.sha256().digest_size:
        raise refused(
            "bad-fingerprint",
            f"“{fingerprint}” is not the fingerprint of a certificate.",
            "A fingerprint has 64 hexadecimal digits; `replicore core certificate` shows it.",
        )
    return digest


def wrong_fingerprint(address: str, expected: str, shown: str) -> Failed:
    return refused(
        "wrong-fingerprint",
        f"The Core at {address} shows the fingerprint {shown}, not {expected}.",
        "Compare with `replicore core certificate` on the target. If it has a new identity, pair again; if not, "
        "somebody stands between the two Cores.",
    )


async def fetch_certificate(host: str, port: int, *, timeout: float = CONNECT_S) -> str:
    """The certificate (PEM) that whoever listens there shows; nothing is sent. Raises Failed `target-unreachable`."""
    context = client_context(None)
    try:
        async with asyncio.timeout(timeout):
            _, writer = await asyncio.open_connection(host, port, ssl=context)
    except (OSError, TimeoutError) as error:
        raise no_answer(host, port, error) from error
    try:
        der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    finally:
        writer.transport.abort()
    return pem_of(der)


def check_pin(address: str, expected: str, certificate: str | bytes) -> None:
    """Raises Failed `wrong-fingerprint` when the certificate is not the one expected."""
    shown = fingerprint_of(certificate)
    if digest_of(shown) != digest_of(expected):
        raise wrong_fingerprint(address, expected, shown)


def no_answer(host: str, port: int, error: BaseException) -> Failed:
    """The known failure for a peer that could not be reached, was lost, or does not speak TLS 1.3."""
    return unreachable(
        "target-unreachable",
        f"The Core at {address_of(host, port)} could not be reached: {_why(error)}.",
        "Check that it runs, its address and port, and the firewalls in between.",
    )


def address_of(host: str, port: int) -> str:
    """`host:port`, an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _context(purpose: int, identity: Identity | None) -> ssl.SSLContext:
    context = ssl.SSLContext(purpose)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_alpn_protocols(["http/1.1"])
    if identity is not None:
        try:
            context.load_cert_chain(identity.certificate_path, identity.key_path)
        except (OSError, ssl.SSLError):
            Identity.load(identity.certificate_path.parent)  # says what is wrong with it
            raise
    return context


def _why(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return "the connection was cut"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed ({(error.reason or str(error)).lower().replace('_', ' ')})"
    text = (getattr(error, "strerror", None) or str(error) or type(error).__name__).strip().rstrip(".")
    return text[:1].lower() + text[1:]
