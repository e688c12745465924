"""Files inside a disk image, into a directory: what is read is written as it comes, and named when it is whole."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator

from console.domain.errors import Failed
from console.domain.progress import Reporter
from console.domain.trees import Entry, FileType
from console.engine.inside.filesystem import Node
from console.engine.inside.image import ImageVolume
from console.engine.inside.volume import NOT_INSIDE, OpenVolume
from console.engine.restore.outcome import Outcome, is_damage
from console.engine.restore.planting import Overwrite, why_kept
from console.engine.restore.selection import Wish
from console.sources import creating
from console.sources.creating import Place, Places

PIECE = 1 << 20
"""Bytes that are read at once."""
HOLE = 4096
_ZEROS = bytes(HOLE)
"""A block of zeros of this size is left a hole."""
DEEPEST = 1024
"""A folder deeper than this is one that a damaged file system has in itself."""


class InnerPlanting:
    """Fills one directory of the destination from inside one disk. Used once, by one thread."""

    def __init__(
        self, opened: OpenVolume, places: Places, reporter: Reporter, outcome: Outcome, overwrite: Overwrite
    ) -> None:
        self._opened = opened
        self._places = places
        self._reporter = reporter
        self._outcome = outcome
        self._overwrite = overwrite
        self._made: dict[tuple[int, int], tuple[Place, bytes]] = {}

    def plant(self, wish: Wish, place: Place) -> None:
        """What is wished of the files inside; the raw disk is not one of them. Raises Failed where the disk cannot be
        looked into at all."""
        inside, wanted = self._opened.inside, inner_wish(self._opened, wish)
        if inside is not None and wanted.names:
            self._folder(inside, inside.top(), b"", wanted, place, 0)

    def _folder(self, inside: ImageVolume, folder: Node, path: bytes, wish: Wish, place: Place, depth: int) -> None:
        if depth > DEEPEST:
            self._outcome.kept(path, "its file system is damaged: folders lie in each other without an end")
            return
        for node in self._children(inside, folder, path):
            wanted = wish.below(node.entry.name)
            if wanted is None:
                continue
            self._reporter.check()
            below = path + b"/" + node.entry.name if path else node.entry.name
            if node.entry.flags:  # a partition that has no file system we know
                self._outcome.kept(below, node.entry.problem)
            elif node.entry.type is FileType.DIRECTORY:
                self._directory(inside, node, below, wanted, place, depth)
            elif node.why:
                self._outcome.kept(below, node.why)
            else:
                try:
                    self._one(inside, node, below, place)
                except OSError as problem:
                    self._outcome.failed(below, problem)

    def _children(self, inside: ImageVolume, folder: Node, path: bytes) -> list[Node]:
        try:
            return inside.children(folder, path)
        except Failed as known:
            self._not_read(path, known, "its list of names")
            return []

    def _directory(self, inside: ImageVolume, node: Node, path: bytes, wish: Wish, above: Place, depth: int) -> None:
        try:
            with self._places.use(above) as there:
                place = self._make_directory(above, there, node.entry)
            if place is None:
                self._outcome.kept(path, "something that is no directory has this name")
                return
            self._outcome.directory()
            self._folder(inside, node, path, wish, place, depth + 1)
            if wish.everything and node.entry.inode:
                with self._places.use(place) as there:
                    self._outcome.refused(path, creating.dress(there, node.entry))
        except OSError as problem:
            self._outcome.failed(path, problem)

    def _make_directory(self, above: Place, there: int, entry: Entry) -> Place | None:
        try:
            return creating.make_directory(above, there, entry.name)
        except FileExistsError:
            status = creating.look(there, entry.name)
            if status is not None and stat.S_ISDIR(status.st_mode):
                return creating.existing_directory(above, there, entry.name)
            if status is not None and not why_kept(self._overwrite, status, entry):
                creating.clear(there, entry.name)
                return creating.make_directory(above, there, entry.name)
            return None

    def _one(self, inside: ImageVolume, node: Node, path: bytes, place: Place) -> None:
        entry = node.entry
        with self._places.use(place) as there:
            status = creating.look(there, entry.name)
            if status is not None:
                kept = why_kept(self._overwrite, status, entry)
                if kept:
                    self._outcome.kept(path, kept)
                    return
                if stat.S_ISDIR(status.st_mode):
                    try:
                        creating.clear(there, entry.name)
                    except OSError as problem:
                        if problem.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                            raise
                        self._outcome.kept(path, "a directory that is not empty has this name")
                        return
            if entry.type is not FileType.FILE:
                aside, refused = creating.make_other(there, entry)
                creating.publish(there, aside, entry.name)
                self._outcome.refused(path, refused)
                self._outcome.other()
                return
            twin = self._made.get((node.place, entry.links)) if entry.links else None
            if twin is not None and self._linked(twin, there, entry):
                return
            self._file(inside, node, path, there)
            if entry.links:
                self._made[node.place, entry.links] = (place, entry.name)

    def _linked(self, twin: tuple[Place, bytes], there: int, entry: Entry) -> bool:
        place, name = twin
        try:
            with self._places.use(place) as old:
                creating.publish(there, creating.make_link(old, name, there), entry.name)
        except OSError:
            return False  # then it becomes a file of its own
        self._outcome.link(entry)
        return True

    def _file(self, inside: ImageVolume, node: Node, path: bytes, there: int) -> None:
        entry = node.entry
        file, aside = creating.begin_file(there)
        try:
            try:
                creating.set_size(file, entry.size)
                for at in range(0, entry.size, PIECE):
                    self._reporter.check()
                    piece = inside.read(node, at, PIECE)
                    for start, run in _filled(piece):
                        creating.write(file, run, at + start)
                    self._reporter.advance(bytes=len(piece))
                streams = inside.streams(node)
                refused = creating.dress(file, entry)
            finally:
                os.close(file)
            creating.publish(there, aside, entry.name)
        except Failed as known:
            creating.discard(there, aside)
            self._not_read(path, known, "its content")
            return
        except BaseException:
            creating.discard(there, aside)
            raise
        self._outcome.refused(path, refused)
        self._outcome.file(entry, told=entry.size)
        for stream in streams:
            name = path + b":" + stream.encode()
            self._outcome.kept(name, "an alternate stream of Windows has no place in a file here")

    def _not_read(self, path: bytes, known: Failed, what: str) -> None:
        """Leaves out what cannot be read; what is not about this one file ends the restore."""
        if is_damage(known):
            self._outcome.lost(path, known, what=what)
        elif known.failure.code in NOT_INSIDE:
            self._outcome.kept(path, known.failure.message)
        else:
            raise known


def _filled(piece: bytes) -> Iterator[tuple[int, memoryview]]:
    """(offset, bytes) of the runs of a piece that are not blocks of zeros."""
    view = memoryview(piece)
    if _ZEROS not in piece:
        yield 0, view
        return
    start: int | None = None
    for at in range(0, len(piece), HOLE):
        block = piece[at : at + HOLE]
        if block.count(0) == len(block):
            if start is not None:
                yield start, view[start:at]
            start = None
        elif start is None:
            start = at
    if start is not None:
        yield start, view[start:]


def inner_wish(opened: OpenVolume, wish: Wish) -> Wish:
    """What is wished of the inside of a disk, without the raw disk itself; no names where it is nothing."""
    if opened.inside is None or wish.names is None:
        return Wish()
    return Wish({name: below for name, below in wish.names.items() if name != opened.raw_name})


def inner_files(opened: OpenVolume, wish: Wish) -> Iterator[tuple[bytes, Node]]:
    """(path, what is there) of every file wished of the inside of a disk; folders that cannot be read are left out."""
    inside = opened.inside
    wanted = inner_wish(opened, wish)
    if inside is None or not wanted.names:
        return
    try:
        stack = [(b"", inside.top(), wanted)]
    except Failed as known:
        if not is_damage(known) and known.failure.code not in NOT_INSIDE:
            raise
        return
    while stack:
        path, folder, wish = stack.pop()
        try:
            nodes = inside.children(folder, path)
        except Failed as known:
            if not is_damage(known) and known.failure.code not in NOT_INSIDE:
                raise
            continue
        for node in nodes:
            below = wish.below(node.entry.name)
            if below is None:
                continue
            where = path + b"/" + node.entry.name if path else node.entry.name
            if node.entry.type is FileType.FILE:
                yield where, node
            elif node.entry.type is FileType.DIRECTORY and not node.entry.flags and where.count(b"/") < DEEPEST:
                stack.append((where, node, below))
