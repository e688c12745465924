"""Commands and Cores in processes of their own: who serves a data directory, who waits, who is told what."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from console.client.local import read_core
from tests.support.cores import PASSWORD, CoreProcess, error_of

CONFIG = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}


@pytest.fixture
def core(tmp_path: Path) -> Iterator[CoreProcess]:
    core = CoreProcess(tmp_path / "data")
    yield core
    core.kill()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "text").write_text("a line\n" * 1000)
    return tree


def replicore(
    *words: str | Path, env: dict[str, str] | None = None, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "console", *map(str, words)],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
        env={**os.environ, **CONFIG, **(env or {})},
    )


def test_a_core_runs_is_talked_to_and_stops(core: CoreProcess, tree: Path) -> None:
    core.start()
    known = read_core(core.data)
    assert known is not None
    assert core.process is not None
    assert (known.host, known.port, known.pid) == ("127.0.0.1", core.port, core.process.pid)
    assert known.fingerprint == core.fingerprint
    status = core.ask("core", "status")
    assert (status["mode"], status["schedules"], status["address"]) == ("service", True, f"127.0.0.1:{core.port}")
    core.ask("machine", "protect", "web", "--volume", tree, "--every", "off")
    started = core.ask("backup", "web", "--detach")
    assert set(started) == {"job"}
    waited = core.ask("job", "wait", started["job"])
    assert (waited["state"], waited["kind"]) == ("succeeded", "backup")
    core.process.send_signal(signal.SIGTERM)
    assert core.process.wait(120) == 0
    core.stop()
    assert read_core(core.data) is None
    assert core.ask("core", "status")["mode"] == "command"


def test_the_ready_line_says_where_it_listens(core: CoreProcess) -> None:
    process = core.spawn("core", "run", "--listen", "127.0.0.1:0")
    assert process.stdout is not None
    assert process.stderr is not None
    ready = json.loads(process.stdout.readline())
    assert {"address", "host", "port", "fingerprint", "pid"} <= set(ready)
    assert ready["pid"] == process.pid
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=240)
    assert (process.returncode, out) == (0, "")
    assert "Traceback" not in err


def test_a_port_that_is_taken_is_named(core: CoreProcess, tmp_path: Path) -> None:
    core.start()
    other = CoreProcess(tmp_path / "other")
    error = other.refuse("core", "run", "--listen", f"127.0.0.1:{core.port}", code="port-in-use", exit=1)
    assert str(core.port) in error["message"]
    other.refuse("core", "run", "--listen", "nonsense:x", code="bad-address", exit=2)


def test_nobody_goes_on_with_a_job_when_the_command_ends(core: CoreProcess, tree: Path) -> None:
    core.ask("machine", "protect", "web", "--volume", tree, "--every", "off")
    core.refuse("backup", "web", "--detach", code="no-core-running", exit=5)
    assert core.ask("job", "list")["jobs"] == []


def test_names_that_are_not_utf8_travel_unharmed(core: CoreProcess, tmp_path: Path) -> None:
    odd = os.fsencode(tmp_path) + b"/odd \xff"
    os.mkdir(odd)
    with open(odd + b"/\xfe", "wb") as file:
        file.write(b"hello")
    made = core.ask("machine", "protect", "web", "--volume", os.fsdecode(b"tree=" + odd), "--every", "off")
    assert made["volumes"][0]["path"] == f"{tmp_path}/odd \\xff"
    point = core.ask("backup", "web")["point"]
    assert [f["path"] for f in core.ask("point", "files", point)["files"]] == [r"\xfe"]
    to = os.fsencode(tmp_path) + b"/restored \xff"
    for selected in (r"\xfe", os.fsdecode(b"\xfe")):
        result = core.ask("restore", "files", point, selected, "--to", os.fsdecode(to), "--overwrite", "always")
        assert result["files"] == 1
    assert os.listdir(to) == [b"\xfe"]


def test_damage_found_ends_with_6(core: CoreProcess, tree: Path) -> None:
    (tree / "random").write_bytes(os.urandom(500_000))
    core.ask("machine", "protect", "web", "--volume", tree, "--every", "off")
    core.ask("backup", "web")
    pack = next(
        path
        for path in (core.data / "repository").rglob("*")
        if path.suffix == ".pack" and path.stat().st_size > 400_000
    )
    content = bytearray(pack.read_bytes())
    content[len(content) // 2] ^= 0xFF
    pack.chmod(0o600)
    pack.write_bytes(content)
    report = core.ask("repository", "check", "--read-data", expect=6)
    assert len(report["damaged"]) == 1
    assert {"object", "pack", "images"} <= set(report["damaged"][0])


def test_a_damaged_catalog_is_set_aside_and_built_again(core: CoreProcess, tree: Path) -> None:
    core.ask("machine", "protect", "web", "--volume", tree, "--every", "off")
    point = core.ask("backup", "web")["point"]
    catalog = core.data / "catalog.sqlite"
    catalog.write_bytes(os.urandom(8192))
    core.refuse("point", "list", code="catalog-damaged", exit=6)
    rebuilt = core.ask("core", "rebuild-catalog")
    assert (rebuilt["points"], rebuilt["machines"]) == (1, 1)
    assert [p["id"] for p in core.ask("point", "list")["points"]] == [point]
    assert len(list(core.data.glob("catalog.sqlite.damaged-*"))) == 1


def test_an_index_that_forgot_objects_is_read_from_the_packs_again(core: CoreProcess, tree: Path) -> None:
    core.ask("machine", "protect", "web", "--volume", tree, "--every", "off")
    point = core.ask("backup", "web")["point"]
    [index] = core.data.rglob("index.sqlite")
    with closing(sqlite3.connect(index)) as lying:  # it looks sound, and says that nothing is here
        lying.execute("DELETE FROM objects")
        lying.commit()
    core.refuse("point", "files", point, code="object-missing", exit=6)
    reread = core.ask("repository", "rebuild-index")
    assert reread["packs"] > 0 < reread["objects"]
    assert core.ask("point", "files", point)["files"]
    assert core.ask("repository", "check")["damaged"] == []


def test_a_core_elsewhere_is_remembered_and_enforces_roles(core: CoreProcess, tmp_path: Path) -> None:
    config = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "HOME": str(tmp_path / "home")}
    core.ask("user", "add", "ann", "--role", "helpdesk", "--password-stdin", stdin=PASSWORD)
    core.start()
    url = f"https://127.0.0.1:{core.port}"
    add = ("--json", "core", "add", "office", url, "--user", "ann", "--password-stdin", "--fingerprint")
    wrong = replicore(*add, ":".join(["AB"] * 32), env=config, stdin=PASSWORD)
    assert (wrong.returncode, error_of(wrong)["code"]) == (5, "wrong-fingerprint")
    wrong = replicore(*add, core.fingerprint, env=config, stdin="wrong password")
    assert (wrong.returncode, error_of(wrong)["code"]) == (5, "wrong-credentials")
    added = replicore(*add, core.fingerprint, env=config, stdin=PASSWORD)
    assert added.returncode == 0, added.stderr
    assert json.loads(added.stdout)["password_kept"] is False
    signed = {**config, "REPLICORE_PASSWORD": PASSWORD}
    status = replicore("--json", "--core", "office", "core", "status", env=signed)
    assert json.loads(status.stdout)["user"] == "ann"
    forbidden = replicore("--json", "--core", "office", "user", "list", env=signed)
    assert (forbidden.returncode, error_of(forbidden)["code"]) == (5, "role-forbids")
    nobody = replicore("--json", "--core", "office", "core", "status", env=config)
    assert (nobody.returncode, error_of(nobody)["code"]) == (2, "password-required")
    core.stop()
    away = replicore("--json", "--core", "office", "core", "status", env=signed)
    assert (away.returncode, error_of(away)["code"]) == (10, "core-unreachable")
    forgotten = replicore("--json", "core", "forget", "office", env=config)
    assert json.loads(forgotten.stdout) == {"forgotten": "office"}
    gone = replicore("--json", "--core", "office", "core", "status", env=signed)
    assert (gone.returncode, error_of(gone)["code"]) == (4, "no-such-core")


def test_a_directory_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = replicore("--json", "--data", tmp_path / "file" / "data", "core", "status")
    assert (done.returncode, error_of(done)["code"]) == (1, "data-directory-unusable")
