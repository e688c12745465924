"""The wizard that protects a machine. Its steps serve every wizard in which a machine is protected."""

from console.flows.protect.answers import ProtectAnswers, Protecting
from console.flows.protect.flow import ProtectFlow

__all__ = ["ProtectAnswers", "ProtectFlow", "Protecting"]
