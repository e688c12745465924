"""Whether the databases in a volume are sound: SQLite files, PostgreSQL data directories, dumps of pg_dump.

Each is copied to a temporary place first, with what belongs to it (`-wal`, `-journal`), and opened there: what is in
the repository is never written to, and a database that was running when it was backed up recovers as after a crash.
"""

from __future__ import annotations

import os
import pwd
import re
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from console.domain import paths
from console.domain.errors import OBJECT_DAMAGE, Failed
from console.domain.point_checks import Finding, Verdict
from console.domain.progress import Reporter
from console.domain.trees import Entry, EntryFlag, FileType
from console.engine.inside.volume import NOT_INSIDE, OpenVolume
from console.engine.point_check.programs import copy, find_program, run, workshop

MOST = 100
"""So many databases of one volume are looked at."""
DEEPEST = 512
SQLITE = b"SQLite format 3\0"
DUMP = b"PGDMP"
_SUFFIXES = (b".sqlite", b".sqlite3", b".db", b".db3", b".sqlitedb")
_DUMPS = (b".dump", b".pgdump", b".backup", b".custom", b".pgsql")
_BESIDE = (b"-wal", b"-journal")
_SERVERS = Path("/usr/lib/postgresql")
_USERS = ("postgres", "nobody")


class Kind(StrEnum):
    SQLITE = "SQLite"
    CLUSTER = "PostgreSQL"
    DUMP = "dump of PostgreSQL"


@dataclass(frozen=True, slots=True)
class Database:
    """Something in a volume that can be opened. `path`: of the file, or of the data directory."""

    kind: Kind
    path: bytes


def databases(opened: OpenVolume, place: Path, reporter: Reporter) -> Iterator[Finding]:
    """One finding for each database of a volume, also of those inside its disks. `place`: for temporary copies."""
    label = opened.image.volume_label
    for number, found in enumerate(_found(opened, reporter)):
        if number >= MOST:
            yield Finding(Verdict.NOT_CHECKED, f"There are more than {MOST} databases in “{label}”.")
            return
        name = f"{found.kind} “{label}:{paths.to_text(found.path)}”"
        reporter.advance(text=name)
        home = place / f"database-{number}"
        try:
            look = {Kind.SQLITE: _sqlite, Kind.CLUSTER: _cluster, Kind.DUMP: _dump}[found.kind]
            finding = look(opened, found.path, home, name, reporter)
        except Failed as known:
            bad = known.failure.code in OBJECT_DAMAGE
            finding = Finding(Verdict.BAD if bad else Verdict.NOT_CHECKED, f"{name}: {known.failure.message}")
        if finding is not None:
            yield finding


def _found(opened: OpenVolume, reporter: Reporter) -> Iterator[Database]:
    stack: list[tuple[bytes, Entry]] = [(b"", opened.top)]
    while stack:
        reporter.check()
        path, folder = stack.pop()
        try:
            entries = list(opened.entries(folder, path))
        except Failed as known:
            if known.failure.code not in OBJECT_DAMAGE and known.failure.code not in NOT_INSIDE:
                raise
            reporter.log(f"“{paths.to_text(path)}” was not looked into: {known.failure.message}")
            continue
        names = {entry.name: entry for entry in entries}
        if b"PG_VERSION" in names and b"global" in names and b"base" in names:
            yield Database(Kind.CLUSTER, path)
            continue
        for entry in entries:
            below = path + b"/" + entry.name if path else entry.name
            if entry.flags & EntryFlag.UNREADABLE:
                continue
            if entry.type is FileType.DIRECTORY:
                if below.count(b"/") < DEEPEST:
                    stack.append((below, entry))
            elif entry.type is FileType.FILE and entry.size > len(SQLITE):
                kind = _kind(opened, below, entry)
                if kind is not None:
                    yield Database(kind, below)


def _kind(opened: OpenVolume, path: bytes, entry: Entry) -> Kind | None:
    name = entry.name.lower()
    stream = opened.root.source == "stream"
    if not stream and not name.endswith((*_SUFFIXES, *_DUMPS)):
        return None
    try:
        head = opened.content(path).read(0, len(SQLITE))
    except Failed:
        # What it would be told by is not here, or not readable: that is what the check of objects is for.
        return None
    if head == SQLITE:
        return Kind.SQLITE
    return Kind.DUMP if head.startswith(DUMP) else None


def _bring(opened: OpenVolume, path: bytes, to: Path, reporter: Reporter) -> None:
    content = opened.content(path)
    copy(content, 0, content.size, to, reporter)


def _sqlite(opened: OpenVolume, path: bytes, home: Path, name: str, reporter: Reporter) -> Finding:
    target = home / "database"
    _bring(opened, path, target, reporter)
    for suffix in _BESIDE:
        beside = opened.find(path + suffix)
        if beside is not None and beside.type is FileType.FILE:
            _bring(opened, path + suffix, target.with_name(target.name + suffix.decode()), reporter)
    try:
        with closing(sqlite3.connect(target)) as connection:
            said = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(10)")]
    except sqlite3.DatabaseError as error:
        said = [str(error)]
    finally:
        for made in home.iterdir():
            made.unlink()
    reporter.log(f"{name}: {'; '.join(said)}")
    if said == ["ok"]:
        return Finding(Verdict.GOOD, f"{name} opens, and its integrity check finds nothing.")
    return Finding(Verdict.BAD, f"{name} is damaged: {' '.join(said[0].split())[:200]}.")


