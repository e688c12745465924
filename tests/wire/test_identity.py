"""A Core's identity: made whole or not at all, strict enough for every Python, loud when it is damaged."""

from __future__ import annotations

import logging
import os
import ssl
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from console.domain import words as word_list
from console.domain.errors import Failed
from console.wire.identity import Identity, der_of, fingerprint_of, pem_of, verify, words
from console.wire.tls import server_context
from tests.support.clock import FixedClock

GOLDEN = Path(__file__).parent.parent / "golden" / "wire"


@pytest.fixture
def mine(tmp_path: Path) -> Identity:
    return Identity.create(tmp_path / "identity", "laptop", FixedClock())


def test_it_is_found_again(mine: Identity, tmp_path: Path) -> None:
    assert Identity.load(tmp_path / "identity") == mine
    assert mine.name == "laptop"
    assert len(mine.core_id) == 32


def test_two_are_never_the_same(mine: Identity, tmp_path: Path) -> None:
    other = Identity.create(tmp_path / "other", "laptop", FixedClock())
    assert (other.core_id, other.fingerprint) != (mine.core_id, mine.fingerprint)


def test_the_certificate_says_what_strict_rules_want(mine: Identity) -> None:
    certificate = x509.load_pem_x509_certificate(mine.certificate.encode())
    extensions = certificate.extensions
    constraints = extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical
    assert constraints.value.ca
    usage = extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert usage.value.key_cert_sign
    purposes = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert set(purposes) == {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}
    names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [mine.core_id, "localhost"]
    assert [str(ip) for ip in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]
    own = extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    assert extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier == own


def test_it_is_valid_for_twenty_years_from_an_hour_ago(mine: Identity) -> None:
    certificate = x509.load_pem_x509_certificate(mine.certificate.encode())
    begins = certificate.not_valid_before_utc
    assert begins == FixedClock().now() - timedelta(hours=1)
    assert certificate.not_valid_after_utc - begins == timedelta(days=7305)


@pytest.mark.parametrize("called", ["localhost", "127.0.0.1", "::1", "the core id"])
def test_a_strict_client_takes_it(tmp_path: Path, called: str) -> None:
    mine = Identity.create(tmp_path / "identity", "laptop")  # by the real time: the client looks at it
    client = ssl.create_default_context(cadata=mine.certificate)
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    shake(server_context(mine), client, mine.core_id if called == "the core id" else called)


def test_a_strict_client_refuses_another_name(mine: Identity) -> None:
    client = ssl.create_default_context(cadata=mine.certificate)
    with pytest.raises(ssl.SSLCertVerificationError):
        shake(server_context(mine), client, "example.org")


@pytest.mark.skipif(os.name != "posix", reason="permission bits are POSIX")
def test_the_key_is_its_owners_alone(mine: Identity, caplog: pytest.LogCaptureFixture) -> None:
    assert stat.S_IMODE(mine.key_path.stat().st_mode) == 0o600
    assert stat.S_IMODE(mine.key_path.parent.stat().st_mode) == 0o700
    mine.key_path.chmod(0o644)
    with caplog.at_level(logging.WARNING):
        Identity.load(mine.key_path.parent)
    assert stat.S_IMODE(mine.key_path.stat().st_mode) == 0o600
    assert "0600" in caplog.text


def test_names_are_made_to_fit(tmp_path: Path) -> None:
    assert Identity.create(tmp_path / "a", "  ü" + "x" * 100).name == "ü" + "x" * 62
    assert Identity.create(tmp_path / "c", "€" * 100).name == "€" * 21
    assert Identity.create(tmp_path / "b", "   ").name == "core"


def test_one_that_is_there_is_not_replaced(mine: Identity, tmp_path: Path) -> None:
    with pytest.raises(FileExistsError):
        Identity.create(tmp_path / "identity", "again")
    assert Identity.load(tmp_path / "identity") == mine


def test_a_core_that_died_while_making_it_starts_again(tmp_path: Path) -> None:
    aside = tmp_path / "identity.new"
    aside.mkdir()
    (aside / "key.pem").write_text("half")
    made = Identity.create(tmp_path / "identity", "laptop")
    assert not aside.exists()
    assert Identity.load(tmp_path / "identity") == made


