"""`replicore tour`: the main job, end to end, on real files, between two Cores on loopback.

It uses the public commands only, as a person would, and believes nothing that it has not compared.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

from console.cli.tour_tree import change, compare, copy, measure
from console.domain.errors import Failed, failed
from console.domain.sizes import format_size

DEFAULT_TREES = ("/usr/share/doc", "/usr/share", sys.prefix)
READY_S = 60.0


@dataclass
class Figures:
    """What the tour measured: one row per step."""

    rows: list[dict[str, Any]] = field(default_factory=list)

    def add(
        self,
        step: str,
        seconds: float,
        *,
        read: int | None = None,
        stored: int | None = None,
        sent: int | None = None,
        files: int | None = None,
    ) -> None:
        """The rate is of what was read, or else stored, or else sent."""
        worked = read or stored or sent
        self.rows.append(
            {
                "step": step,
                "seconds": round(seconds, 3),
                "bytes_read": read,
                "bytes_stored": stored,
                "bytes_sent": sent,
                "files": files,
                "mb_per_s": round(worked / seconds / 1e6, 1) if worked and seconds > 0 else None,
            }
        )


class RunningCore:
    """One Core of the tour: its data directory, and its process while it runs."""

    def __init__(self, name: str, data: Path) -> None:
        self.name = name
        self.data = data
        self.port = 0
        self.fingerprint = ""
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Starts `core run` on a free loopback port and waits for its word that it is ready."""
        command = [*_program(), "--data", str(self.data), "--json", "core", "run", "--listen", "127.0.0.1:0"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self._process = process
        line: list[str] = []
        assert process.stdout is not None
        reader = threading.Thread(target=lambda: line.append(process.stdout.readline() if process.stdout else ""))
        reader.start()
        reader.join(READY_S)
        if not line or not line[0]:
            self.stop()
            raise failed(
                "tour-core-failed", f"The {self.name} Core did not start.", "See the log in its data directory."
            )
        ready = json.loads(line[0])
        self.port = int(ready["port"])
        self.fingerprint = str(ready["fingerprint"])

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()

    def ask(self, *words: str, expect: Sequence[int] = (0,), stdin: str | None = None) -> dict[str, Any]:
        """Runs one command against this Core and gives back its JSON. Any other exit code ends the tour."""
        command = [*_program(), "--data", str(self.data), "--json", *words]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
        if done.returncode not in expect:
            said = done.stderr.strip().splitlines()
            raise failed(
                "tour-step-failed",
                f"“replicore {' '.join(words)}” on the {self.name} Core ended with {done.returncode}: "
                f"{said[-1] if said else 'no message'}",
                "Run the tour again with --keep DIR and look at both Cores.",
            )
        answer: dict[str, Any] = json.loads(done.stdout) if done.stdout.strip() else {}
        return answer | {"exit": done.returncode}


def _program() -> list[str]:
    return [sys.executable, "-m", "console"]


@contextmanager
def _timed(figures: Figures, step: str) -> Iterator[Callable[..., None]]:
    """Times a step; what it measured is told by calling the value: `tell(read=…, stored=…, sent=…, files=…)`."""
    told: dict[str, int] = {}
    began = perf_counter()
    yield told.update
    figures.add(step, perf_counter() - began, **told)


class Tour:
    """The steps, in order. Each one says what it shows, does it with public commands, and checks the outcome."""

    def __init__(self, tree: Path, place: Path, say: Callable[[str], None]) -> None:
        self.tree = tree
        self.place = place
        self.say = say
        self.figures = Figures()
        self.source = RunningCore("source", place / "source-core")
        self.target = RunningCore("target", place / "target-core")
        self.work = place / "machine"
        self.drive = place / "seed-drive"
        self.restored = place / "restored"
        self.pairing = ""
        self.base = ""
        self.orphan = ""

    def run(self) -> dict[str, Any]:
        with ExitStack() as stack:
            stack.callback(self.source.stop)
            stack.callback(self.target.stop)
            self.prepare()
            self.back_up_base()
            self.pair_with_seed_drive()
            self.change_and_back_up()
            self.look_at_orphan()
            self.write_seed()
            self.consume_seed()
            self.lose_source()
            self.restore_and_compare()
        return {"tree": str(self.tree), "held": True, "figures": self.figures.rows}

    def prepare(self) -> None:
        size = measure(self.tree)
        self.say(f"Tree: {self.tree}: {size.files} files, {format_size(size.bytes)}. It is copied and left untouched.")
        with _timed(self.figures, "copy of the tree") as tell:
            copy(self.tree, self.work)
            tell(read=size.bytes, files=size.files)
        self.say("Two Cores are set up and started, each in a process of its own, on loopback.")
        password = secrets.token_urlsafe(18)
        self.source.ask("core", "init")
        self.target.ask("core", "init")
        self.target.ask("user", "add", "tour", "--role", "administrator", "--password-stdin", stdin=password)
        self._password = password
        self.source.start()
        self.target.start()

    def back_up_base(self) -> None:
        self.source.ask("machine", "protect", "tour", "--volume", f"tree={self.work}", "--every", "off")
        with _timed(self.figures, "first backup (base image)") as tell:
            result = self.source.ask("backup", "tour", expect=(0, 3))
            image = result["images"][0]
            tell(read=image["bytes_read"], stored=image["bytes_stored"], files=image["files"])
        self.base = result["point"]
        _must(image["kind"] == "base" and image["base_reason"] == "first", "the first image is a base")
        _must(image["files_unreadable"] == 0, "every file could be read")
        self.say(f"Base image: {format_size(image['bytes_read'])} read, {format_size(image['bytes_stored'])} stored.")

    def pair_with_seed_drive(self) -> None:
        answer = self.source.ask(
            "replication", "pair", f"127.0.0.1:{self.target.port}", "--user", "tour", "--password-stdin",
            "--fingerprint", self.target.fingerprint, "--name", "tour-target", stdin=self._password,
        )  # fmt: skip
        self.pairing = answer["pairing"]
        self.source.ask("replication", "add", self.pairing, "tour", "--seed-drive")
        self.say("Paired. The history waits for a seed drive; only new points travel over the wire.")

    def change_and_back_up(self) -> None:
        changed = change(self.work)
        self.say(
            f"A real change: {changed.edited} files edited, {changed.added} added, {changed.deleted} deleted, "
            f"{changed.renamed} renamed."
        )
        with _timed(self.figures, "backup of the change, replicated") as tell:
            result = self.source.ask("backup", "tour", "--replicate", expect=(0, 3))
            image = result["images"][0]
            sent = sum(run["bytes_sent"] for run in result["replicated"])
            tell(read=image["bytes_read"], stored=image["bytes_stored"], sent=sent)
        self.orphan = result["point"]
        _must(image["kind"] == "incremental", "the second image is an incremental")

    def look_at_orphan(self) -> None:
        points = self.target.ask("point", "list", "--state", "orphaned")["points"]
        _must([point["id"] for point in points] == [self.orphan], "the target has the new point, as an orphan")
        _must(points[0]["chain"] == "awaiting-seed", "the orphan awaits the seed drive")
        shown = self.target.ask("point", "show", self.orphan)
        image = shown["images"][0]
        self.say(f"At the target the point is an orphan. {image['why']}")
        self.say(
            f"Missing: {image['missing_objects']} objects, {format_size(image['missing_bytes'])}. Restorable now: "
            f"{image['files_restorable']} of {image['files_total']} files ({points[0]['restorability']})."
        )
        partial = self.place / "from-the-orphan"
        result = self.target.ask("restore", "files", self.orphan, "--to", str(partial), "--partial", expect=(3,))
        _must(result["files"] > 0, "files are restored from the orphan")
        wrong = compare(self.work, partial, only_existing=True)
        _must(not wrong, f"what the orphan gave equals the source ({wrong[:3]})")
        self.say(
            f"Restored from the orphan: {result['files']} files, all true; {result['skipped_count']} named as missing."
        )

    def write_seed(self) -> None:
        self.drive.mkdir()
        with _timed(self.figures, "seed drive written") as tell:
            seed = self.source.ask("seed", "create", self.pairing, "--to", str(self.drive), "--comment", "Tour drive")
            tell(stored=seed["bytes"])
        self.seed = seed["seed"]
        inspected = self.target.ask("seed", "inspect", str(self.drive))
        _must(inspected["seed"] == self.seed, "the drive says which seed it is")
        with _timed(self.figures, "seed drive verified") as tell:
            verified = self.target.ask("seed", "verify", str(self.drive))
            tell(read=seed["bytes"])
        _must(not verified["damaged"], "the drive is whole")
        self.say(f"Seed drive written: {format_size(seed['bytes'])} in {len(seed['segments'])} segment(s).")

    def consume_seed(self) -> None:
        with _timed(self.figures, "seed drive consumed") as tell:
            result = self.target.ask("seed", "consume", str(self.drive))
            tell(read=sum(f.stat().st_size for f in self.drive.rglob("*.rps")))
        _must(result["orphans_repaired"] == 1 and result["orphans_left"] == 0, "the orphan became whole")
        points = self.target.ask("point", "list")["points"]
        _must(
            {p["id"]: p["chain"] for p in points} == {self.base: "whole", self.orphan: "whole"},
            "all chains at the target are whole",
        )
        again = self.target.ask("seed", "consume", str(self.drive))
        _must(again["points_imported"] == 0, "consuming twice changes nothing")
        with _timed(self.figures, "contact with nothing to send") as tell:
            forced = self.source.ask("replication", "force", self.pairing)
            tell(sent=forced["bytes_sent"])
        _must(forced["objects_sent"] == 0, "nothing is left to send")
        seeds = {seed["id"]: seed["state"] for seed in self.source.ask("seed", "list")["seeds"]}
        _must(seeds.get(self.seed) == "consumed", "the source knows that its drive was consumed")
        self.say("Consumed: the orphan became whole, and the source knows it.")

    def lose_source(self) -> None:
        self.source.stop()
        self.lost = self.place / "as-it-was"
        self.work.rename(self.lost)
        if self.source.data.exists():
            self.source.data.rename(self.place / "lost-source-core")
        self.say("The source is lost: its directory and its Core are gone.")

    def restore_and_compare(self) -> None:
        with _timed(self.figures, "restore from the target") as tell:
            result = self.target.ask("restore", "files", self.orphan, "--to", str(self.restored))
            tell(read=result["bytes"], files=result["files"])
        _must(not result["skipped"] and result["verified"], "everything was restored and verified")
        wrong = compare(self.lost, self.restored)
        _must(not wrong, f"restored and original are equal, byte for byte ({wrong[:3]})")
        self.say(f"Restored from the target and compared with the original: {result['files']} files, no difference.")
        with _timed(self.figures, "check of the target, all data") as tell:
            report = self.target.ask("repository", "check", "--read-data")
            tell(read=report["bytes"])
        _must(not report["damaged"], "the target's repository is clean")


def _must(held: bool, what: str) -> None:
    if not held:
        raise failed("tour-did-not-hold", f"It did not hold that {what}.", "Run it again with --keep DIR and look.")


def default_tree() -> Path:
    """A real tree that most machines have."""
    return next(Path(tree) for tree in DEFAULT_TREES if os.path.isdir(tree))


def take_tour(tree: Path | None, keep: Path | None, say: Callable[[str], None]) -> dict[str, Any]:
    """Takes the tour on `tree`; both Cores and everything else stay in `keep`, or are removed.

    Returns {"tree", "held", "figures"}; raises Failed when something did not hold.
    """
    chosen = (tree or default_tree()).absolute()
    if not chosen.is_dir():
        raise failed("no-such-directory", f"{chosen} is not a directory.", "Name a directory of real files.")
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        if any(keep.iterdir()):
            raise failed("location-not-empty", f"{keep} is not empty.", "Name a new or empty directory.")
        return Tour(chosen, keep.absolute(), say).run()
    place = Path(tempfile.mkdtemp(prefix="replicore-tour-"))
    try:
        return Tour(chosen, place, say).run()
    finally:
        shutil.rmtree(place, ignore_errors=True)


__all__ = ["Failed", "Tour", "default_tree", "take_tour"]
