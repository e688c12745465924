"""Every state of the field as a word, a tone and an icon: one place, so that a state looks the same everywhere."""

from __future__ import annotations

from dataclasses import dataclass

from console.desktop.tables.columns import Cell
from console.desktop.theme.tokens import Tone
from console.flows.restorability import with_lock
from console.flows.wording import say


@dataclass(frozen=True, slots=True)
class Shown:
    text: str
    tone: Tone
    icon: str
    tip: str = ""

    def cell(self, tip: str = "") -> Cell:
        return Cell(self.text, self.tone, self.icon, tip or self.tip)


def chain(state: str) -> Shown:
    """A chain state (`domain.chains.ChainState`)."""
    known = {
        "whole": Shown(say("Whole"), Tone.GOOD, "good", say("Every image of its chain is on this Core.")),
        "awaiting-seed": Shown(
            say("Awaiting seed"), Tone.WAIT, "seed", say("An image it builds on is on a seed drive not yet consumed.")
        ),
        "awaiting-transfer": Shown(
            say("Awaiting transfer"), Tone.INFO, "transfer", say("An image it builds on is still to be transferred.")
        ),
        "broken": Shown(
            say("Broken"),
            Tone.BAD,
            "broken",
            say("An image it builds on is gone or damaged, and nothing will bring it."),
        ),
    }
    return known.get(state) or _unknown(state)


def restorability(state: str | None) -> Shown:
    """What can be restored of a point on this Core (`domain.recovery_points.Restorability`)."""
    known = {
        "none": Shown(say("Nothing"), Tone.BAD, "bad"),
        "some-files": Shown(say("Some files"), Tone.WARN, "warn"),
        "all-files": Shown(say("All files"), Tone.INFO, "file"),
        "volume": Shown(say("Volume"), Tone.GOOD, "volume"),
        "bare-metal": Shown(say("Whole machine"), Tone.GOOD, "machine"),
    }
    return known.get(state or "") or (_unknown(state) if state else Shown(say("No point yet"), Tone.OFF, "empty"))


def restorable_now(state: str | None, *, locked: bool) -> Shown:
    """The same, of what may be `locked` with its key: what is here can be had when that is unlocked."""
    shown = restorability(state)
    if not locked or state in (None, "none"):
        return shown
    tip = say("So much is here. It is sealed, and its key is locked: unlock that to get at it.")
    return Shown(with_lock(shown.text, locked=True), Tone.WARN, "lock", tip)


def kind(value: str) -> Shown:
    """Base image or incremental."""
    known = {
        "base": Shown(say("Base"), Tone.OFF, "base"),
        "incremental": Shown(say("Incremental"), Tone.OFF, "incremental"),
    }
    return known.get(value) or _unknown(value)


def verdict(state: str) -> Shown:
    """Whether a machine is safe (`domain.overview_answers.SafetyAnswer`)."""
    known = {
        "safe": Shown(say("Safe"), Tone.GOOD, "good"),
        "late": Shown(say("Late"), Tone.WARN, "late"),
        "broken": Shown(say("Broken"), Tone.BAD, "broken"),
        "waiting": Shown(say("Waiting"), Tone.WAIT, "wait"),
        "paused": Shown(say("Paused"), Tone.OFF, "pause"),
        "empty": Shown(say("No point yet"), Tone.WARN, "empty"),
    }
    return known.get(state) or _unknown(state)


def job(state: str) -> Shown:
    """A job's state (`domain.jobs.JobState`)."""
    known = {
        "queued": Shown(say("Queued"), Tone.OFF, "wait"),
        "running": Shown(say("Running"), Tone.INFO, "run"),
        "cancelling": Shown(say("Cancelling"), Tone.WARN, "cancel"),
        "succeeded": Shown(say("Succeeded"), Tone.GOOD, "good"),
        "failed": Shown(say("Failed"), Tone.BAD, "bad"),
        "crashed": Shown(say("Crashed"), Tone.BAD, "bad", say("A bug of Replicore ended it; the log has the details.")),
        "cancelled": Shown(say("Cancelled"), Tone.OFF, "cancel"),
        "interrupted": Shown(say("Interrupted"), Tone.WARN, "warn", say("The Core ended while it ran.")),
    }
    return known.get(state) or _unknown(state)


