"""Trees to back up, reproducible on one machine, and the change that makes their second day.

    usr     about 2 GiB of real files of this machine, chosen by a hash of their path
    small   100 000 files of 1 to 16 KiB, half like text, half like binaries
    random  16 files of 64 MiB that nothing compresses
    image   a sparse 4 GiB disk image: an ext4 file system filled with usr's files

Day 2 changes about 3 % of the files and of the bytes: half edited, a quarter deleted, a quarter added. It is made in
place and undone by renaming the originals back, so that unchanged files keep inode, times and place in the page cache.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import stat
import subprocess
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path

NAMES = ("usr", "small", "random", "image")
SEED = 20240611
KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
CHANGED = 0.03


class Corpus:
    """One tree below `home`, on its first or second day."""

    def __init__(self, name: str, work: Path, scale: float) -> None:
        self.name = name
        self.home = work / "corpora" / f"{name}-{scale:g}"
        self.source = self.home / "src"
        self._scale = scale
        self._stash = self.home / "stash"
        self._journal = self.home / "day2.json"
        self._facts = self.home / "facts.json"

    def make(self, usr: Corpus | None = None) -> None:
        """Make it, unless it is there; an image is filled with `usr`."""
        if self._facts.exists():
            self.first_day()
            return
        shutil.rmtree(self.home, ignore_errors=True)
        self.source.mkdir(parents=True)
        if self.name == "usr":
            _real_files(self.source, self._scale)
        elif self.name == "small":
            _small_files(self.source, int(100_000 * self._scale))
        elif self.name == "random":
            _random_files(self.source, int(64 * MIB * self._scale))
        elif usr is not None:
            _disk_image(self.source / "disk.img", usr.source, max(int(4 * GIB * self._scale), 256 * MIB))
            shutil.copyfile(self.source / "disk.img", self.home / "other.img")
            _change_image(self.home / "other.img", usr.source, self.home / "edited")
            for image in (self.source / "disk.img", self.home / "other.img"):
                subprocess.run(["fallocate", "--dig-holes", str(image)], check=True)
        self._facts.write_text(json.dumps(_facts_of(self.source)))

    def facts(self) -> dict[str, int | str]:
        """Files, bytes and a digest of the first day: what makes two reports comparable."""
        facts: dict[str, int | str] = json.loads(self._facts.read_text())
        return facts

    def second_day(self) -> None:
        if self._journal.exists():
            return
        if self.name == "image":
            self._swap_images()
            journal: list[tuple[str, str, str]] = []
        else:
            self._stash.mkdir()
            change = _change_random if self.name == "random" else _change_tree
            journal = change(self.source, self._stash)
        self._journal.write_text(json.dumps(journal))

    def first_day(self) -> None:
        if not self._journal.exists():
            return
        if self.name == "image":
            self._swap_images()
        for kind, path, stashed in json.loads(self._journal.read_text()):
            if kind in ("edit", "add"):
                os.unlink(path)
            if kind in ("edit", "delete"):
                os.rename(self._stash / stashed, path)
        shutil.rmtree(self._stash, ignore_errors=True)
        self._journal.unlink()

    def _swap_images(self) -> None:
        here, other, aside = self.source / "disk.img", self.home / "other.img", self.home / "aside.img"
        os.rename(here, aside)
        os.rename(other, here)
        os.rename(aside, other)

    def warm(self) -> None:
        """Read it all once, so that every tool finds it in the page cache."""
        for path in walk(self.source):
            if not path.is_symlink():
                with path.open("rb", buffering=0) as file:
                    while file.read(MIB):
                        pass


def walk(top: Path) -> Iterator[Path]:
    """All that is not a directory, in a fixed order."""
    for folder, folders, files in os.walk(top):
        folders.sort()
        for name in sorted(files):
            yield Path(folder, name)


def _facts_of(top: Path) -> dict[str, int | str]:
    count = size = 0
    digest = hashlib.sha256()
    for path in walk(top):
        count += 1
        digest.update(os.fsencode(path.relative_to(top)))
        if path.is_symlink():
            digest.update(os.fsencode(os.readlink(path)))
            continue
        size += path.stat().st_size
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return {"files": count, "bytes": size, "digest": digest.hexdigest()[:16]}


# --- first days ----------------------------------------------------------------------------------------


def _real_files(out: Path, scale: float) -> None:
    for top, name, wanted in (
        (Path("/usr"), "usr", int(1.6 * GIB * scale)),
        (Path(sysconfig.get_paths()["purelib"]), "site-packages", int(0.4 * GIB * scale)),
    ):
        chosen = []
        for path in walk(top):
            info = path.lstat()
            readable = stat.S_ISLNK(info.st_mode) or (
                stat.S_ISREG(info.st_mode) and info.st_size <= 200 * MIB and os.access(path, os.R_OK)
            )
            if readable:
                relative = path.relative_to(top)
                chosen.append((hashlib.sha256(os.fsencode(relative)).digest(), relative, info.st_size))
        total = 0
        for _, relative, size in sorted(chosen):
            if total >= wanted:
                break
            total += size
            target = out / name / relative
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(top / relative, target, follow_symlinks=False)
            if not target.is_symlink():
                target.chmod(stat.S_IMODE(target.stat().st_mode) | 0o600)


def _small_files(out: Path, count: int) -> None:
    rng = random.Random(SEED)
    letters = "etaoinshrdlcumwfgypbvkjxqz"
    words = ["".join(rng.choices(letters, range(26, 0, -1), k=rng.randint(2, 11))) for _ in range(5000)]
    frequent = list(range(5000, 0, -1))
    block = rng.randbytes(MIB)
    for number in range(count):
        folder = out / f"d{number // 1000:03d}" / f"s{number // 100 % 10}"
        if number % 100 == 0:
            folder.mkdir(parents=True, exist_ok=True)
        size = rng.randint(KIB, 16 * KIB)
        if number % 2:
            data = " ".join(rng.choices(words, frequent, k=size // 3 + 1)).encode()[:size]
        else:
            start = rng.randrange(MIB - 16 * KIB)
            data = block[start : start + size // 2] + rng.randbytes(size - size // 2)
        (folder / f"f{number}.dat").write_bytes(data)


def _random_files(out: Path, size: int) -> None:
    rng = random.Random(SEED)
    for number in range(16):
        with (out / f"r{number:02d}.bin").open("wb") as file:
            for start in range(0, size, MIB):
                file.write(rng.randbytes(min(MIB, size - start)))


def _disk_image(image: Path, tree: Path, size: int) -> None:
    """An ext4 file system filled without mounting it, so without being root."""
    with image.open("wb") as file:
        file.truncate(size)
    features = "lazy_itable_init=0,lazy_journal_init=0,hash_seed=6d0c6d0c-0000-4000-8000-000000000002"
    uuid = "6d0c6d0c-0000-4000-8000-000000000001"
    inodes = str(size // (20 * KIB))
    command = ["mkfs.ext4", "-q", "-F", "-N", inodes, "-U", uuid, "-E", features, "-d", str(tree), str(image)]
    subprocess.run(command, check=True, env=_with_sbin())


# --- second days ---------------------------------------------------------------------------------------


def _edited(data: bytes, rng: random.Random) -> bytes:
    """As people edit: a run overwritten, a line inserted, sometimes something appended."""
    result = bytearray(data)
    if size := len(result):
        start = rng.randrange(size)
        length = min(size - start, max(8, size // 50))
        result[start : start + length] = rng.randbytes(length)
    place = rng.randrange(size + 1)
    result[place:place] = b"# edited line %d\n" % rng.randrange(1 << 30)
    if rng.random() < 0.3:
        result += rng.randbytes(max(16, size // 100))
    return bytes(result)


def _plan(top: Path) -> tuple[random.Random, dict[str, list[Path]]]:
    rng = random.Random(SEED)
    sizes = {path: path.stat().st_size for path in walk(top) if not path.is_symlink()}
    total = sum(sizes.values())
    order = list(sizes)
    rng.shuffle(order)
    plan: dict[str, list[Path]] = {"edit": [], "delete": [], "add": []}
    files = size = 0
    for path in order:
        if size >= CHANGED * total and files >= CHANGED * len(order):
            break
        if sizes[path] > total // 100 or size + sizes[path] > 1.2 * CHANGED * total:
            continue
        plan[("edit", "edit", "delete", "add")[files % 4]].append(path)
        size += sizes[path]
        files += 1
    return rng, plan


def _change_tree(top: Path, stash: Path) -> list[tuple[str, str, str]]:
    rng, plan = _plan(top)
    journal = []
    for number, path in enumerate(plan["edit"]):
        data, mode = path.read_bytes(), stat.S_IMODE(path.stat().st_mode)
        os.rename(path, stash / f"e{number}")
        path.write_bytes(_edited(data, rng))
        path.chmod(mode)
        journal.append(("edit", str(path), f"e{number}"))
    for number, path in enumerate(plan["delete"]):
        os.rename(path, stash / f"d{number}")
        journal.append(("delete", str(path), f"d{number}"))
    for number, path in enumerate(plan["add"]):
        new = path.with_name(f"new-{number}-{path.name}"[:200])
        new.write_bytes(_edited(path.read_bytes(), rng))
        journal.append(("add", str(new), ""))
    return journal


def _change_random(top: Path, stash: Path) -> list[tuple[str, str, str]]:
    """Sixteen scattered overwrites in one file, one insertion near the front of another, one new file."""
    rng = random.Random(SEED + 1)

    def overwrite(data: bytearray) -> None:
        length = len(data) // 64
        for _ in range(16):
            start = rng.randrange(len(data) - length)
            data[start : start + length] = rng.randbytes(length)

    def insert(data: bytearray) -> None:
        place = len(data) // 67 + 3
        data[place:place] = rng.randbytes(12_345)

    journal = []
    edits: tuple[tuple[str, Callable[[bytearray], None]], ...] = (("r00.bin", overwrite), ("r05.bin", insert))
    for name, edit in edits:
        path = top / name
        data = bytearray(path.read_bytes())
        os.rename(path, stash / name)
        edit(data)
        path.write_bytes(data)
        journal.append(("edit", str(path), name))
    new = top / "new.bin"
    new.write_bytes(rng.randbytes((top / "r01.bin").stat().st_size // 4))
    journal.append(("add", str(new), ""))
    return journal


def _change_image(image: Path, tree: Path, aside: Path) -> None:
    """The tree's own change, made inside the image's file system by debugfs."""
    rng, plan = _plan(tree)
    aside.mkdir()
    orders = []
    for number, path in enumerate(plan["edit"] + plan["add"]):
        content = aside / str(number)
        content.write_bytes(_edited(path.read_bytes(), rng))
        inside = f"/{path.relative_to(tree)}"
        if '"' in inside or "\n" in inside:
            continue
        if number < len(plan["edit"]):
            orders.append(f'rm "{inside}"')
        else:
            inside = f"{os.path.dirname(inside)}/new-{number}"
        orders.append(f'write "{content}" "{inside}"')
    orders += [f'rm "/{path.relative_to(tree)}"' for path in plan["delete"]]
    subprocess.run(
        ["debugfs", "-w", "-f", "-", str(image)],
        input="\n".join(orders).encode(),
        check=True,
        env=_with_sbin(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    shutil.rmtree(aside)


def _with_sbin() -> dict[str, str]:
    return {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin", "E2FSPROGS_FAKE_TIME": "1718100000"}
