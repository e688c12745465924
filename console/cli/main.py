"""The root of the command line: options before the noun, nouns found when they are named, errors as exit codes."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.core

from console import __version__
from console.cli.arguments import example
from console.cli.output import Output
from console.cli.parts import Parts
from console.cli.session import Session
from console.domain.errors import EXIT_CODES, Failed, Failure, FailureKind, usage

NOUNS = (
    "core",
    "user",
    "repository",
    "key",
    "machine",
    "backup",
    "point",
    "restore",
    "mount",
    "replication",
    "seed",
    "job",
    "event",
    "tour",
)
CANCELLED = EXIT_CODES[FailureKind.CANCELLED]
FLAGS = ("--json", "--quiet")
VALUES = ("--data", "--core", "--world")
UsageError: type[Exception] = typer.BadParameter.__mro__[1]
"""What wrong usage is raised as: typer shows only its subclass."""


class Nouns(typer.core.TyperGroup):
    """Imports a noun when it is named: a command pays for its own noun only."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        return list(NOUNS)

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]
        if cmd_name not in NOUNS:
            return None
        command = typer.main.get_command(import_module(f"console.cli.nouns.{cmd_name}").app)
        command.name = cmd_name
        return command

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        return super().parse_args(ctx, hoist(args))


app = typer.Typer(
    cls=Nouns,
    invoke_without_command=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["--help", "-h"]},
)


@app.callback(
    epilog=example(
        "--world two-cores-one-orphan",
        "machine protect laptop --volume home=/home",
        "backup laptop",
        "--json point list --machine laptop",
        "tour",
    )
)
def root(
    ctx: typer.Context,
    data: Annotated[
        Path | None,
        typer.Option(envvar="REPLICORE_DATA", metavar="DIR", help="The data directory of a Core on this machine."),
    ] = None,
    core: Annotated[
        str | None, typer.Option(metavar="NAME", help="A remembered Core elsewhere; see replicore core add.")
    ] = None,
    world: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Opens the Console on a sample world, which is gone when it is closed."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="No progress and no sentences, only what was asked for.")
    ] = False,
    version: Annotated[bool, typer.Option("--version", help="Says the version and ends.")] = False,
) -> None:
    """Replicore: protects machines, replicates their recovery points to other Cores, by wire and by seed drive.

    Without a noun it opens the Console, the desktop program, on the Core of this user.

    These options may stand anywhere on the line. Every noun explains its verbs: replicore NOUN --help.
    """
    output = Output(json=json, quiet=quiet)
    if version:
        output.document({"version": __version__}) if json else print(__version__)
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        raise typer.Exit(_open_console(ctx.obj, data, core, world))
    if world is not None:
        raise usage("world-with-command", "A sample world is for the Console, not for commands.", "Leave the noun out.")
    ctx.obj = Session(ctx.obj, output, None if data is None else data.absolute(), core)


def run(arguments: Sequence[str], parts: Parts) -> int:
    """Runs one command line and returns its exit code; everything else has been said."""
    output = Output(json="--json" in _before_dashes(arguments))
    command = typer.main.get_command(app)
    try:
        code = command.main(args=list(arguments), prog_name="replicore", standalone_mode=False, obj=parts)
    except Failed as known:
        output.error(known.failure)
        return EXIT_CODES[known.failure.kind]
    except UsageError as wrong:
        return _wrong_usage(output, wrong)
    except (KeyboardInterrupt, typer.Abort):
        code = CANCELLED
    except Exception as bug:
        if not output.json:
            raise
        text = f"Replicore met a bug: {type(bug).__name__}: {bug}"
        output.error(Failure("internal-error", text, "Please report it; without --json there is a traceback."))
        return 1
    if code == CANCELLED:
        output.error(Failure("cancelled", "The command was cancelled.", "", FailureKind.CANCELLED))
    return code if isinstance(code, int) else 0


def _open_console(parts: Parts, data: Path | None, core: str | None, world: str | None) -> int:
    if core is not None:
        raise usage("core-with-console", "The Console knows its Cores itself.", "Leave --core out and choose there.")
    if data is not None and world is not None:
        raise usage("world-with-data", "A sample world has data directories of its own.", "Leave --data out.")
    return parts.open_console(None if data is None else data.absolute(), world)


def hoist(arguments: Sequence[str]) -> list[str]:
    """The same line with the options of the root in front, so that they may stand anywhere before `--`."""
    front: list[str] = []
    rest: list[str] = []
    waiting = list(arguments)
    while waiting:
        word = waiting.pop(0)
        if word == "--":
            rest += [word, *waiting]
            break
        if word in FLAGS or word.startswith(tuple(f"{option}=" for option in VALUES)):
            front.append(word)
        elif word in VALUES and waiting:
            front += [word, waiting.pop(0)]
        else:
            rest.append(word)
    return front + rest


def _wrong_usage(output: Output, wrong: Any) -> int:
    context = getattr(wrong, "ctx", None)
    where = context.command_path if context is not None else "replicore"
    output.error(Failure("usage", wrong.format_message(), f"See {where} --help", FailureKind.USAGE))
    return EXIT_CODES[FailureKind.USAGE]


def _before_dashes(arguments: Sequence[str]) -> Sequence[str]:
    return arguments[: list(arguments).index("--")] if "--" in arguments else arguments