@pytest.mark.parametrize("file", ["certificate.pem", "key.pem"])
@pytest.mark.parametrize("harm", ["gone", "empty", "rubbish", "torn", "another", "a directory"])
def test_damage_is_named(mine: Identity, tmp_path: Path, file: str, harm: str) -> None:
    path = tmp_path / "identity" / file
    content = path.read_bytes()
    path.unlink()
    if harm == "empty":
        path.write_bytes(b"")
    elif harm == "rubbish":
        path.write_bytes(bytes(range(256)))
    elif harm == "torn":
        path.write_bytes(content[: len(content) // 2])
    elif harm == "another":
        other = Identity.create(tmp_path / "other", "other")
        path.write_bytes((other.key_path.parent / file).read_bytes())
    elif harm == "a directory":
        path.mkdir()
    with pytest.raises(Failed) as raised:
        Identity.load(tmp_path / "identity")
    assert raised.value.failure.code == "identity-damaged"
    assert str(tmp_path / "identity") in raised.value.failure.message
    assert raised.value.failure.hint


def test_a_key_of_another_sort_is_damage(mine: Identity) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519

    key = ed25519.Ed25519PrivateKey.generate()
    mine.key_path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    with pytest.raises(Failed, match="identity-damaged"):
        Identity.load(mine.key_path.parent)


def test_signatures(mine: Identity, tmp_path: Path) -> None:
    other = Identity.create(tmp_path / "other", "other")
    signature = mine.sign(b"what was said")
    assert verify(mine.certificate, b"what was said", signature)
    assert not verify(mine.certificate, b"what was not said", signature)
    assert not verify(other.certificate, b"what was said", signature)
    assert not verify(mine.certificate, b"what was said", signature[:-1])
    assert not verify(mine.certificate, b"what was said", b"")
    assert not verify("no certificate", b"what was said", signature)


def test_signing_without_the_key_is_a_known_failure(mine: Identity) -> None:
    mine.key_path.unlink()
    with pytest.raises(Failed, match="identity-damaged"):
        mine.sign(b"x")


def test_fingerprints(mine: Identity) -> None:
    der = der_of(mine.certificate)
    assert pem_of(der) == mine.certificate
    assert fingerprint_of(der) == fingerprint_of(mine.certificate) == mine.fingerprint
    parts = mine.fingerprint.split(":")
    assert len(parts) == 32
    assert all(len(part) == 2 and part == part.upper() for part in parts)
    for rubbish in ("", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"):
        with pytest.raises(Failed, match="bad-certificate"):
            fingerprint_of(rubbish)
    with pytest.raises(Failed, match="bad-certificate"):
        pem_of(b"\x30\x00")


def test_what_was_released_is_still_understood() -> None:
    """Certificate, signature and words as the first release made them; the files are never edited."""
    certificate = (GOLDEN / "certificate.pem").read_text()
    fingerprint, said = (GOLDEN / "fingerprint.txt").read_text().splitlines()
    assert fingerprint_of(certificate) == fingerprint
    assert verify(certificate, b"released", (GOLDEN / "signature.der").read_bytes())
    assert " ".join(words(fingerprint)) == said


def test_words() -> None:
    assert len(word_list.WORDS) == len(set(word_list.WORDS)) == 256
    assert all(word.isalpha() and word.islower() and 3 <= len(word) <= 7 for word in word_list.WORDS)
    one = words("AB" * 32)
    assert len(one) == 6
    assert one == words(":".join(["ab"] * 32)) == words(" ".join(["Ab"] * 32))
    assert one != words("AB" * 31 + "AC")
    with pytest.raises(ValueError, match="hex"):
        words("not a fingerprint")


def shake(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> None:
    """A handshake without sockets. Raises what the client makes of the server."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    serving = server.wrap_bio(to_server, to_client, server_side=True)
    calling = client.wrap_bio(to_client, to_server, server_hostname=name)
    for side in (calling, serving, calling, serving):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    assert calling.version() == "TLSv1.3"
