"""Who a Core is: a key that never leaves its data directory, and a self-signed certificate that says so."""

from __future__ import annotations

import hashlib
import ipaddress
import logging
import os
import shutil
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from console.domain.clock import Clock
from console.domain.errors import Failed, failed
from console.domain.words import words

__all__ = ["Identity", "der_of", "fingerprint_of", "pem_of", "verify", "words"]

log = logging.getLogger(__name__)

CERTIFICATE_FILE = "certificate.pem"
KEY_FILE = "key.pem"
YEARS = 20
NAME_MAX = 64
"""Bytes of a common name in UTF-8, by X.509."""
LEEWAY = timedelta(hours=1)
"""A certificate begins so long before it was made, for peers whose clock is behind."""


@dataclass(frozen=True, slots=True)
class Identity:
    """This Core's id, name and certificate (PEM), and where the files are that TLS reads. `key` is never in memory
    longer than a signature takes."""

    core_id: str
    name: str
    certificate: str
    fingerprint: str
    certificate_path: Path
    key_path: Path

    @classmethod
    def create(cls, directory: Path, name: str, clock: Clock | None = None) -> Identity:
        """A new identity in `directory`, which must not exist yet; it appears whole or not at all.

        `name` is cut to 64 bytes. Without a clock the certificate counts from the moment the file system gave
        its key file. Raises FileExistsError and other OSErrors.
        """
        if directory.exists():
            raise FileExistsError(f"{directory} exists")
        aside = directory.with_name(directory.name + ".new")
        shutil.rmtree(aside, ignore_errors=True)  # left by a Core that died while it made its identity
        aside.mkdir(parents=True, mode=0o700)
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        _write(aside / KEY_FILE, pem, 0o600)
        now = clock.now() if clock else datetime.fromtimestamp((aside / KEY_FILE).stat().st_mtime, UTC)
        short = name.strip().encode("utf-8", "replace")[:NAME_MAX].decode("utf-8", "ignore")
        certificate = _certificate(key, uuid.uuid4().hex, short or "core", now)
        _write(aside / CERTIFICATE_FILE, certificate.public_bytes(serialization.Encoding.PEM), 0o644)
        _sync_directory(aside)
        aside.rename(directory)
        _sync_directory(directory.parent)
        return cls.load(directory)

    @classmethod
    def load(cls, directory: Path) -> Identity:
        """The identity in `directory`. Raises Failed `identity-damaged` when a file is missing or not what it was."""
        certificate_path, key_path = directory / CERTIFICATE_FILE, directory / KEY_FILE
        try:
            certificate = x509.load_pem_x509_certificate(certificate_path.read_bytes())
            key = _private_key(key_path)
            theirs = certificate.public_key()
            core_id = _core_id(certificate)
            name = str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
        except FileNotFoundError as error:
            raise _damaged(directory, f"{Path(str(error.filename)).name} is missing") from error
        except OSError as error:
            raise _damaged(directory, f"{error.strerror or error}") from error
        except (ValueError, TypeError, LookupError, UnsupportedAlgorithm, x509.ExtensionNotFound) as error:
            raise _damaged(directory, "a file is not what it was written as") from error
        if key.public_key() != theirs:
            raise _damaged(directory, f"{KEY_FILE} does not belong to {CERTIFICATE_FILE}")
        _keep_private(key_path)
        pem = certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")
        return cls(core_id, name, pem, fingerprint_of(pem), certificate_path, key_path)

    def sign(self, message: bytes) -> bytes:
        """ECDSA P-256 with SHA-256, DER form. Raises Failed `identity-damaged` when the key has gone."""
        try:
            key = _private_key(self.key_path)
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise _damaged(self.key_path.parent, f"{KEY_FILE} cannot be read") from error
        return key.sign(message, ec.ECDSA(hashes.SHA256()))


def verify(certificate: str, message: bytes, signature: bytes) -> bool:
    """Whether `signature` over `message` was made with the key of `certificate` (PEM). False also for a certificate
    that is none, or has another sort of key."""
    try:
        key = x509.load_pem_x509_certificate(certificate.encode("utf-8")).public_key()
    except ValueError:
        return False
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        return False
    try:
        key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def fingerprint_of(certificate: str | bytes) -> str:
    """SHA-256 of the DER form, colon-separated upper-case hex. Takes PEM text or DER bytes.

    Raises Failed `bad-certificate` for text that is no certificate.
    """
    return hashlib.sha256(der_of(certificate)).digest().hex(":").upper()


def der_of(certificate: str | bytes) -> bytes:
    """The DER form of a certificate in PEM text; bytes are DER already. Raises Failed `bad-certificate`."""
    if isinstance(certificate, bytes):
        return certificate
    try:
        parsed = x509.load_pem_x509_certificate(certificate.encode("utf-8"))
    except ValueError as error:
        raise failed("bad-certificate", "What was given as a certificate is none.") from error
    return parsed.public_bytes(serialization.Encoding.DER)


def pem_of(der: bytes) -> str:
    """A certificate's DER form as PEM text. Raises Failed `bad-certificate`."""
    try:
        return x509.load_der_x509_certificate(der).public_bytes(serialization.Encoding.PEM).decode("ascii")
    except ValueError as error:
        raise failed("bad-certificate", "What was given as a certificate is none.") from error


def _certificate(key: ec.EllipticCurvePrivateKey, core_id: str, name: str, now: datetime) -> x509.Certificate:
    """Self-signed, and good enough for the strict X.509 rules that Python 3.13 switches on."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    public = key.public_key()
    key_id = x509.SubjectKeyIdentifier.from_public_key(public)
    begins = (now - LEEWAY).replace(microsecond=0)
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    names = [
        x509.DNSName(core_id),
        x509.DNSName("localhost"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
        x509.IPAddress(ipaddress.ip_address("::1")),
    ]
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=YEARS * 365.25))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(key_id, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(key_id), critical=False)
        .sign(key, hashes.SHA256())
    )


def _core_id(certificate: x509.Certificate) -> str:
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return names.get_values_for_type(x509.DNSName)[0]


def _private_key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("not an elliptic curve key")
    return key


def _keep_private(path: Path) -> None:
    """A key that others can read (a careless copy of the data directory) is closed again."""
    if os.name == "posix" and path.stat().st_mode & 0o077:
        log.warning("%s could be read by others; its permissions were set to 0600.", path)
        path.chmod(0o600)


def _damaged(directory: Path, why: str) -> Failed:
    return failed(
        "identity-damaged",
        f"The identity of this Core in {directory} cannot be used: {why}.",
        "Put the directory back from a copy. Without one: remove it; the next start makes a new identity, and every "
        "paired Core must pair again.",
    )


def _write(path: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with open(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_directory(path: Path) -> None:
    if os.name != "posix":  # elsewhere directories cannot be opened, and renames are durable by themselves
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
