"""The wizard that replicates machines to another Core."""

from console.flows.replication.answers import Replicating, ReplicationAnswers
from console.flows.replication.flow import ReplicationFlow

__all__ = ["Replicating", "ReplicationAnswers", "ReplicationFlow"]
