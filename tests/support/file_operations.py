"""What a process did to its files, in the order it did it: recorded with strace, whoever did it (Python, SQLite, …)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

_CALLS = (
    "openat,open,creat,write,pwrite64,pwritev,pwritev2,writev,ftruncate,truncate,fallocate,fsync,fdatasync,rename,"
    "renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,mkdir,mkdirat,rmdir,lseek,copy_file_range,"
    "sendfile,chdir"
)
_KINDS = {"make", "write", "cut", "sync", "rename", "link", "symlink", "unlink", "mkdir", "rmdir", "grow"}
_LINE = re.compile(r"^(\d+) +(.*)$")
_CALL = re.compile(r"^(\w+)\((.*)\) += (-?\d+|\?)(.*)$", re.DOTALL)
_BEGUN = re.compile(r"^(\w+)\((.*) <unfinished \.\.\.>$", re.DOTALL)
_RESUMED = re.compile(r"^<\.\.\. (\w+) resumed>(.*)$", re.DOTALL)
_PLACED = re.compile(r"^(-?\d+|AT_FDCWD)<((?:\\x[0-9a-f]{2})*)>")


@dataclass(frozen=True, slots=True)
class Operation:
    """One call that succeeded. `begun`: how many operations had ended when it began (a sync covers no more than those).

    `kind`: make, write (at `offset`, -1: at the end), cut (to `offset` bytes), grow (to at least those), sync, rename
    (to `other`), link (as `other`), symlink (to `data`), unlink, mkdir, rmdir. Paths are absolute.
    """

    kind: str
    path: bytes
    begun: int
    other: bytes = b""
    offset: int = 0
    data: bytes = b""


@cache
def why_not() -> str:
    """Why nothing can be recorded here; empty when it can."""
    strace = shutil.which("strace")
    if strace is None:
        return "strace is not installed"
    done = subprocess.run([strace, "-f", "-e", "trace=none", "true"], capture_output=True, check=False)
    return "" if done.returncode == 0 else "this machine does not let strace look at processes"


needs_recorder = pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")


def record(command: Sequence[str | Path], log: Path, *, env: dict[str, str] | None = None) -> None:
    """Runs a command to its end and records what it and its threads do. Raises AssertionError when it fails."""
    strace = ["strace", "-f", "-y", "-xx", "-s", str(1 << 28), "--seccomp-bpf", "-e", "signal=none"]
    done = subprocess.run(
        [*strace, "-e", f"trace={_CALLS}", "-o", str(log), *map(str, command)],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
        env={**os.environ, **(env or {})},
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def operations(log: Path, *of: Path) -> list[Operation]:
    """What was done to some files, or to all below some directories. `-shm` files of SQLite are left out:
    they are shared memory, and made anew by whoever opens the database first."""
    tops = tuple(os.fsencode(path) for path in of)

    def ours(path: bytes) -> bool:
        return path.startswith(tops) and not path.endswith(b"-shm")

    reader = _Reader()
    found: list[Operation] = []
    with open(log, encoding="ascii") as lines:
        begun: dict[str, tuple[str, int]] = {}
        for line in lines:
            match = _LINE.match(line.rstrip("\n"))
            if match is None:
                continue
            thread, text = match.groups()
            start = len(found)
            if begins := _BEGUN.match(text):
                begun[thread] = f"{begins[1]}({begins[2]}", start
                continue
            if resumed := _RESUMED.match(text):
                head, start = begun.pop(thread)
                text = head + resumed[2]
            if call := _CALL.match(text):
                for done in reader.read(call[1], call[2], call[3], call[4], start):
                    if ours(done.path) or ours(done.other):
                        if done.kind not in _KINDS:
                            raise NotImplementedError(f"nobody has taught the recorder {done.kind} yet")
                        found.append(done)
    return found


class _Reader:
    """Turns calls into operations; knows where each open file stands."""

    def __init__(self) -> None:
        self._at: dict[tuple[str, bytes], int] = {}
        self._appending: set[tuple[str, bytes]] = set()
        self._here = os.fsencode(os.getcwd())

    def read(self, name: str, text: str, returned: str, tail: str, begun: int) -> Iterator[Operation]:
        result = int(returned) if returned != "?" else -1
        if result < 0:
            return
        parts = _parts(text)
        if name in ("openat", "open", "creat"):
            yield from self._open(name, parts, result, tail, begun)
        elif name == "chdir":
            self._here = self._join(parts)
        elif name == "lseek":
            self._at[_number(parts[0]), _place(parts[0])] = result
        elif name in ("write", "writev", "pwrite64", "pwritev", "pwritev2"):
            path = _place(parts[0])
            file = _number(parts[0]), path
            if not path:
                return
            data = b"".join(_bytes(piece) for piece in re.findall(r'"((?:\\x[0-9a-f]{2})*)"', text))[:result]
            if name.startswith("p"):
                offset = int(parts[3])
            elif file in self._appending:
                offset = -1
            else:
                offset = self._at.get(file, 0)
                self._at[file] = offset + result
            yield Operation("write", path, begun, offset=offset, data=data)
        elif name in ("ftruncate", "truncate"):
            path = _place(parts[0]) if name == "ftruncate" else self._join(parts)
            yield Operation("cut", path, begun, offset=int(parts[1]))
        elif name in ("fsync", "fdatasync"):
            yield Operation("sync", _place(parts[0]), begun)
        elif name in ("rename", "renameat", "renameat2", "link", "linkat"):
            first = 2 if "at" in name else 1
            one, other = self._join(parts[:first]), self._join(parts[first:])
            yield Operation("rename" if name.startswith("rename") else "link", one, begun, other=other)
        elif name in ("symlink", "symlinkat"):
            yield Operation("symlink", self._join(parts[1:]), begun, data=_bytes(parts[0].strip('"')))
        elif name in ("unlink", "unlinkat"):
            yield Operation("rmdir" if "AT_REMOVEDIR" in text else "unlink", self._join(parts), begun)
        elif name in ("mkdir", "mkdirat"):
            yield Operation("mkdir", self._join(parts), begun)
        elif name == "rmdir":
            yield Operation("rmdir", self._join(parts), begun)
        elif name == "fallocate" and parts[1] == "0":
            yield Operation("grow", _place(parts[0]), begun, offset=int(parts[2]) + int(parts[3]))
        elif name in ("fallocate", "copy_file_range", "sendfile"):
            yield Operation(name, _place(parts[2 if name == "copy_file_range" else 0]), begun)

    def _open(self, name: str, parts: list[str], result: int, tail: str, begun: int) -> Iterator[Operation]:
        opened = re.match(r"<((?:\\x[0-9a-f]{2})*)>", tail)
        path = _bytes(opened[1]) if opened else self._join(parts)
        flags = "O_CREAT|O_TRUNC" if name == "creat" else next((p for p in parts if p.startswith("O_")), "")
        file = str(result), path
        self._at[file] = 0
        self._appending.discard(file)
        if "O_APPEND" in flags:
            self._appending.add(file)
        if "O_CREAT" in flags:
            yield Operation("make", path, begun)
        if "O_TRUNC" in flags:
            yield Operation("cut", path, begun)

    def _join(self, parts: list[str]) -> bytes:
        """The path that one argument, or a directory's descriptor and a name, are."""
        directory, name = (b"", parts[0]) if parts[0].startswith('"') else (_place(parts[0]), parts[1])
        return os.path.normpath(os.path.join(directory or self._here, _bytes(name.strip('"'))))


def _parts(text: str) -> list[str]:
    """Arguments. Text and paths are all in hexadecimal, so that a comma inside brackets is the only strange one."""
    text = re.sub(r"\[.*\]", "[]", text)
    return [part.strip() for part in text.split(",")]


def _bytes(hexed: str) -> bytes:
    return bytes.fromhex(hexed.replace("\\x", ""))


def _number(part: str) -> str:
    return part.partition("<")[0]


def _place(part: str) -> bytes:
    match = _PLACED.match(part)
    path = _bytes(match[2]) if match and "(deleted)" not in part else b""
    return path if path.startswith(b"/") else b""
