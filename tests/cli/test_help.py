"""Help is complete, has examples, and is quick: it needs no Core."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from console.cli.main import NOUNS, app, run
from tests.cli.fakes import NoCore

VERBS = {
    "core": "run status init settings nightly rebuild-catalog add list forget certificate",
    "user": "add list passwd remove",
    "repository": "create adopt edit list show check damage repair rebuild-index parity reclaim move remove",
    "key": "create list lock unlock rename passphrase set-type export import test remove",
    "machine": "retention rollup protect list show edit pause resume remove",
    "point": "hold release list show files check find delete",
    "restore": "files volume machine",
    "replication": "pair add edit remove list show force pause resume plan compare replicate-backup require-copy",
    "seed": "create list show inspect verify consume abandon",
    "job": "list show cancel wait log",
    "event": "list dismiss",
}
"""Of this release; the command contract lists more."""


def commands() -> Iterator[tuple[str, Any]]:
    root = typer.main.get_command(app)
    context = root.make_context("replicore", [], resilient_parsing=True, obj=NoCore())
    for noun in NOUNS:
        command: Any = root.get_command(context, noun)  # type: ignore[attr-defined]
        yield noun, command
        for verb in getattr(command, "commands", {}).values():
            yield f"{noun} {verb.name}", verb


def test_every_noun_and_verb_of_this_release_is_there() -> None:
    found = {name for name, _ in commands()}
    wanted = {*NOUNS, *(f"{noun} {verb}" for noun, verbs in VERBS.items() for verb in verbs.split())}
    assert found == wanted


@pytest.mark.parametrize("name", sorted({name for name, _ in commands()}))
def test_every_help_page_explains_and_has_an_example(name: str) -> None:
    done = CliRunner().invoke(app, [*name.split(), "--help"], obj=NoCore())
    assert done.exit_code == 0
    assert "Example" in done.stdout
    assert f"replicore {name}" in done.stdout or f"replicore {name.split()[0]}" in done.stdout
    assert len(done.stdout.splitlines()) > 6


def test_every_option_and_argument_is_explained() -> None:
    for name, command in commands():
        for parameter in command.params:
            if parameter.name not in ("help", "detach", "yes"):
                assert getattr(parameter, "help", None), f"{name}: {parameter.name} has no help"


def test_secrets_are_never_options() -> None:
    for name, command in commands():
        options = {option for parameter in command.params for option in parameter.opts}
        assert not options & {"--password", "--passphrase", "--token"}, name


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    from console import __version__

    assert run(["--version"], NoCore()) == 0
    assert capsys.readouterr().out.strip() == __version__


def test_help_does_not_import_what_a_core_is_made_of() -> None:
    heavy = ["fastapi", "sqlalchemy", "sqlmodel", "aiohttp", "uvicorn", "pydantic", "alembic", "rich", "keyring"]
    script = (
        "import sys; sys.argv = ['replicore', '--help']\n"
        "from console.__main__ import main\n"
        "try: main()\n"
        f"finally: print(sorted(set({heavy!r}) & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
