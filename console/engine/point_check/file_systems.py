"""Whether the file systems of a disk image are sound: they open and list, and their own checkers find nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from console.domain.errors import OBJECT_DAMAGE, Failed
from console.domain.point_checks import Finding, Verdict
from console.domain.progress import Reporter
from console.domain.trees import FileType
from console.engine.inside.image import ImageVolume, Part
from console.engine.inside.volume import NOT_INSIDE, OpenVolume
from console.engine.point_check.programs import copy, find_program, run
from console.repository import ContentReader

NAMES_MAX = 200_000
"""So many names are listed to see whether folders can be read."""
_MAGIC = (("xfs", 0, b"XFSB"), ("btrfs", 0x10040, b"_BHRfS_M"))


@dataclass(frozen=True, slots=True)
class Checker:
    """The program that knows a kind of file system. `first`: makes of a copy what mounting it would (replays its
    journal); `good`: the codes it ends with when all is well."""

    program: str
    options: tuple[str, ...]
    first: tuple[str, ...] = ()
    good: frozenset[int] = frozenset({0})


CHECKERS = {
    "ext": Checker("e2fsck", ("-fn",), ("-y", "-E", "journal_only")),
    "xfs": Checker("xfs_repair", ("-n", "-f")),
    "btrfs": Checker("btrfs", ("check", "--readonly")),
    "fat": Checker("fsck.fat", ("-n",)),
    "exfat": Checker("fsck.exfat", ("-n",)),
    "ntfs": Checker("ntfsfix", ("-n",)),
}


def file_systems(opened: OpenVolume, content: ContentReader, place: Path, reporter: Reporter) -> Iterator[Finding]:
    """One finding for each part of the disk. `place`: for temporary copies. Raises Failed for what is not about one."""
    label = opened.image.volume_label
    inside = opened.inside
    parts = [Part(0, 0)]
    if inside is not None:
        try:
            parts = inside.parts()
        except Failed as known:
            yield _from(known)
            return
    for number, part in enumerate(parts):
        name = f"Partition p{part.number} of “{label}”" if part.number else f"“{label}”"
        reporter.advance(text=name)
        try:
            yield from _part(inside, content, number, part, name, place, reporter)
        except Failed as known:
            yield _from(known)


def _part(
    inside: ImageVolume | None,
    content: ContentReader,
    number: int,
    part: Part,
    name: str,
    place: Path,
    reporter: Reporter,
) -> Iterator[Finding]:
    kind = _magic(content, part.start)
    if not kind and inside is not None:
        try:
            kind = inside.system(number).kind
        except Failed as known:
            if known.failure.code not in NOT_INSIDE:
                raise
            damaged = known.failure.code == "file-system-damaged"
            yield Finding(Verdict.BAD if damaged else Verdict.NOT_CHECKED, known.failure.message)
            return
        names = _listed(inside, number, reporter)
        yield Finding(Verdict.GOOD, f"{name} ({kind}) opens, and its folders list ({names} names).")
    checker = CHECKERS.get(kind)
    if checker is None:
        yield Finding(Verdict.NOT_CHECKED, f"{name} ({kind or 'unknown'}) has no checker that is known here.")
        return
    program = find_program(checker.program)
    if program is None:
        yield Finding(Verdict.NOT_CHECKED, f"{name} ({kind}) was not given to {checker.program}: it is not installed.")
        return
    target = place / f"part-{part.number}.img"
    copy(content, part.start, (part.length or content.size) - (0 if part.length else part.start), target, reporter)
    try:
        yield _asked(checker, program, target, f"{name} ({kind})", reporter.log)
    finally:
        target.unlink(missing_ok=True)


def _asked(checker: Checker, program: str, target: Path, name: str, log: Callable[[str], None]) -> Finding:
    if checker.first:
        run([program, *checker.first, target])
    said = run([program, *checker.options, target])
    log(f"{name}: {checker.program} ended with {said.code}: {said.text}")
    if said.code is None:
        return Finding(Verdict.NOT_CHECKED, f"{name}: {checker.program} took too long.")
    if said.code in checker.good:
        return Finding(Verdict.GOOD, f"{name}: {checker.program} found nothing wrong.")
    last = next((line for line in reversed(said.text.splitlines()) if line.strip()), "")
    return Finding(Verdict.BAD, f"{name}: {checker.program} found it damaged ({last[:200]}).")


def _listed(inside: ImageVolume, place: int, reporter: Reporter) -> int:
    """Lists folders, breadth first, up to `NAMES_MAX` names; how many there were."""
    top = inside.system(place).top(b"")
    waiting = [(b"", top)]
    seen = {top.address}
    names = 0
    while waiting and names < NAMES_MAX:
        reporter.check()
        path, folder = waiting.pop(0)
        for node in inside.children(folder, path):
            names += 1
            if node.entry.type is FileType.DIRECTORY and node.address not in seen:
                seen.add(node.address)
                waiting.append((path + b"/" + node.entry.name, node))
    return names


def _magic(content: ContentReader, start: int) -> str:
    for kind, offset, magic in _MAGIC:
        if content.read(start + offset, len(magic)) == magic:
            return kind
    return ""


def _from(known: Failed) -> Finding:
    code = known.failure.code
    bad = code in OBJECT_DAMAGE or code == "file-system-damaged"
    return Finding(Verdict.BAD if bad else Verdict.NOT_CHECKED, known.failure.message)
