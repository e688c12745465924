"""What makes a repository true again: other copies, parity, and new packs for what is whole in damaged ones."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress

from console.domain.objects import Kind
from console.domain.progress import Reporter
from console.repository.codec import Frame
from console.repository.failures import write_failed
from console.repository.index import Index
from console.repository.pack import PACK, Gap, PackDamaged, PackEntry, PackReader, PackWriter, whole_frames
from console.repository.parities import Parities
from console.repository.places import NewPack, Place
from console.repository.reading import Readers
from console.repository.storage import PackFile, PackSink, PackStorage

log = logging.getLogger(__name__)


class Mending:
    """Of one open repository. Methods that write raise Failed `repository-full`, `repository-unwritable`, …"""

    def __init__(
        self,
        storage: PackStorage,
        index: Index,
        readers: Readers,
        parities: Parities,
        gate: Callable[[], AbstractContextManager[None]],
        found: Callable[[Collection[str]], None],
    ) -> None:
        """`gate`: within it no session learns that anything is there. `found`: told the names of packs that are not
        missing any more."""
        self._storage = storage
        self._index = index
        self._readers = readers
        self._parities = parities
        self._gate = gate
        self._found = found

    def is_true(self, oid: bytes) -> bool:
        """Whether an object can be read true from where it lies, without the help of parity."""
        place = self._index.find(oid)
        return place is not None and self._readers.is_true(place)

    def condemned(self) -> set[bytes]:
        """Objects that were struck out as damaged, and of which there is no other copy."""
        found = {oid for oid, _ in self._index.condemned()}
        return found - self._index.known(list(found))

    def damaged_in(self, name: str) -> set[bytes]:
        """Objects whose frame in a pack is not as it was; none where its structure is damaged, or it is gone: then they
        are found another way."""
        try:
            with suppress(PackDamaged, FileNotFoundError), self._storage.open(name) as pack:
                reader = PackReader(pack.read, pack.size)
                runs = reader.runs(reader.entries())
                return {entry.id for run, raw in runs for entry, why in whole_frames(run, raw, lambda _: False) if why}
        except OSError as error:
            log.warning("Pack %s cannot be read: %s", name, error)
        return set()

    def copies(self, ids: Collection[bytes], reporter: Reporter) -> set[bytes]:
        """Looks through all packs for other copies of objects that were struck out, or cannot be read true from where
        they are looked for; those for which there was a true one, which is used from now on."""
        found: set[bytes] = set()
        wanted = set(ids)
        packs = self._index.packs()
        sealed = self._index.sealed
        bare = {oid for oid, pack in self._index.condemned() if pack not in sealed}
        bare |= {place.id for place in self._index.find_many(wanted) if place.pack not in sealed}
        for name, known in packs.items():
            reporter.check()
            if found == wanted:
                break
            for entry in self._entries(name):
                if entry.id in wanted and entry.id not in found and not (entry.seal and entry.id in bare):
                    place = Place(entry.id, known.number, entry.offset, entry.stored, entry.plain, entry.kind)
                    if self._readers.is_true(place):
                        with self._changing():
                            self._index.repoint([place])
                        found.add(entry.id)
        return found

    def mend(self, names: Iterable[str], reporter: Reporter) -> list[str]:
        """Makes packs that are damaged or gone true again from their parity, in their place; those for which that was
        possible. Raises Failed `parity-not-available` besides."""
        mended = []
        for name in names:
            reporter.check()
            with self._changing():
                found = self._parities.mend(name)
                if found is not None:
                    self._index.restore((name, *found))
                    mended.append(name)
            reporter.advance(items=1)
        self._found(mended)
        return mended

    def rewrite(self, name: str) -> bool:
        """Writes the whole frames of a pack whose structure is damaged anew, then the old file goes; False, and nothing
        is done, where its structure is true. A crash leaves the old file, or both."""
        try:
            self._storage.size(name)
        except FileNotFoundError:
            return False
        with self._changing():
            made = self._rewrite(name)
        if made is None:
            return False
        self._parities.forget()
        if made:
            self._parities.later(made)
        return True

    def look_after_parity(
        self, reporter: Reporter, *, read_data: bool = False, damaged: Collection[str] = ()
    ) -> tuple[int, int, int]:
        """See `Parities.keep_up`. Raises Failed `parity-not-available` besides."""
        with self._changing():
            return self._parities.keep_up(reporter, read_data=read_data, damaged=damaged)

    def give_up(self, name: str) -> None:
        """A pack that is gone is waited for no more: what was in it is here again by other ways, or never."""
        with self._changing():
            self._index.strike([name])
        self._found([name])

    # ------------------------------------------------------------------------------------------------ inside

    @contextmanager
    def _changing(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.OperationalError) as error:
            raise write_failed(error, self._storage.place) from error

    def _entries(self, name: str) -> Sequence[PackEntry]:
        with suppress(OSError), self._storage.open(name) as pack:
            return _told(PackReader(pack.read, pack.size))
        return ()

    def _rewrite(self, name: str) -> str | None:
        """The new pack's name ("" when there was nothing whole); None when the structure is true."""
        with self._storage.open(name) as pack:
            reader = PackReader(pack.read, pack.size)
            with suppress(PackDamaged):
                reader.entries()
                if reader.name == name:
                    return None
            found = [part for part in reader.salvage() if not isinstance(part, Gap)]
            made = _write(self._storage, pack, found) if found else None
        if made is not None and made[0] == name:
            self._index.restore(made)  # only its index had suffered; it lies in its own place again
            return name
        known = self._index.packs().get(name)
        ids = {entry.id for entry in found}
        if known is not None:
            ids |= {place.id for place in self._index.within(known.number)}
        with self._gate():
            self._index.exchange({name: ids}, [made] if made else [])
            if made is not None:
                self._index.restore(made)
        self._storage.delete(name)
        log.warning("Pack %s was written anew with the %d object(s) that were whole in it.", name, len(found))
        return made[0] if made else ""


def _told(reader: PackReader) -> list[PackEntry]:
    """What a pack says is in it, or what is whole in it."""
    try:
        return reader.entries()
    except PackDamaged:
        return [part for part in reader.salvage() if not isinstance(part, Gap)]


def _write(storage: PackStorage, pack: PackFile, entries: list[PackEntry]) -> NewPack:
    sink: PackSink = storage.begin()
    try:
        books = PackWriter(PACK)
        sink.write(0, [PACK.magic])
        for oid, offset, stored, plain, kind, codec, seal in entries:
            frame = Frame(oid, Kind(kind), codec, seal, plain, stored, ())
            sink.write(books.add(frame), [pack.read(offset, frame.size)])
        tail, name = books.finish()
        sink.write(books.end, [tail])
        sink.finish(name)
    except BaseException:
        sink.abandon()
        raise
    return name, books.size, books.entries
