"""Keys on their way: which ones go along with points, and what becomes of those that come."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from console.catalog import Catalog
from console.domain.errors import damage
from console.domain.events import Severity
from console.domain.keys import EncryptionKey, WrappedKey, arriving, thumbprint, wrong_passphrase
from console.domain.machines import name_problem
from console.domain.objects import id_of_hex
from console.domain.recovery_points import RecoveryPoint, VolumeImage
from console.engine.journal import Journal
from console.repository import Repository
from console.repository.records import decode_record
from console.repository.wrapping import NotWrappedError, check_wrapped, unwrap


def keys_of(catalog: Catalog, points: Iterable[RecoveryPoint]) -> tuple[WrappedKey, ...]:
    """The wrapped keys that points are sealed with, as far as this Core knows them."""
    return keys_of_images(catalog, (image for point in points for image in point.images))


def keys_of_images(catalog: Catalog, images: Iterable[VolumeImage]) -> tuple[WrappedKey, ...]:
    """As `keys_of`."""
    found = [catalog.keys.find(key) for key in dict.fromkeys(image.key for image in images if image.key)]
    return tuple(key.travelling() for key in found if key is not None)


def prove_passphrases(keys: Iterable[WrappedKey], passphrases: Sequence[str]) -> None:
    """Each key is opened by one of these. Raises Failed `wrong-passphrase` for the first that is not."""
    for key in keys:
        try:
            opened = any(unwrap(key.wrapped, key.id, passphrase) is not None for passphrase in passphrases)
        except NotWrappedError as error:
            raise damage(
                "key-damaged",
                f"The key “{key.name}” cannot be unwrapped: {error}.",
                "Remove it here and take it from another Core, a record or a file: replicore core rebuild-catalog",
            ) from error
        if not opened:
            raise wrong_passphrase(key.name)


class Arrivals:
    """Takes in keys that come with points: locked, of type replication."""

    def __init__(self, catalog: Catalog, journal: Journal) -> None:
        self._catalog = catalog
        self._journal = journal

    def take(self, came: Iterable[WrappedKey], origin: str) -> None:
        """`origin`: id of the Core that brought them."""
        for wrapped in came:
            known = self._catalog.keys.find(wrapped.id)
            key = arriving(known if known is not None and known.id == wrapped.id else None, wrapped, origin)
            if key is None or not _is_wrapped(key):
                continue
            with self._catalog.transaction():
                if known is None:
                    self._catalog.keys.add(self._named(key))
                else:
                    self._catalog.keys.update(key)
            if known is None:
                self._journal.note(
                    Severity.INFO,
                    "key-arrived",
                    f"The key {thumbprint(key.id)} arrived with points that it seals. It is locked here.",
                    key.id,
                )

    def take_from_record(self, repository: Repository, point: RecoveryPoint, origin: str) -> None:
        """Keys of a point that are not known here, from its record. Raises what reading the record raises."""
        lacking = {image.key for image in point.images if image.key and self._catalog.keys.find(image.key) is None}
        if lacking and point.record:
            record = decode_record(repository.read(id_of_hex(point.record)))
            self.take((key for key in record.keys if key.id in lacking), origin)

    def _named(self, key: EncryptionKey) -> EncryptionKey:
        name = key.name if name_problem(key.name) is None else f"key {thumbprint(key.id)[:8]}"
        free, number = name, 2
        while self._catalog.keys.find(free) is not None:
            free, number = f"{name[:56]} {number}", number + 1
        return replace(key, name=free)


def _is_wrapped(key: EncryptionKey) -> bool:
    try:
        check_wrapped(key.wrapped)
    except NotWrappedError:
        return False
    return True
