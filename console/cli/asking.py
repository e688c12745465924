"""What a command asks a person: passwords, and whether they mean it. Without a terminal nobody is asked."""

from __future__ import annotations

import os
import sys

from console.cli.output import Output
from console.domain.errors import Cancelled, usage

PASSWORD_VARIABLE = "REPLICORE_PASSWORD"
PASSWORD_HELP = f"Reads the password from standard input. Without it: {PASSWORD_VARIABLE}, or a prompt."


def somebody_there() -> bool:
    """Whether questions can be asked and answered."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def password(of: str, *, from_stdin: bool, twice: bool = False) -> str:
    """A password, from where the person wants it. `of`: whose, for the prompt. Raises Failed `password-required`."""
    if from_stdin:
        given = sys.stdin.readline().rstrip("\r\n")
        if not given:
            raise usage(
                "password-required", "There is no password on standard input.", "Pipe it: … --password-stdin < FILE"
            )
        return given
    given = os.environ.get(PASSWORD_VARIABLE, "")
    if given:
        return given
    if not somebody_there():
        raise usage(
            "password-required",
            f"The password of {of} is needed, and nobody is there to be asked.",
            f"Give it with --password-stdin, or in the environment variable {PASSWORD_VARIABLE}.",
        )
    import typer

    answer: str = typer.prompt(f"Password of {of}", hide_input=True, confirmation_prompt=twice, err=True)
    return answer


def confirm(output: Output, question: str, *, yes: bool, destructive: bool = True) -> None:
    """Goes on only if the person means it. `question` says what will be lost.

    Without a terminal something destructive needs `--yes`; the rest is done. Raises Failed `confirmation-required`,
    or Cancelled.
    """
    if yes:
        output.note(question)
        return
    if not somebody_there() or output.json:
        if not destructive:
            return
        raise usage("confirmation-required", question, "If that is what you want, add --yes.")
    import typer

    if not typer.confirm(f"{question} Go on?", err=True):
        raise Cancelled
