"""The tour's own look at files: copying, changing and comparing trees without any of the engine's code."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class TreeSize:
    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Change:
    edited: int
    added: int
    deleted: int
    renamed: int


def measure(tree: Path) -> TreeSize:
    """Regular files below `tree` and the sum of their sizes (bytes)."""
    files = total = 0
    for directory, _, names in os.walk(os.fsencode(tree)):
        for name in names:
            status = os.lstat(os.path.join(directory, name))
            if stat.S_ISREG(status.st_mode):
                files += 1
                total += status.st_size
    return TreeSize(files, total)


def copy(tree: Path, to: Path) -> None:
    """A true copy, with `cp -a` where there is one."""
    tool = shutil.which("cp")
    if tool:
        subprocess.run([tool, "-a", f"{tree}/.", str(_made(to))], check=True)
    else:
        shutil.copytree(tree, to, symlinks=True)


def _made(path: Path) -> Path:
    path.mkdir()
    return path


def change(tree: Path) -> Change:
    """A change such as a day's work makes: some files edited, added, deleted, renamed; the same ones each time."""
    files = []
    for directory, folders, names in os.walk(os.fsencode(tree)):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(directory, name)
            status = os.lstat(path)
            if stat.S_ISREG(status.st_mode) and status.st_nlink == 1 and status.st_size < 64 << 20:
                files.append(path)
    step = max(4, len(files) // 200)
    edited = files[::step]
    deleted = files[1::step][: len(files) // 8]
    renamed = files[2::step][: len(files) // 8]
    for number, path in enumerate(edited):
        with open(path, "r+b") as handle:
            head = handle.read(64)
            handle.seek(0)
            handle.write(bytes(255 - byte for byte in head))
            handle.seek(0, os.SEEK_END)
            handle.write(b"\none more line, number %d\n" % number)
    for path in deleted:
        os.unlink(path)
    for path in renamed:
        os.rename(path, path + b".renamed")
    folder = os.fsencode(tree / "added by the tour")
    os.mkdir(folder)
    added = edited[:20]
    for number, path in enumerate(added):
        shutil.copy2(path, os.path.join(folder, b"copy-%d" % number))
    return Change(len(edited), len(added), len(deleted), len(renamed))


def compare(source: Path, restored: Path, *, only_existing: bool = False) -> list[str]:
    """What differs, as text, nothing when the trees are equal: names, types, modes, owners, times, links, contents.

    With `only_existing` files that are not in `restored` do not count, nor do directories' attributes: for what a point
    gave in part. With rsync on the machine its verdict is added to that of this function.
    """
    differences = _differences(os.fsencode(source), os.fsencode(restored), only_existing=only_existing)
    rsync = shutil.which("rsync")
    if rsync and not only_existing:
        command = [rsync, "-naHAXSi", "--checksum", "--delete", f"{source}/", f"{restored}/"]
        done = subprocess.run(command, capture_output=True, text=True, errors="backslashreplace", check=False)
        differences += done.stdout.splitlines()
        if done.returncode != 0:
            differences += [f"rsync ended with {done.returncode}: {done.stderr.strip()[:200]}"]
    return differences


def _differences(source: bytes, restored: bytes, *, only_existing: bool) -> list[str]:
    differences: list[str] = []
    pending = [b""]
    while pending:
        below = pending.pop()
        ours = sorted(os.listdir(os.path.join(source, below)))
        theirs = sorted(os.listdir(os.path.join(restored, below)))
        lacking = set(ours) - set(theirs)
        if lacking and not only_existing:
            differences.append(f"missing in {below!r}: {sorted(lacking)[:5]!r}")
        if set(theirs) - set(ours):
            differences.append(f"too much in {below!r}: {sorted(set(theirs) - set(ours))[:5]!r}")
        for name in sorted(set(ours) & set(theirs)):
            path = os.path.join(below, name)
            first, second = os.path.join(source, path), os.path.join(restored, path)
            a, b = os.lstat(first), os.lstat(second)
            if stat.S_ISDIR(a.st_mode) and stat.S_ISDIR(b.st_mode):
                pending.append(path)
                if only_existing:
                    continue
            if not _same(first, second, a, b):
                differences.append(f"differs: {path!r}")
    return differences


def _same(first: bytes, second: bytes, a: os.stat_result, b: os.stat_result) -> bool:
    if (a.st_mode, a.st_mtime_ns) != (b.st_mode, b.st_mtime_ns):
        return False
    if hasattr(os, "geteuid") and os.geteuid() == 0 and (a.st_uid, a.st_gid) != (b.st_uid, b.st_gid):
        return False
    if stat.S_ISLNK(a.st_mode):
        return os.readlink(first) == os.readlink(second)
    if stat.S_ISREG(a.st_mode):
        return a.st_size == b.st_size and _digest(first) == _digest(second)
    if stat.S_ISCHR(a.st_mode) or stat.S_ISBLK(a.st_mode):
        return a.st_rdev == b.st_rdev
    return True


def _digest(path: bytes) -> bytes:
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").digest()
