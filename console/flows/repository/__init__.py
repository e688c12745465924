"""The wizards about repositories: a new one, another limit, another place, one that is there already, and damage."""

from console.flows.repository.adopt import AdoptFlow
from console.flows.repository.create import CreateFlow
from console.flows.repository.edit import EditFlow
from console.flows.repository.move import MoveFlow
from console.flows.repository.repair import RepairFlow

__all__ = ["AdoptFlow", "CreateFlow", "EditFlow", "MoveFlow", "RepairFlow"]
