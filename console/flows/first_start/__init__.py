"""The wizard of a Core that was just set up."""

from console.flows.first_start.answers import FirstStartAnswers, Starting
from console.flows.first_start.flow import FirstStartFlow

__all__ = ["FirstStartAnswers", "FirstStartFlow", "Starting"]
