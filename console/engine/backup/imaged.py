"""What comes of a backup of one volume, whatever kind it is of."""

from __future__ import annotations

from dataclasses import dataclass, field

from console.domain.trees import VolumeRoot
from console.engine.backup.leaving import LeftOut


@dataclass(frozen=True, slots=True)
class Imaged:
    """The volume image that was made. Bytes: of the volume, of new objects plain, of new objects stored."""

    root: str
    volume: VolumeRoot
    bytes_read: int
    bytes_new: int
    bytes_stored: int
    left_out: LeftOut = field(default_factory=LeftOut)
