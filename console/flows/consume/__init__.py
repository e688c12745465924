"""The wizard that imports a seed drive."""

from console.flows.consume.answers import ConsumeAnswers
from console.flows.consume.flow import ConsumeFlow

__all__ = ["ConsumeAnswers", "ConsumeFlow"]
