"""What the page of a machine reads at once."""

from __future__ import annotations

from dataclasses import dataclass

from console.domain.answers import JobAnswer, MachineAnswer
from console.domain.overview_answers import ChainMap, SafetyAnswer
from console.domain.repository_answers import RepositoryDetail


@dataclass(frozen=True, slots=True)
class MachineView:
    """`safety`, `repository`: None where the Core does not know them. `job`: one that works on the machine now."""

    machine: MachineAnswer
    safety: SafetyAnswer | None
    chain: ChainMap
    repository: RepositoryDetail | None
    job: JobAnswer | None

    @property
    def protected(self) -> bool:
        return self.machine["kind"] == "protected"
