"""Which names of a recovery point are wanted: paths as people write them, as a tree of names per volume."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from console.domain import paths
from console.domain.errors import not_found
from console.domain.machines import Volume, VolumeSource
from console.domain.recovery_points import RecoveryPoint, VolumeImage


@dataclass(slots=True)
class Wish:
    """What is wanted of one directory: everything (`names` None), or these names, each with a wish of its own."""

    names: dict[bytes, Wish] | None = field(default_factory=dict)

    @property
    def everything(self) -> bool:
        return self.names is None

    def add(self, path: bytes) -> None:
        """A path below this directory, and all that is in it; `b""` is the directory itself."""
        wish = self
        for name in _parts(path):
            if wish.names is None:
                return
            wish = wish.names.setdefault(name, Wish())
        wish.names = None

    def below(self, name: bytes) -> Wish | None:
        """The wish for one name; None: it is not wanted."""
        if self.names is None:
            return self
        return self.names.get(name)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is wanted of one image. `asked`: the texts that led here, and the path below the volume each one means."""

    image: VolumeImage
    wish: Wish
    asked: tuple[tuple[str, bytes], ...] = ()


def select(point: RecoveryPoint, volumes: Sequence[Volume], wanted: Sequence[str]) -> list[Chosen]:
    """What is wanted of each image: `label:sub/dir`, `sub/dir` (of every volume), or an absolute path below a volume's.

    Nothing wanted is everything wanted. Whether an image has such a path is not looked at here. Raises Failed
    `no-such-file` for a path that can lie in no volume of the point.
    """
    if not wanted:
        return [Chosen(image, Wish(None)) for image in point.images]
    homes = {
        volume.id: _parts(paths.from_text(volume.path)) for volume in volumes if volume.source != VolumeSource.STREAM
    }
    asked: dict[str, list[tuple[str, bytes]]] = {image.id: [] for image in point.images}
    for text in wanted:
        found = _places(point, homes, text)
        if not found:
            raise not_found("file", text, "It lies in none of the point's volumes: replicore point files ID")
        for image, inner in found:
            asked[image].append((text, inner))
    return [
        Chosen(image, _wish(inner for _, inner in asked[image.id]), tuple(asked[image.id]))
        for image in point.images
        if asked[image.id]
    ]


def _wish(inner: Iterable[bytes]) -> Wish:
    wish = Wish()
    for path in inner:
        wish.add(path)
    return wish


def _places(point: RecoveryPoint, homes: Mapping[str, list[bytes]], text: str) -> list[tuple[str, bytes]]:
    label, colon, rest = text.partition(":")
    labelled = [image.id for image in point.images if colon and image.volume_label == label]
    if labelled:
        return [(image, b"/".join(_parts(paths.from_text(rest)))) for image in labelled]
    raw = paths.from_text(text)
    parts = _parts(raw)
    if not raw.startswith(b"/"):
        return [(image.id, b"/".join(parts)) for image in point.images]
    found: list[tuple[str, bytes]] = []
    for image in point.images:
        home = homes.get(image.volume)
        if home is not None and parts[: len(home)] == home:
            found.append((image.id, b"/".join(parts[len(home) :])))
    return found


def _parts(path: bytes) -> list[bytes]:
    return [part for part in path.split(b"/") if part not in (b"", b".")]
