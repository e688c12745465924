"""Keys on the command line, between two Cores in processes of their own."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

from console.cli.tour_tree import compare
from tests.support.cores import CoreProcess, pair

PASSPHRASE = "seven brave otters swim at dawn"


def test_sealed_here_opened_there(source: CoreProcess, target: CoreProcess, tree: Path, tmp_path: Path) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_text(PASSPHRASE + "\nwhat comes after it\n")
    bad.write_text("something else entirely\n")
    source.refuse("key", "create", "office", code="passphrase-required", exit=2)
    made = source.ask("key", "create", "office", "--passphrase-file", good)
    assert made["state"] == "unlocked"
    source.ask("machine", "edit", "web", "--key", "office")
    point = source.ask("backup", "web")
    assert [image["base_reason"] for image in point["images"]] == ["key-changed"]
    assert [p["encrypted"] for p in source.ask("point", "list")["points"]] == [True, False]

    pairing = pair(source, target)
    source.ask("replication", "add", pairing, "web")
    source.ask("replication", "force", pairing)
    [there] = target.ask("key", "list")["keys"]
    assert (there["thumbprint"], there["type"], there["state"]) == (made["thumbprint"], "replication", "locked")
    target.refuse("point", "files", point["point"], code="key-locked", exit=5)
    to = tmp_path / "back"
    target.refuse("restore", "files", point["point"], "--to", to, code="key-locked", exit=5)
    assert not to.exists()
    assert target.ask("repository", "check", "--read-data")["damaged"] == []
    target.refuse("key", "unlock", "office", "--passphrase-file", bad, code="wrong-passphrase", exit=1)
    assert target.ask("key", "test", "office", "--passphrase-file", bad, expect=1)["passed"] is False
    proven = target.ask("key", "test", "office", "--passphrase-file", good)
    assert (proven["passed"], proven["images_opened"]) == (True, 1)
    opened = target.ask("key", "unlock", "office", "--for", "48h", "--passphrase-file", good)
    assert opened["state"] == "unlocked-until"
    assert target.ask("restore", "files", point["point"], "--to", to)["verified"]
    assert compare(tree, to) == []
    target.ask("key", "lock", "office")
    target.refuse("point", "files", point["point"], code="key-locked", exit=5)

    file = tmp_path / "office.key"
    source.ask("key", "export", "office", "--to", file, "--passphrase-file", good)
    assert file.stat().st_mode & 0o777 == 0o600
    source.refuse("key", "export", "office", "--to", file, "--passphrase-file", good, code="file-there", exit=2)
    target.refuse("key", "import", file, code="key-known", exit=5)
    target.refuse("key", "import", good, code="not-a-key-file", exit=2)
    target.refuse("key", "remove", "office", code="confirmation-required", exit=2)
    target.ask("key", "remove", "office", "--yes")
    assert target.ask("key", "list")["keys"] == []
    back = target.ask("key", "import", file, "--name", "branch")
    assert (back["name"], back["state"]) == ("branch", "locked")
    assert target.ask("key", "set-type", "branch", "universal", "--passphrase-file", good)["state"] == "unlocked"
    assert target.ask("key", "rename", "branch", "office")["name"] == "office"
    assert PASSPHRASE not in json.dumps(json.loads(file.read_text()))


def test_the_service_opens_its_vault_with_its_own_credential(
    core: Callable[[str], CoreProcess], tmp_path: Path, tree: Path
) -> None:
    credential = tmp_path / "credential"
    credential.write_text(os.urandom(32).hex())
    passphrase = tmp_path / "passphrase"
    passphrase.write_text(PASSPHRASE)
    made = core("served").start(env={"REPLICORE_VAULT_KEY_FILE": str(credential)})
    made.ask("key", "create", "office", "--passphrase-file", passphrase)
    made.ask("machine", "protect", "web", "--volume", tree, "--key", "office", "--every", "off")
    made.stop()
    assert not (made.data / "vault" / "vault.key").exists()
    # Whoever takes the directory away has not got the key: what he starts on it cannot seal, and opens nothing.
    made.start()
    made.refuse("backup", "web", code="vault-damaged", exit=6)
    made.stop()
    made.start(env={"REPLICORE_VAULT_KEY_FILE": str(credential)})
    assert made.ask("backup", "web")["images"][0]["kind"] == "base"
    made.stop()
