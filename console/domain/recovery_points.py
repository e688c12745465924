"""Recovery points and volume images."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class ImageKind(StrEnum):
    BASE = "base"
    INCREMENTAL = "incremental"


class BaseReason(StrEnum):
    """Why an image is a base and not an incremental."""

    FIRST = "first"
    FORCED = "forced"
    KEY_CHANGED = "key-changed"
    VOLUME_CHANGED = "volume-changed"
    PARENT_LOST = "parent-lost"
    POLICY = "policy"


class Restorability(StrEnum):
    NONE = "none"
    SOME_FILES = "some-files"
    ALL_FILES = "all-files"
    VOLUME = "volume"
    BARE_METAL = "bare-metal"


@dataclass(frozen=True, slots=True)
class VolumeImage:
    """One volume of one point. Ids are hex text: `root` is the id of its ROOT object, `parent` an image id.

    `parent_root` is the root of the parent, so that a Core without the parent can tell what this image adds to it.
    `size`: bytes of all files in it; `bytes_read`: read from the volume for it; `bytes_new`: plain bytes of objects
    that the repository did not have; `bytes_stored`: what those took in packs. Once a rollup gave it another parent,
    `bytes_stored` is what its increment against that one takes, and `bytes_new` the sum of what went into it. `key`: id
    of the encryption key that all its objects are sealed with, empty for none.
    """

    id: str
    point: str
    volume: str
    volume_label: str
    kind: ImageKind
    base_reason: BaseReason | None
    parent: str | None
    root: str
    size: int = 0
    bytes_read: int = 0
    bytes_new: int = 0
    bytes_stored: int = 0
    files: int = 0
    directories: int = 0
    files_unreadable: int = 0
    parent_root: str | None = None
    key: str = ""

    def onto(self, parent: VolumeImage | None) -> VolumeImage:
        """The same image, building on another one or, by policy, on nothing. Its sizes stay as they are."""
        if parent is None:
            return replace(self, kind=ImageKind.BASE, base_reason=BaseReason.POLICY, parent=None, parent_root=None)
        return replace(self, kind=ImageKind.INCREMENTAL, base_reason=None, parent=parent.id, parent_root=parent.root)


@dataclass(frozen=True, slots=True)
class RecoveryPoint:
    """One moment of one machine. `record`: hex id of its RECORD object, kept by every Core that has the point."""

    id: str
    machine: str
    time: datetime
    origin_core: str
    images: tuple[VolumeImage, ...]
    record: str = ""
    duration_s: float = 0.0
    warnings: int = 0

    @property
    def kind(self) -> ImageKind:
        return ImageKind.BASE if any(i.kind is ImageKind.BASE for i in self.images) else ImageKind.INCREMENTAL

    @property
    def size(self) -> int:
        return sum(image.size for image in self.images)

    @property
    def bytes_new(self) -> int:
        return sum(image.bytes_new for image in self.images)
