"""Whether a recovery point is at a target, and if not, why: what decides how a backup that wants its copies ends."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from console.domain.errors import Failure, FailureKind, usage
from console.domain.pairing import Link
from console.domain.replicas import Replica, ReplicaState
from console.domain.replication import SourceImage, Step

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
DESCRIPTION = 255
"""Characters of a description, at most."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a source knows of one point and one target. `pairing`: its name here; `peer`: what the target calls itself.

    `link_text`: what went wrong at the last contact. `seed`: the drive (id) that some of it is set aside for.
    `damaged`: some of it cannot be read here. `run`: what ended the run that should have brought it.
    """

    pairing: str
    peer: str
    machine: str
    replica: Replica | None = None
    paused_here: bool = False
    paused_there: bool = False
    machine_paused: bool = False
    machine_paused_there: bool = False
    link: Link = Link.ONLINE
    link_text: str = ""
    seed: str = ""
    damaged: bool = False
    run: Failure | None = None


@dataclass(frozen=True, slots=True)
class Copy:
    """One point at one target (pairing id and name). `failure`: why it is not there; None: every image of it is.

    `job`: the run (id) that brings it, or was to. `required`: a backup of the machine succeeds only with it.
    """

    pairing: str
    name: str
    replica: Replica | None
    failure: Failure | None
    required: bool = False
    job: str = ""

    @property
    def state(self) -> ReplicaState:
        return self.replica.state if self.replica is not None else ReplicaState.WAITING


def why_not_there(of: Standing) -> Failure | None:
    """Why a target has not got a point, the nearest cause first; None when it has."""
    state = of.replica.state if of.replica is not None else ReplicaState.WAITING
    if state is ReplicaState.THERE:
        return None
    name = of.pairing
    if state is ReplicaState.DELETED:
        return Failure(
            "copy-deleted",
            f"“{name}” had this recovery point and has let go of it; it is not sent again by itself.",
            f"Send it again: replicore replication replicate-backup POINT --to {name}",
            FailureKind.REFUSED,
        )
    if of.paused_here:
        return _refused(
            "replication-paused",
            f"Replication to “{name}” is paused here.",
            f"Resume it first: replicore replication resume {name}",
        )
    if of.machine_paused:
        return _refused(
            "machine-paused",
            f"Replication of “{of.machine}” to “{name}” is paused here.",
            f"Resume it first: replicore replication resume {name} {of.machine}",
        )
    if of.run is not None:
        return of.run
    if of.paused_there or of.machine_paused_there:
        what = f" of “{of.machine}”" if of.machine_paused_there and not of.paused_there else ""
        return _refused("paused-by-target", f"“{of.peer}” has paused the replication{what}.", "Ask its administrator.")
    if of.link not in (Link.ONLINE, Link.PAUSED):
        text = of.link_text or f"“{of.peer}” could not be reached."
        kind = FailureKind.UNREACHABLE if of.link is Link.UNREACHABLE else FailureKind.REFUSED
        return Failure(f"target-{of.link.value}", text, f"See replicore replication show {name}", kind)
    if of.damaged:
        return Failure(
            "point-damaged-here",
            f"Some of this recovery point cannot be read here, so “{name}” cannot have it.",
            "Repair the repository, or make a new backup.",
            FailureKind.DAMAGE,
        )
    if of.seed:
        return _refused(
            "point-on-seed",
            f"Some of this recovery point is set aside for the seed drive {of.seed[:8]} to “{name}”.",
            f"Consume the drive there, or send it by wire: replicore seed abandon {of.seed[:12]}",
        )
    if state is ReplicaState.FAILED and of.replica is not None and of.replica.code:
        return Failure(of.replica.code, of.replica.message, f"Try again: replicore replication force {name}")
    return Failure(
        "copy-waits",
        f"“{name}” has not got this recovery point yet.",
        f"A Core that runs here sends it: replicore core run. Or now: replicore replication force {name}",
    )


def check_wish(name: str, description: str) -> None:
    """Raises Failed `bad-replica-name`, `bad-description`. Either may be empty."""
    if name and not NAME.fullmatch(name):
        raise usage(
            "bad-replica-name",
            f"“{name[:80]}” cannot be the name of a replica.",
            "1 to 64 letters, digits, `_` and `-`.",
        )
    if len(description) > DESCRIPTION:
        raise usage(
            "bad-description",
            f"The description has {len(description)} characters.",
            f"At most {DESCRIPTION} are kept.",
        )


def steps_for(steps: Iterable[Step], images: Iterable[SourceImage], wanted: Collection[str]) -> tuple[Step, ...]:
    """Of a plan only what brings these images (ids): them, and what they build on there. In the plan's order."""
    planned = {step.image: step for step in steps}
    parents: Mapping[str, str | None] = {image.image: image.parent for image in images}
    needed: set[str] = set()
    for start in wanted:
        image: str | None = start
        while image is not None and image not in needed:
            needed.add(image)
            step = planned.get(image)
            image = step.parent if step is not None and step.moved else parents.get(image)
    return tuple(step for step in planned.values() if step.image in needed)


def _refused(code: str, message: str, hint: str) -> Failure:
    return Failure(code, message, hint, FailureKind.REFUSED)
