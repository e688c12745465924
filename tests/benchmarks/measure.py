"""What a command costs: time, processor, memory; and whether two trees are the same."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.corpus import walk

TICK = os.sysconf("SC_CLK_TCK")
SAMPLES_PER_SECOND = 20


class CommandFailed(Exception):
    """A measured command did not do its work; a figure for it would be worthless."""


@dataclass(frozen=True)
class Cost:
    wall: float = 0.0  # seconds
    cpu: float = 0.0  # user and system seconds of the command and all it waited for
    memory: int = 0  # peak of the resident bytes of the process tree
    served_cpu: float = 0.0  # the same of a server that worked for the command
    served_memory: int = 0

    def __add__(self, other: Cost) -> Cost:
        """One after the other: times add up, peaks do not."""
        return Cost(
            self.wall + other.wall,
            self.cpu + other.cpu,
            max(self.memory, other.memory),
            self.served_cpu + other.served_cpu,
            max(self.served_memory, other.served_memory),
        )


def tree(pid: int) -> list[int]:
    """A process and its descendants. Reads only their own files in /proc: looking must cost next to nothing."""
    found = [pid]
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            for child in Path(f"/proc/{pid}/task/{thread}/children").read_text().split():
                found += tree(int(child))
    except OSError:
        pass  # it ended while we looked
    return found


def resident(pid: int) -> int:
    """Resident bytes of a process tree now, or the most one of its processes ever had, if that is more.

    What processes share counts for each of them. The figure wait4 reports is of no use here: a child begins with
    the peak of the process that started it.
    """
    total = most = 0
    for member in tree(pid):
        try:
            status = Path(f"/proc/{member}/status").read_text()
        except OSError:
            continue
        sizes = dict(re.findall(r"^(VmHWM|VmRSS):\s+(\d+) kB", status, re.MULTILINE))
        total += int(sizes.get("VmRSS", 0)) * 1024
        most = max(most, int(sizes.get("VmHWM", 0)) * 1024)
    return max(total, most)


def processor(pid: int) -> float:
    """Processor seconds of a living process tree, with those of children that have ended."""
    ticks = 0
    for member in tree(pid):
        try:
            fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += sum(int(field) for field in fields[11:15])
    return ticks / TICK


class _Watch(threading.Thread):
    """Samples the memory of process trees until told to stop."""

    def __init__(self, pids: Sequence[int]) -> None:
        super().__init__(daemon=True)
        self._pids = pids
        self._enough = threading.Event()
        self.peaks = [0] * len(pids)

    def run(self) -> None:
        while True:
            for place, pid in enumerate(self._pids):
                self.peaks[place] = max(self.peaks[place], resident(pid))
            if self._enough.wait(1 / SAMPLES_PER_SECOND):
                return

    def stop(self) -> list[int]:
        self._enough.set()
        self.join()
        return self.peaks


def run(
    command: Sequence[str],
    *,
    log: Path,
    cwd: Path,
    env: Mapping[str, str],
    stdin: str = "",
    server: int | None = None,
    allowed: Sequence[int] = (0,),
    timeout: float = 3600,
) -> tuple[Cost, str]:
    """Run a command to its end; its cost and its standard output. `server` is a process that works for it."""
    served_before = processor(server) if server else 0.0
    with log.open("a+b") as errors, log.with_suffix(".out").open("w+b") as output:
        errors.write(f"$ {' '.join(command)}\n".encode())
        errors.flush()
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=cwd, env=env, stdin=subprocess.PIPE, stdout=output, stderr=errors)
        watch = _Watch([process.pid, *([server] if server else [])])
        watch.start()
        killer = threading.Timer(timeout, process.kill)
        killer.start()
        assert process.stdin is not None
        process.stdin.write(stdin.encode())
        process.stdin.close()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        killer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        peaks = watch.stop()
        output.seek(0)
        text = output.read().decode(errors="replace")
        if process.returncode not in allowed:
            errors.seek(0)
            tail = (text + errors.read().decode(errors="replace"))[-1500:]
            raise CommandFailed(f"{' '.join(command)}\nended with {process.returncode}:\n{tail}")
    cost = Cost(
        wall=wall,
        cpu=usage.ru_utime + usage.ru_stime,
        memory=peaks[0],
        served_cpu=processor(server) - served_before if server else 0.0,
        served_memory=peaks[1] if server else 0,
    )
    return cost, text


def stored(place: Path) -> int:
    """Bytes a tool keeps in a folder, as its files are long."""
    return sum(path.lstat().st_size for path in walk(place))


def differences(source: Path, restored: Path, most: int = 5) -> list[str]:
    """How a restored tree differs from its source: names, types, modes, times, link targets, contents."""
    found: list[str] = []
    left, right = _listing(source), _listing(restored)
    for path in sorted(left.keys() | right.keys()):
        if left.get(path) != right.get(path):
            found.append(f"{path}: {left.get(path, 'not in the source')} | {right.get(path, 'not restored')}")
            if len(found) == most:
                break
    return found


def _listing(top: Path) -> dict[str, str]:
    listing = {}
    for folder, folders, files in os.walk(top):
        for name in folders + files:
            path = Path(folder, name)
            info = path.lstat()
            if path.is_symlink():
                said = f"link to {os.readlink(path)}"
            elif path.is_dir():
                said = f"folder {info.st_mode:o} {info.st_mtime_ns}"
            else:
                with path.open("rb") as file:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()[:32]
                said = f"file {info.st_mode:o} {info.st_mtime_ns} {digest}"
            listing[str(path.relative_to(top))] = said
    return listing