def job_kind(value: str) -> Shown:
    """What a job does (`domain.jobs.JobKind`)."""
    known = {
        "backup": Shown(say("Backup"), Tone.OFF, "backup"),
        "replicate": Shown(say("Replication"), Tone.OFF, "pairing"),
        "replicate-point": Shown(say("Replication of a point"), Tone.OFF, "pairing"),
        "restore": Shown(say("Restore"), Tone.OFF, "restore"),
        "seed-create": Shown(say("Write seed drive"), Tone.OFF, "seed"),
        "seed-verify": Shown(say("Verify seed drive"), Tone.OFF, "check"),
        "seed-consume": Shown(say("Consume seed drive"), Tone.OFF, "consume"),
        "repository-check": Shown(say("Check repository"), Tone.OFF, "check"),
        "reclaim-plan": Shown(say("Look for room to give back"), Tone.OFF, "plan"),
        "reclaim": Shown(say("Give room back"), Tone.OFF, "recycle"),
        "repository-move": Shown(say("Move repository"), Tone.OFF, "recycle"),
        "repository-repair": Shown(say("Repair repository"), Tone.OFF, "recycle"),
        "repository-parity": Shown(say("Make parity"), Tone.OFF, "check"),
        "point-check": Shown(say("Check recovery point"), Tone.OFF, "check"),
        "rebuild-index": Shown(say("Rebuild index"), Tone.OFF, "recycle"),
        "rebuild-catalog": Shown(say("Rebuild catalog"), Tone.OFF, "recycle"),
        "rollup": Shown(say("Roll up aged points"), Tone.OFF, "recycle"),
        "nightly": Shown(say("Nightly jobs"), Tone.OFF, "recycle"),
        "delete": Shown(say("Delete recovery points"), Tone.OFF, "delete"),
    }
    return known.get(value) or _unknown(value)


def severity(value: str) -> Shown:
    """Of an event (`domain.events.Severity`)."""
    known = {
        "info": Shown(say("Information"), Tone.INFO, "info"),
        "warning": Shown(say("Warning"), Tone.WARN, "warn"),
        "error": Shown(say("Error"), Tone.BAD, "bad"),
    }
    return known.get(value) or _unknown(value)


def seed(state: str) -> Shown:
    """The life of a seed drive (`domain.seeds.SeedState`)."""
    known = {
        "defined": Shown(say("Defined"), Tone.OFF, "plan"),
        "copying": Shown(say("Copying"), Tone.INFO, "run"),
        "outstanding": Shown(say("Outstanding"), Tone.WAIT, "seed", say("Written, not yet consumed at the target.")),
        "expected": Shown(say("Expected"), Tone.WAIT, "wait", say("Announced by its source; not yet here.")),
        "consuming": Shown(say("Consuming"), Tone.INFO, "consume"),
        "consumed": Shown(say("Consumed"), Tone.GOOD, "good"),
        "abandoned": Shown(say("Abandoned"), Tone.OFF, "abandon"),
        "failed": Shown(say("Failed"), Tone.BAD, "bad"),
    }
    return known.get(state) or _unknown(state)


def machine_kind(value: str) -> Shown:
    """Of a machine (`domain.machines.MachineKind`)."""
    known = {
        "protected": Shown(say("Protected"), Tone.GOOD, "machine"),
        "replicated": Shown(say("Replicated"), Tone.INFO, "replicated"),
        "recovery-points-only": Shown(say("Recovery points only"), Tone.OFF, "points-only"),
    }
    return known.get(value) or _unknown(value)


def link(value: str, text: str = "") -> Shown:
    """How the other Core of a pairing can be reached (`domain.pairing.Link`); `text` says more."""
    known = {
        "online": Shown(say("Online"), Tone.GOOD, "good", text),
        "paused": Shown(say("Paused"), Tone.OFF, "pause", text),
        "unreachable": Shown(say("Unreachable"), Tone.WARN, "warn", text),
        "authentication-error": Shown(say("Not let in"), Tone.BAD, "bad", text),
        "incompatible": Shown(say("Incompatible"), Tone.BAD, "bad", text),
    }
    return known.get(value) or _unknown(value)


def member(state: str) -> Shown:
    """A machine in a pairing (`replication_answers.MemberAnswer.state`)."""
    known = {
        "in-step": Shown(say("Up to date"), Tone.GOOD, "good"),
        "behind": Shown(say("Behind"), Tone.WARN, "late"),
        "waiting-for-seed": Shown(say("Awaiting seed"), Tone.WAIT, "seed"),
        "paused": Shown(say("Paused"), Tone.OFF, "pause"),
    }
    return known.get(state) or _unknown(state)


def key(state: str) -> Shown:
    """Of an encryption key (`domain.keys.KeyState`)."""
    opens = say("What is sealed with it can be opened on this Core.")
    known = {
        "locked": Shown(
            say("Locked"), Tone.WARN, "lock", say("What is sealed with it cannot be opened on this Core now.")
        ),
        "unlocked": Shown(say("Unlocked"), Tone.GOOD, "unlock", opens),
        "unlocked-until": Shown(say("Unlocked for a time"), Tone.INFO, "unlock", opens),
    }
    return known.get(state) or _unknown(state)


def _unknown(state: str | None) -> Shown:
    """A word of a newer Core: shown as it is."""
    return Shown((state or "").replace("-", " ").capitalize(), Tone.OFF, "info")
