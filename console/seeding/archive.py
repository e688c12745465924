"""A seed as it lies on one or several directories: found, its manifest read, its segments located."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from console.domain.errors import Failed, Failure, failed, usage
from console.domain.seeds import Segment
from console.seeding.drive import directory_name, is_segment_name
from console.seeding.manifest import MANIFEST_FILE, MAX_FILE, Manifest, SignedManifest, decode, manifest_damaged
from console.seeding.media import named
from console.seeding.segment import HEADER, SEGMENT, open_regular

_DIRECTORY_NAME = re.compile(r"replicore-seed-[0-9a-f]{8}")


@dataclass(frozen=True, slots=True)
class SeedDirectory:
    """A directory of a seed. `signed` is None when it has no manifest, or one that cannot be used (`problem`)."""

    path: Path
    signed: SignedManifest | None
    problem: Failure | None

    @property
    def seed(self) -> str:
        """The seed's id, as the manifest or the first segment says; empty when neither does."""
        return self.signed.manifest.seed if self.signed else _owner(self.path)

    @property
    def title(self) -> str:
        """What lies there and of which Core, for people."""
        if self.signed is None:
            known = f" {self.seed[:8]}" if self.seed else ""
            return f"{self.path}: an unfinished or damaged seed{known}"
        manifest = self.signed.manifest
        comment = f" “{manifest.comment}”" if manifest.comment else ""
        return f"{self.path}: the seed{comment} {manifest.seed[:8]} of the Core “{manifest.source.name}”"


@dataclass(frozen=True, slots=True)
class Archive:
    """A seed that can be read. `paths`: where each segment is (by number), as far as it was given; `problems`: copies
    of the manifest that are not good, while another one is."""

    signed: SignedManifest
    directories: tuple[Path, ...]
    paths: dict[int, Path]
    problems: tuple[Failure, ...] = ()

    @property
    def manifest(self) -> Manifest:
        return self.signed.manifest

    @property
    def missing(self) -> tuple[Segment, ...]:
        """Segments that are on none of the given directories."""
        return tuple(segment for segment in self.manifest.segments if segment.number not in self.paths)


def seeds_at(place: Path) -> list[SeedDirectory]:
    """The seeds in a directory, or the one it is itself. Empty when there is none, or no directory."""
    if not place.is_dir():
        return []
    if _looks_like_one(place):
        return [_read(place)]
    inside = sorted(child for child in place.iterdir() if _DIRECTORY_NAME.fullmatch(child.name) and child.is_dir())
    return [_read(child) for child in inside]


def open_archive(places: Sequence[Path]) -> Archive:
    """The one seed that lies on these directories (or in the seed directories they have).

    Raises Failed: `not-a-seed`, `seed-unfinished`, `seed-damaged`, `seed-newer`, `several-seeds`, and what
    `media.named` says.
    """
    found: list[SeedDirectory] = []
    for place in places:
        with named(str(place)):
            seeds = seeds_at(place)
        if not seeds:
            what = "There is no seed" if place.is_dir() else "There is no directory"
            raise failed(
                "not-a-seed", f"{what} at {place}.", "Name the directory replicore-seed-… or the one it lies in."
            )
        found += [seed for seed in seeds if seed.path not in [other.path for other in found]]
    good = [directory.signed for directory in found if directory.signed]
    if not good:
        raise _unusable(found)
    signed = good[0]
    others = [d for d in found if d.seed and d.seed != signed.manifest.seed]
    if others:
        raise usage(
            "several-seeds",
            f"More than one seed lies there: {'; '.join(d.title for d in found)}.",
            "Name the directory of one of them.",
        )
    paths: dict[int, Path] = {}
    for segment in signed.manifest.segments:
        there = [d.path / segment.file for d in found if (d.path / segment.file).is_file()]
        if there:
            paths[segment.number] = min(there, key=lambda path: path.stat().st_size != segment.bytes)
    problems = tuple(d.problem for d in found if d.problem is not None)
    return Archive(signed, tuple(d.path for d in found), paths, problems)


def _unusable(found: Sequence[SeedDirectory]) -> Failed:
    for directory in found:
        if directory.problem is not None:
            return Failed(directory.problem)
    return failed(
        "seed-unfinished",
        f"The seed at {found[0].path} has no manifest: its writing was not finished.",
        "Start the writing again at the source Core with the same place; it goes on where it stopped.",
    )


def _looks_like_one(place: Path) -> bool:
    return (place / MANIFEST_FILE).exists() or any(is_segment_name(child.name) for child in place.iterdir())


def _read(path: Path) -> SeedDirectory:
    if not (path / MANIFEST_FILE).exists():
        return SeedDirectory(path, None, None)
    try:
        with open_regular(path / MANIFEST_FILE) as file:
            size = os.fstat(file.fileno()).st_size
            raw = file.read(size) if size <= MAX_FILE else b""
    except (OSError, Failed) as error:
        why = error.failure.message if isinstance(error, Failed) else str(error.strerror)
        return SeedDirectory(path, None, manifest_damaged(why.rstrip(".")).failure)
    try:
        return SeedDirectory(path, decode(raw), None)
    except Failed as known:
        return SeedDirectory(path, None, known.failure)


def _owner(path: Path) -> str:
    """The seed id in the header of the first segment there is."""
    for child in sorted(path.iterdir()):
        if not is_segment_name(child.name):
            continue
        try:
            with open_regular(child) as file:
                raw = file.read(HEADER.size)
        except (OSError, Failed):
            continue
        if len(raw) == HEADER.size and raw.startswith(SEGMENT.magic):
            return bytes(HEADER.unpack(raw)[1]).hex()
    return ""


__all__ = ["Archive", "SeedDirectory", "directory_name", "open_archive", "seeds_at"]
