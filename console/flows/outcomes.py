"""What came of a job, in sentences: of those jobs whose result says more than that they are done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from console.domain.answers import JobAnswer
from console.domain.sizes import format_size
from console.flows.restorability import restorable
from console.flows.wording import count, say

SHOWN = 8


def told(job: JobAnswer) -> tuple[str, ...]:
    """Nothing for a job that has not ended, failed, or of which there is nothing more to say."""
    tell = _TELL.get(job["kind"])
    if tell is None or not job["result"] or job["failure"] is not None:
        return ()
    return tuple(tell(job["result"]))


def has_damage(job: JobAnswer) -> bool:
    """Whether damage was found that is (still) there."""
    result = job["result"] or {}
    return bool(result.get("left_count") or (job["kind"] == "repository-check" and result.get("damaged")))


def _check(result: Mapping[str, Any]) -> list[str]:
    damaged, size = result["damaged"], format_size(result["bytes"])
    objects = count("{n} object", "{n} objects", result["objects"])
    looked = (
        say("Every byte of {objects} was read: {size}.", objects=objects, size=size)
        if result.get("read_data")
        else say("The structure of {objects} was looked at.", objects=objects)
    )
    if not damaged and not result["missing_packs"]:
        return [looked, say("No damage was found.")]
    images = {image for one in damaged for image in one["images"]}
    lines = [looked, count("{n} object is damaged.", "{n} objects are damaged.", len(damaged))]
    if result["missing_packs"]:
        lines.append(count("{n} pack is gone.", "{n} packs are gone.", len(result["missing_packs"])))
    lines.append(count("{n} volume image is hurt.", "{n} volume images are hurt.", len(images)))
    return lines


def _repair(result: Mapping[str, Any]) -> list[str]:
    if not result["found"]:
        return [say("Nothing was damaged.")]
    lines = [
        count("{n} object came back from {source}.", "{n} objects came back from {source}.", one["objects"],
              source=one["source"])
        for one in result["sources"]
    ]  # fmt: skip
    if not result["left_count"]:
        return [*lines, say("Everything is mended.")]
    lines.append(count("{n} object stays damaged.", "{n} objects stay damaged.", result["left_count"]))
    lines += [
        say(
            "“{machine}”, {volume}: restorable now: {what}",
            machine=one["machine"],
            volume=one["volume"],
            what=restorable(one["restorability"]),
        )
        for one in result["images_left"][:SHOWN]
    ]
    return [*lines, result["help"]] if result["help"] else lines


def _parity(result: Mapping[str, Any]) -> list[str]:
    made = result["made"] + result["made_again"]
    lines = []
    if made or not result["dropped"]:
        lines.append(count("{n} pack got parity.", "{n} packs got parity.", made))
    if result["dropped"]:
        lines.append(
            count(
                "The parity of {n} pack was taken away.", "The parity of {n} packs was taken away.", result["dropped"]
            )
        )
    size = format_size(result["bytes"])
    return [*lines, count("{n} pack has parity: {size}.", "{n} packs have parity: {size}.", result["packs"], size=size)]


def _move(result: Mapping[str, Any]) -> list[str]:
    size = format_size(result["bytes"])
    lines = [say("“{name}” is in {folder} now: {size}.", name=result["repository"], folder=result["to"], size=size)]
    if not result["old_removed"]:
        lines.append(say("Something is left in {folder}; what was ours in it is not needed.", folder=result["from"]))
    return lines


def _reclaim(result: Mapping[str, Any]) -> list[str]:
    done = result.get("done")
    return [] if done is None else [say("{size} were given back.", size=format_size(max(0, done["bytes_won"])))]


def _rebuild(result: Mapping[str, Any]) -> list[str]:
    lines = [
        count("{n} recovery point was registered.", "{n} recovery points were registered.", result["points"]),
        count("{n} was known already.", "{n} were known already.", result["points_known"]),
    ]
    if result["machines"]:
        lines.append(count("{n} machine was not known.", "{n} machines were not known.", result["machines"]))
    return lines


def _reindex(result: Mapping[str, Any]) -> list[str]:
    objects = count("{n} object was found", "{n} objects were found", result["objects"])
    packs = count("in {n} pack", "in {n} packs", result["packs"])
    return [
        say("{objects} {packs}; the index knew {n} before.", objects=objects, packs=packs, n=result["objects_before"])
    ]


def _restore(result: Mapping[str, Any]) -> list[str]:
    lines = []
    for one in result.get("volumes", ()):
        size, found = format_size(one["bytes"]), one["bytes_found"]
        lines.append(say("{volume}: {size} to {place}.", volume=one["volume"], size=size, place=one["to"]))
        if found:
            lines.append(say("{size} of it stood there already, proven.", size=format_size(found)))
    if not lines:
        size = format_size(result["bytes"])
        lines.append(
            count("{n} file was restored: {size}.", "{n} files were restored: {size}.", result["files"], size=size)
        )
    skipped = result["skipped_count"]
    if skipped:
        lines.append(count("{n} name was left out:", "{n} names were left out:", skipped))
        lines += [f"{one['path']}: {one['why']}" for one in result["skipped"][:SHOWN]]
    return lines


_TELL: dict[str, Callable[[Mapping[str, Any]], list[str]]] = {
    "repository-check": _check,
    "repository-repair": _repair,
    "repository-parity": _parity,
    "repository-move": _move,
    "reclaim": _reclaim,
    "rebuild-index": _reindex,
    "rebuild-catalog": _rebuild,
    "restore": _restore,
}
