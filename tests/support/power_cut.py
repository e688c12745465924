"""A disk in memory that loses power: what was written and not synced is kept, lost or torn, as a rule says.

The model is the strictest that file systems allow: a file's sync makes its bytes durable but not its name; a name is
durable when its directory was synced; the names of one directory become durable in the order in which they changed.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.file_operations import Operation

SECTOR = 512


@dataclass(eq=False)
class _File:
    """`durable` is on the medium; `pending` (number of the operation, offset, bytes; None: cut to offset) is not."""

    durable: bytes = b""
    pending: list[tuple[int, int, bytes | None]] = field(default_factory=list)


@dataclass(eq=False)
class _Link:
    target: bytes


@dataclass(eq=False)
class _Directory:
    now: dict[bytes, _Node] = field(default_factory=dict)
    durable: dict[bytes, _Node] = field(default_factory=dict)


_Node = _File | _Link | _Directory


@dataclass(eq=False)
class _Change:
    """What one call did to names: (directory, name, what stands there now or None), all of it or nothing of it."""

    number: int
    sets: list[tuple[_Directory, bytes, _Node | None]]


class Disk:
    """Begins as the directory `top` is now, all of it durable."""

    def __init__(self, top: Path) -> None:
        self._top = os.fsencode(top)
        self._changes: list[_Change] = []
        self._count = 0
        self._root = _load(self._top)

    def do(self, operation: Operation) -> None:
        """Takes one operation; what lies outside `top` is passed over."""
        self._count += 1
        kind, path = operation.kind, operation.path
        if kind == "sync":
            self._sync(operation)
            return
        node = self._find(path)
        if kind == "write" and isinstance(node, _File):
            end = len(_written(node.durable, node.pending)) if operation.offset < 0 else operation.offset
            node.pending.append((self._count, end, operation.data))
        elif kind == "cut" and isinstance(node, _File):
            node.pending.append((self._count, operation.offset, None))
        elif kind == "grow" and isinstance(node, _File):
            if operation.offset > len(_written(node.durable, node.pending)):
                node.pending.append((self._count, operation.offset, None))
        elif kind == "make" and node is None:
            self._change((path, _File()))
        elif kind == "mkdir":
            self._change((path, _Directory()))
        elif kind == "symlink":
            self._change((path, _Link(operation.data)))
        elif kind in ("unlink", "rmdir"):
            self._change((path, None))
        elif kind == "link":
            self._change((operation.other, node))
        elif kind == "rename":
            self._change((path, None), (operation.other, node))

    def cut(self, to: Path, rule: str, rng: random.Random) -> None:
        """Writes what is found after the power came back to a new directory.

        `rule`: “kept” (the process alone died), “lost” (nothing that was not synced), “torn” (any part of it).
        """
        names = self._names(rule, rng)
        contents: dict[int, bytes] = {}

        def fill(directory: _Directory, path: bytes) -> None:
            os.mkdir(path, 0o700)
            for name, node in names[id(directory)].items():
                inner = path + b"/" + name
                if isinstance(node, _Directory):
                    fill(node, inner)
                elif isinstance(node, _Link):
                    os.symlink(node.target, inner)
                else:
                    if id(node) not in contents:
                        contents[id(node)] = _content(node, rule, rng)
                    with open(os.open(inner, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                        file.write(contents[id(node)])

        fill(self._root, os.fsencode(to))

    @property
    def unsynced(self) -> bool:
        """Whether a cut would lose anything now."""
        return bool(self._changes) or any(file.pending for file in _files(self._root))

    # --- inside

    def _find(self, path: bytes) -> _Node | None:
        if path == self._top:
            return self._root
        if not path.startswith(self._top + b"/"):
            return None
        node: _Node | None = self._root
        for name in path[len(self._top) + 1 :].split(b"/"):
            node = node.now.get(name) if isinstance(node, _Directory) else None
        return node

    def _change(self, *sets: tuple[bytes, _Node | None]) -> None:
        change = _Change(self._count, [])
        for path, node in sets:
            above = self._find(os.path.dirname(path))
            if isinstance(above, _Directory):
                name = os.path.basename(path)
                change.sets.append((above, name, node))
                _set(above.now, name, node)
        if change.sets:
            self._changes.append(change)

    def _sync(self, operation: Operation) -> None:
        node = self._find(operation.path)
        if isinstance(node, _File):
            done = [write for write in node.pending if write[0] <= operation.begun]
            node.durable = _written(node.durable, done)
            node.pending = [write for write in node.pending if write[0] > operation.begun]
        elif isinstance(node, _Directory):
            for change in list(self._changes):
                if change.number <= operation.begun and any(held is node for held, _, _ in change.sets):
                    self._settle(change)

    def _settle(self, change: _Change) -> None:
        """Makes a change durable, and what came before it under the same names."""
        touched = {(id(held), name) for held, name, _ in change.sets}
        for earlier in self._changes[: self._changes.index(change)]:
            if earlier not in self._changes:
                continue
            if touched & {(id(held), name) for held, name, _ in earlier.sets}:
                self._settle(earlier)
        for held, name, node in change.sets:
            _set(held.durable, name, node)
        self._changes.remove(change)

    def _names(self, rule: str, rng: random.Random) -> dict[int, dict[bytes, _Node]]:
        directories = {id(d): d for d in _directories(self._root)}
        directories |= {id(d): d for change in self._changes for d, _, _ in change.sets}
        if rule == "kept":
            return {key: dict(d.now) for key, d in directories.items()}
        names = {key: dict(d.durable) for key, d in directories.items()}
        if rule == "torn":
            stopped: set[int] = set()
            for change in self._changes:
                held = {id(d) for d, _, _ in change.sets}
                if held & stopped or rng.random() < 0.3:
                    stopped |= held
                else:
                    for directory, name, node in change.sets:
                        _set(names[id(directory)], name, node)
        return names


def found(top: Path) -> dict[bytes, bytes]:
    """What lies in a directory: path → bytes of the file, or target of the link."""
    files = {}
    for above, _, names in os.walk(os.fsencode(top)):
        for name in names:
            path = os.path.join(above, name)
            if not path.endswith(b"-shm"):
                files[os.path.relpath(path, os.fsencode(top))] = (
                    os.readlink(path) if os.path.islink(path) else Path(os.fsdecode(path)).read_bytes()
                )
    return files


def _set(names: dict[bytes, _Node], name: bytes, node: _Node | None) -> None:
    if node is None:
        names.pop(name, None)
    else:
        names[name] = node


def _content(file: _File, rule: str, rng: random.Random) -> bytes:
    if rule == "lost":
        return file.durable
    if rule == "kept":
        return _written(file.durable, file.pending)
    some: list[tuple[int, int, bytes | None]] = []
    for number, offset, data in file.pending:
        chance = rng.random()
        if chance < 0.4:
            some.append((number, offset, data))
        elif chance < 0.7 and data is not None:
            some.append((number, offset, data[: rng.randrange(len(data) + 1) // SECTOR * SECTOR]))
    return _written(file.durable, some)


def _written(content: bytes, writes: Sequence[tuple[int, int, bytes | None]]) -> bytes:
    if not writes:
        return content
    buffer = bytearray(content)
    for _, offset, data in writes:
        if data is None:
            del buffer[offset:]
            buffer.extend(bytes(offset - len(buffer)))
        elif data:
            buffer.extend(bytes(max(0, offset - len(buffer))))
            buffer[offset : offset + len(data)] = data
    return bytes(buffer)


def _load(path: bytes) -> _Directory:
    directory = _Directory()
    with os.scandir(path) as entries:
        for entry in entries:
            node: _Node
            if entry.is_symlink():
                node = _Link(os.readlink(entry.path))
            elif entry.is_dir():
                node = _load(entry.path)
            else:
                with open(entry.path, "rb") as file:
                    node = _File(file.read())
            directory.now[entry.name] = directory.durable[entry.name] = node
    return directory


def _directories(top: _Directory) -> list[_Directory]:
    """All that have a name, now or on the medium; and those that only lie below such a one."""
    found: dict[int, _Directory] = {}
    waiting = [top]
    while waiting:
        directory = waiting.pop()
        if id(directory) not in found:
            found[id(directory)] = directory
            below = [*directory.now.values(), *directory.durable.values()]
            waiting += [node for node in below if isinstance(node, _Directory)]
    return list(found.values())


def _files(top: _Directory) -> list[_File]:
    return [node for d in _directories(top) for node in d.now.values() if isinstance(node, _File)]
