"""The wizard that gets things back."""

from console.flows.restore.answers import RestoreAnswers
from console.flows.restore.flow import RestoreFlow

__all__ = ["RestoreAnswers", "RestoreFlow"]
