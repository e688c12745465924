"""The last step of the restore wizard: what will happen."""

from __future__ import annotations

from console.domain.answers import PointDetailAnswer
from console.domain.errors import Failure
from console.domain.sizes import format_size
from console.flows.amounts import local, takes
from console.flows.flow import Summary
from console.flows.places import typed
from console.flows.plan import Plan, command
from console.flows.restore.answers import RestoreAnswers, Restoring
from console.flows.wording import say


class RestoreSummary(Summary[Restoring]):
    async def make(self) -> Plan:
        flow, said = self.flow, self.flow.answers
        found = await flow.plan()
        point = await flow.client.point(said.point)
        sentences = [_what(said, point)]
        if found["missing_count"]:
            sentences.append(say("What cannot be restored is left out; the job lists it."))
        sentences.append(say("Every byte is verified while it is written."))
        options: list[tuple[str, str | None]] = [("--to", typed(said.to))]
        if said.overwrite != "never":
            options.append(("--overwrite", said.overwrite))
        if said.partial:
            options.append(("--partial", None))
        return Plan(
            sentences=tuple(sentences),
            facts=(
                (say("Files"), str(found["files"])),
                (say("Size"), format_size(found["bytes"])),
                (say("Free there"), format_size(found["room"])),
                (say("Takes about"), takes(found["estimate_s"])),
            ),
            warnings=tuple(found["warnings"]),
            problems=tuple(Failure.from_dict(dict(problem)) for problem in found["problems"]),
            command=command("restore", "files", said.point, *map(_as_argument, said.paths), options=options),
        )


def _as_argument(path: str) -> str:
    return f"./{path}" if path.startswith("-") else path


def _what(said: RestoreAnswers, point: PointDetailAnswer) -> str:
    moment = local(point["time"])
    if not said.paths and said.partial:
        return say(
            "All that is here of “{machine}” as of {moment} is restored to {folder}.",
            machine=point["machine"],
            moment=moment,
            folder=said.to,
        )
    if not said.paths:
        return say(
            "Everything of “{machine}” as of {moment} is restored to {folder}.",
            machine=point["machine"],
            moment=moment,
            folder=said.to,
        )
    if len(said.paths) == 1:
        return say(
            "“{path}” of “{machine}” as of {moment} is restored to {folder}.",
            path=said.paths[0],
            machine=point["machine"],
            moment=moment,
            folder=said.to,
        )
    return say(
        "{n} files and directories of “{machine}” as of {moment} are restored to {folder}.",
        n=len(said.paths),
        machine=point["machine"],
        moment=moment,
        folder=said.to,
    )
