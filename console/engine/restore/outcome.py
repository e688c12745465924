"""What became of a restore: counts, and everything that was not done, with the reason."""

from __future__ import annotations

import errno
import re
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from console.domain import paths
from console.domain.errors import Failed, failed
from console.domain.progress import Reporter
from console.domain.trees import Entry, FileType
from console.sources.creating import Refusal

KEPT_SKIPPED = 10_000
_FULL = (errno.ENOSPC, errno.EDQUOT)
_DAMAGE = ("object-missing", "object-damaged", "node-invalid")


def is_damage(known: Failed) -> bool:
    """Whether bytes are not here or not true: it hurts what they belong to, and nothing else."""
    return known.failure.code in _DAMAGE


@dataclass(frozen=True, slots=True)
class Hurt:
    """An object that could not be read true (hex), its pack where that is known, and the path it belongs to."""

    object: str
    pack: str
    path: str
    why: str


@dataclass
class Outcome:
    """Thread-safe. `size`: bytes of the files. `prefix` stands before every path that is named: "label:" when a point
    has several volumes."""

    reporter: Reporter
    prefix: str = ""
    files: int = 0
    directories: int = 0
    others: int = 0
    size: int = 0
    skipped: list[dict[str, str]] = field(default_factory=list)
    skipped_count: int = 0
    missing: int = 0
    damaged: list[Hurt] = field(default_factory=list)
    _refusals: Counter[str] = field(default_factory=Counter)
    _examples: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def file(self, entry: Entry, *, told: int) -> None:
        """A file stands. `told`: bytes of it that were reported as done already."""
        with self._lock:
            self.files += 1
            self.size += entry.size
        self.reporter.advance(bytes=entry.size - told, items=1)

    def several(self, files: int, size: int) -> None:
        """So many files of together `size` bytes stand."""
        with self._lock:
            self.files += files
            self.size += size
        self.reporter.advance(bytes=size, items=files)

    def link(self, entry: Entry) -> None:
        """One more name of a file that was counted."""
        with self._lock:
            if entry.type is FileType.FILE:
                self.files += 1
            else:
                self.others += 1
        self.reporter.advance(items=1)

    def other(self) -> None:
        with self._lock:
            self.others += 1
        self.reporter.advance(items=1)

    def directory(self) -> None:
        with self._lock:
            self.directories += 1

    def kept(self, path: bytes, why: str) -> None:
        """Something stands there that shall stay."""
        self._skip(path, why)

    def unreadable(self, path: bytes, entry: Entry) -> None:
        """There never was content: it could not be read when the image was made."""
        what = "its names" if entry.type is FileType.DIRECTORY else "it"
        why = f"{what} could not be read when the recovery point was made ({entry.problem or 'unknown reason'})"
        self._skip(path, why)
        self.reporter.warn("file-unreadable", f"“{self._name(path)}” was not restored: {why}.")

    def absent(self, path: bytes, oid: bytes) -> None:
        """Bytes of it have not arrived on this Core."""
        why = f"not all of its bytes are on this Core (object {oid.hex()})"
        with self._lock:
            self.missing += 1
        self._skip(path, why)
        self.reporter.warn("file-missing", f"“{self._name(path)}” was not restored: {why}.")

    def lost(self, path: bytes, known: Failed, *, what: str = "its content") -> None:
        """Bytes of it are not here or not true: it is left out, and the object named."""
        message = known.failure.message
        found = re.search(r"[Oo]bject ([0-9a-f]{64})(?: in pack (\S+))?", message)
        oid, pack = (found[1], found[2] or "") if found else ("", "")
        if known.failure.code == "object-missing":
            with self._lock:
                self.missing += 1
            code, why = "file-missing", f"{what} is not all on this Core ({message.rstrip('.')})"
        else:
            with self._lock:
                self.damaged.append(Hurt(oid, pack, self._name(path), message))
            code, why = "file-damaged", f"{what} is damaged in the repository ({message.rstrip('.')})"
        self._skip(path, why)
        self.reporter.warn(code, f"“{self._name(path)}” was not restored: {why}.")

    def like_its_twin(self, path: bytes, twin: bytes) -> None:
        """A hard link of a file that could not be restored."""
        why = f"it is the same file as “{self._name(twin)}”, which could not be restored"
        self._skip(path, why)
        self.reporter.warn("file-damaged", f"“{self._name(path)}” was not restored: {why}.")

    def failed(self, path: bytes, problem: OSError) -> None:
        """The system would not let us. Raises Failed `destination-full` when that is because there is no room."""
        if problem.errno in _FULL:
            raise self.full()
        why = problem.strerror or str(problem)
        self._skip(path, why)
        self.reporter.warn("file-not-restored", f"“{self._name(path)}” could not be made: {why}.")

    def full(self) -> Failed:
        return failed(
            "destination-full",
            f"The destination is full: {self.files} files ({self.size} bytes) were restored, the rest was not.",
            "Make room, or choose another destination, and restore again; what is there already can be kept.",
        )

    def undressed(self, path: bytes, problem: OSError) -> None:
        why = problem.strerror or str(problem)
        self.reporter.warn(
            "attributes-not-restored", f"The attributes of “{self._name(path)}” could not be set: {why}."
        )

    def refused(self, path: bytes, refusals: list[Refusal]) -> None:
        """Attributes that the system would not let us set: told once each at the end."""
        if not refusals:
            return
        with self._lock:
            for refusal in refusals:
                self._refusals[refusal.what] += 1
                self._examples.setdefault(refusal.what, f"“{self._name(path)}”: {refusal.why}")

    def summarise(self) -> None:
        """Warns of attributes that could not be set, one warning per kind."""
        for what, count in sorted(self._refusals.items()):
            code = "ownership-not-restored" if what == "owner" else "attributes-not-restored"
            hint = " Restore as an administrator (root) to keep owners." if what == "owner" else ""
            self.reporter.warn(code, f"{what} of {count} name(s) could not be set ({self._examples[what]}).{hint}")

    def result(self) -> dict[str, Any]:
        """The job's result (shared contract of commands)."""
        return {
            "files": self.files,
            "directories": self.directories,
            "others": self.others,
            "bytes": self.size,
            "skipped": self.skipped,
            "skipped_count": self.skipped_count,
            "damaged": [
                {"object": hurt.object, "pack": hurt.pack, "path": hurt.path, "why": hurt.why} for hurt in self.damaged
            ],
            "verified": True,
        }

    def _skip(self, path: bytes, why: str) -> None:
        with self._lock:
            self.skipped_count += 1
            if len(self.skipped) < KEPT_SKIPPED:
                self.skipped.append({"path": self._name(path), "why": why})

    def _name(self, path: bytes) -> str:
        return self.prefix + (paths.to_text(path) or ".")
