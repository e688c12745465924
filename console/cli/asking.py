"""What a command asks a person: passwords, and whether they mean it. Without a terminal nobody is asked."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from console.cli.output import Output
from console.domain.errors import Cancelled, usage

PASSWORD_VARIABLE = "REPLICORE_PASSWORD"
PASSWORD_HELP = f"Reads the password from standard input. Without it: {PASSWORD_VARIABLE}, or a prompt."


PASSPHRASE_VARIABLE = "REPLICORE_PASSPHRASE"
PASSPHRASE_HELP = f"Its first line is the passphrase. Without it: {PASSPHRASE_VARIABLE}, or a prompt."


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


def passphrase(of: str, file: Path | None, *, twice: bool = False, variable: str = PASSPHRASE_VARIABLE) -> str:
    """The passphrase of a key, from where the person wants it. `of`: whose, for the prompt. `variable`: of the
    environment, empty for none. Raises Failed `passphrase-required`, `file-unreadable`."""
    if file is not None:
        try:
            given = file.read_text(encoding="utf-8").split("\n", 1)[0].rstrip("\r")
        except (OSError, UnicodeDecodeError) as error:
            raise usage(
                "file-unreadable", f"{file} cannot be read as text.", "Name the file with the passphrase."
            ) from error
        if not given:
            raise usage(
                "passphrase-required", f"There is no passphrase in {file}.", "Its first line is the passphrase."
            )
        return given
    given = os.environ.get(variable, "") if variable else ""
    if given:
        return given
    if not somebody_there():
        how = f", or in the environment variable {variable}" if variable else ""
        raise usage(
            "passphrase-required",
            f"The passphrase of {of} is needed, and nobody is there to be asked.",
            f"Give it in a file{how}; see --help.",
        )
    import typer

    answer: str = typer.prompt(f"Passphrase of {of}", hide_input=True, confirmation_prompt=twice, err=True)
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