def _dump(opened: OpenVolume, path: bytes, home: Path, name: str, reporter: Reporter) -> Finding:
    program = _newest("pg_restore")
    if program is None:
        return Finding(Verdict.NOT_CHECKED, f"{name} was not opened: pg_restore is not installed.")
    target = home / "dump"
    _bring(opened, path, target, reporter)
    # Listing reads the table of contents only; writing the script reads every byte of every table.
    listed = run([program, "--list", target])
    read = run([program, "--file", os.devnull, target]) if listed.code == 0 else listed
    reporter.log(f"{name}: pg_restore ended with {read.code}: {read.text[-400:]}")
    target.unlink()
    if read.code == 0:
        return Finding(Verdict.GOOD, f"{name} lists, and reads to its end.")
    if read.code is None or "unsupported version" in read.text:
        return Finding(Verdict.NOT_CHECKED, f"{name} could not be read by the pg_restore of this host.")
    return Finding(Verdict.BAD, f"{name} is damaged: {_last(read.text)}.")


def _cluster(opened: OpenVolume, path: bytes, home: Path, name: str, reporter: Reporter) -> Finding:
    version = opened.content(path + b"/PG_VERSION").read(0, 16).decode("ascii", "replace").strip()
    server = find_program("postgres", str(_SERVERS / version / "bin"))
    if server is None or not _speaks(server, version):
        return Finding(Verdict.NOT_CHECKED, f"{name} was not opened: PostgreSQL {version} is not installed here.")
    user = _user()
    if os.geteuid() == 0 and user is None:
        return Finding(Verdict.NOT_CHECKED, f"{name} was not opened: there is no user to run PostgreSQL as.")
    # The Core's own directories are closed to that user.
    with workshop(home if user is None else Path(tempfile.gettempdir())) as own:
        return _started(server, opened, path, own, user, f"{name} (version {version})", reporter)


def _started(
    server: str, opened: OpenVolume, path: bytes, home: Path, user: str | None, name: str, reporter: Reporter
) -> Finding:
    data = home / "data"
    _bring_tree(opened, path, data, reporter)
    settings = home / "postgresql.conf"
    settings.touch()
    if user is not None:
        _give(home, user)
    answer = "it answers"
    query = f"SELECT '{answer}' AS said;\n"
    words: list[str | Path] = [
        server,
        "--single",
        "-D",
        data,
        f"--config-file={settings}",
        "-c",
        "restore_command=false",
        "postgres",
    ]
    said = run(words, stdin=query, user=user)
    reporter.log(f"{name}: postgres ended with {said.code}: {said.text}")
    if said.code == 0 and answer in said.text:
        return Finding(Verdict.GOOD, f"{name} starts and answers.")
    if said.code is None:
        return Finding(Verdict.NOT_CHECKED, f"{name} took too long to start.")
    return Finding(Verdict.BAD, f"{name} does not start: {_last(said.text)}.")


def _bring_tree(opened: OpenVolume, path: bytes, to: Path, reporter: Reporter) -> None:
    """A data directory, without links to tablespaces elsewhere and what says that it was running."""
    stack = [(path, to)]
    while stack:
        reporter.check()
        here, there = stack.pop()
        there.mkdir(parents=True, mode=0o700)
        for entry in opened.entries(opened.entry(here), here):
            below = here + b"/" + entry.name if here else entry.name
            target = there / os.fsdecode(entry.name)
            if entry.type is FileType.DIRECTORY:
                stack.append((below, target))
            elif entry.type is FileType.FILE and not (here == path and entry.name == b"postmaster.pid"):
                _bring(opened, below, target, reporter)


def _speaks(server: str, version: str) -> bool:
    said = run([server, "--version"])
    found = re.search(r"\(PostgreSQL\) (\d+)(?:\.(\d+))?", said.text)
    if said.code or found is None:
        return False
    # Since 10 the first number says which data directories it reads; before that the first two did.
    return version in (found[1], f"{found[1]}.{found[2]}")


def _newest(program: str) -> str | None:
    """The newest of the installed versions."""
    homes = sorted(_SERVERS.glob("*/bin"), key=lambda home: _number(home.parent.name), reverse=True)
    return find_program(program, *map(str, homes))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _user() -> str | None:
    """Whom a program runs as that refuses to run as an administrator; None: as we are."""
    if os.geteuid() != 0:
        return None
    for name in _USERS:
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    return None


def _give(home: Path, user: str) -> None:
    """Everything in a temporary directory to a user, here."""
    known = pwd.getpwnam(user)
    for folder, _, files in os.walk(home):
        os.chown(folder, known.pw_uid, known.pw_gid)
        for name in files:
            os.chown(os.path.join(folder, name), known.pw_uid, known.pw_gid)


def _last(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    told = next((line for line in reversed(lines) if "FATAL" in line or "PANIC" in line or "rror" in line), "")
    return " ".join((told or (lines[-1] if lines else "it said nothing")).split())[:200].rstrip(".")
