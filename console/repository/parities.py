"""The parity of a repository's packs: made beside them, used when one is damaged. One pack's: `parity.py`."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress

from console.domain.errors import Failed, failed
from console.domain.progress import Reporter
from console.repository.pack import PackDamaged, PackEntry, PackReader, proven
from console.repository.parity import Mend, ParityDamaged, plan, read_sheet, write
from console.repository.storage import PackFile, PackStorage

log = logging.getLogger(__name__)

_EACH = 4 << 10
"""The parity of a pack takes at most its share, a fiftieth of the pack for what is rounded, and so many bytes."""
_OPEN = 8
"""At most so many packs are written at a time."""


class Parities:
    """Thread-safe. `percent`: parity shards for each hundred data shards of packs that are to get some; 0: none are."""

    def __init__(self, storage: PackStorage, percent: int) -> None:
        self._storage = storage
        self.percent = percent
        self._working = threading.RLock()
        self._kept: tuple[str, Mend, ExitStack] | None = None
        """The damaged pack that was read last, and what it should be: who reads one object of it reads the next too."""
        self._hopeless: set[str] = set()
        self._helper: ThreadPoolExecutor | None = None
        self._closed = False
        self._due: dict[str, int] = {}
        """Bytes of the parity that packs are to get as soon as it is their turn."""
        self.allows: Callable[[int], bool] = lambda _: True
        """Whether packs that were written without parity may get so many bytes of it."""

    def close(self) -> None:
        """Makes what was asked for `later`, and ends."""
        self._closed = True
        if self._helper is not None:
            self._helper.shutdown(wait=True)
        self.forget()

    # ---------------------------------------------------------------------------------------------- making

    def later(self, name: str) -> None:
        """Makes the parity of a pack that was just written, when its turn comes, if packs are to get any."""
        if not self.percent:
            return
        with self._working:
            if self._closed:
                return
            if self._helper is None:
                self._helper = ThreadPoolExecutor(1, thread_name_prefix="parity")
            with suppress(OSError):
                self._due[name] = plan(name, self._storage.size(name), self.percent).file_size
            self._helper.submit(self._quietly, name)

    def due(self) -> int:
        """Bytes of parity that is still to be made of packs that were just written."""
        return sum(list(self._due.values()))

    def leave(self, size: int) -> int:
        """How many of `size` bytes packs may take so that their parity has its place there as well."""
        if not self.percent:
            return size
        return max(0, (size - _OPEN * _EACH) * 100 // (102 + self.percent))

    def make(self, name: str, percent: int | None = None) -> bool:
        """Makes (or makes again) the parity of a pack; False when the pack is not true, and so must not have any.

        Raises OSError, Failed `parity-not-available`.
        """
        with self._working, self._storage.open(name) as pack:
            try:
                proven(PackReader(pack.read, pack.size), name)
            except PackDamaged as error:
                log.warning("Pack %s gets no parity: %s.", name, error)
                return False
            sink = self._storage.begin()
            try:
                write(plan(name, pack.size, self.percent if percent is None else percent), pack, sink)
                sink.finish(name, parity=True)
            except BaseException:
                sink.abandon()
                raise
            self.forget()
            return True

    def keep_up(self, reporter: Reporter, *, read_data: bool, damaged: Collection[str] = ()) -> tuple[int, int, int]:
        """Makes what is missing, makes again what is damaged (its sheet; with `read_data` any byte), and drops what is
        left of packs that are gone and cannot be brought back. Packs in `damaged` keep what they have.

        How many were made, made again, dropped. Raises OSError, Failed `parity-not-available`, `repository-full` (the
        limit leaves no room for all that is missing; what could be done is done).
        """
        packs = set(self._storage.names())
        there = set(self._storage.parities())
        made = again = dropped = refused = 0
        reporter.phase("Looking after parity", items_total=len(packs))
        for name in sorted(packs - set(damaged)):
            reporter.check()
            with suppress(FileNotFoundError):  # a pack that is deleted meanwhile
                if name not in there:
                    if not self.percent or name in self._due:
                        pass
                    elif self.allows(plan(name, self._storage.size(name), self.percent).file_size):
                        made += self.make(name)
                    else:
                        refused += 1
                elif not self._is_true(name, read_data=read_data):
                    again += self.make(name, self.percent or 10)
            reporter.advance(items=1)
        for name in sorted(there - packs - set(damaged)):
            with self._opened(name) as mend:
                useless = mend is None or not mend.can
            if useless:
                with suppress(FileNotFoundError):
                    self._storage.delete_parity(name)
                dropped += 1
        if refused:
            raise failed(
                "repository-full",
                f"{refused} pack(s) get no parity: the limit of the repository leaves no room for it.",
                "Raise the limit (replicore repository edit NAME --limit SIZE), want less parity (--parity PERCENT), "
                "or delete points and reclaim their room.",
            )
        return made, again, dropped

    def drop(self) -> int:
        """Takes all parity away; of how many packs."""
        names = list(self._storage.parities())
        for name in names:
            with suppress(FileNotFoundError):
                self._storage.delete_parity(name)
        return len(names)

    def used(self) -> tuple[int, int]:
        """Of how many packs there is parity, and its bytes."""
        count = size = 0
        for name in self._storage.parities():
            with suppress(FileNotFoundError):
                size += self._storage.size(name, parity=True)
                count += 1
        return count, size

    # ------------------------------------------------------------------------------------------------- using

    def rescue(self, name: str, offset: int, length: int) -> bytes | None:
        """A stretch of a damaged pack as it should be, still to be proven; None when parity does not give it back."""
        with self._working:
            if name in self._hopeless:
                return None
            try:
                if self._kept is None or self._kept[0] != name:
                    self.forget()
                    opened = ExitStack()
                    mend = opened.enter_context(self._opened(name))
                    if mend is None or not mend.can:
                        opened.close()
                        self._hopeless.add(name)
                        return None
                    self._kept = name, mend, opened
                return self._kept[1].read(offset, length)
            except (OSError, Failed) as error:
                log.warning("Parity of pack %s cannot be used: %s", name, error)
                self.forget()
                return None

    def mend(self, name: str) -> tuple[int, list[PackEntry]] | None:
        """Makes a damaged pack, or one that is gone, true again in its place: its bytes, and what it holds. None when
        there is no parity that gives it back, and nothing has changed then.

        Raises OSError (a full disk, …), Failed `parity-not-available`; nothing has changed then either.
        """
        with self._working, self._opened(name) as mend:
            if mend is None or not mend.can:
                return None
            try:
                entries = proven(PackReader(mend.read, mend.sheet.size), name)
                if not mend.whole:
                    self._replace(name, mend)
            except (PackDamaged, ParityDamaged) as error:
                log.warning("Pack %s is not what its parity was made of: %s.", name, error)
                return None
            whole = mend.parity_whole
            size = mend.sheet.size
            self.forget()
            if not whole:
                with suppress(OSError):
                    self.make(name, self.percent or 10)
            return size, entries

    def forget(self) -> None:
        """What was learned of damaged packs is asked again when it is needed."""
        with self._working:
            kept, self._kept = self._kept, None
            if kept is not None:
                kept[2].close()
            self._hopeless.clear()

    # ------------------------------------------------------------------------------------------------ inside

    def _replace(self, name: str, mend: Mend) -> None:
        sink = self._storage.begin()
        try:
            for offset, piece in mend.pieces():
                sink.write(offset, [piece])
            sink.finish(name)
        except BaseException:
            sink.abandon()
            raise

    @contextmanager
    def _opened(self, name: str) -> Iterator[Mend | None]:
        """A pack and its parity, both read through; None without parity that says how it was made."""
        with ExitStack() as opened:
            pack: PackFile | None
            try:
                parity = opened.enter_context(self._storage.open(name, parity=True))
                sheet = read_sheet(parity, name)
            except (OSError, ParityDamaged) as error:
                if not isinstance(error, FileNotFoundError):
                    log.warning("The parity of pack %s is damaged: %s.", name, error)
                yield None
                return
            try:
                pack = opened.enter_context(self._storage.open(name))
            except OSError:
                pack = None
            yield Mend(sheet, pack, parity)

    def _is_true(self, name: str, *, read_data: bool) -> bool:
        """Whether the parity of a pack that is true says so."""
        try:
            with self._storage.open(name, parity=True) as parity:
                sheet = read_sheet(parity, name)
                if not read_data:
                    return parity.size == sheet.file_size
        except (OSError, ParityDamaged):
            return False
        with self._opened(name) as mend:
            return mend is not None and mend.parity_whole

    def _quietly(self, name: str) -> None:
        try:
            self.make(name)
        except FileNotFoundError:
            return  # it was deleted again before its turn
        except (OSError, Failed) as error:
            log.warning("Pack %s has no parity yet: %s", name, error)
        except Exception:
            log.exception("The parity of pack %s could not be made.", name)
        finally:
            self._due.pop(name, None)
