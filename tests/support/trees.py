"""Directory trees for tests: literals that become files, an independent walker that compares two, random ones.

Nothing here uses the product's own code for reading or writing trees.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import random
import shutil
import stat
import struct
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import strategies as st

ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not ROOT, reason="only an administrator may make devices and give files away")
needs_rsync = pytest.mark.skipif(shutil.which("rsync") is None, reason="rsync is not installed")

MOMENT_NS = 1_600_000_000_123_456_789

# --- literals ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Meta:
    """What every name may have. None: as it comes. Owners are only given away by an administrator."""

    mode: int | None = None
    mtime_ns: int | None = MOMENT_NS
    owner: tuple[int, int] | None = None
    xattrs: Mapping[str, bytes] = field(default_factory=dict)
    flags: int = 0
    """As chattr sets them, of files and directories; left out where the file system has none."""


@dataclass(frozen=True)
class File:
    content: bytes = b""
    meta: Meta = Meta()


@dataclass(frozen=True)
class Sparse:
    """`pieces`: (offset, bytes); the rest up to `size` is holes."""

    size: int
    pieces: tuple[tuple[int, bytes], ...] = ()
    meta: Meta = Meta()


@dataclass(frozen=True)
class Link:
    target: bytes
    meta: Meta = Meta()


@dataclass(frozen=True)
class Hard:
    """Another name of a file made before it; `of` is a path from the top."""

    of: bytes


@dataclass(frozen=True)
class Fifo:
    meta: Meta = Meta()


@dataclass(frozen=True)
class Socket:
    meta: Meta = Meta()


@dataclass(frozen=True)
class Device:
    """A character or block device, (major, minor)."""

    block: bool
    number: tuple[int, int]
    meta: Meta = Meta()


@dataclass(frozen=True)
class Dir:
    names: Mapping[bytes, Node] = field(default_factory=dict)
    meta: Meta = Meta()


Node = File | Sparse | Link | Hard | Fifo | Socket | Device | Dir


def plant(top: Path, tree: Dir) -> Path:
    """Makes the literal at `top`. Devices are left out for anybody but an administrator."""
    path = os.fsencode(top)
    os.mkdir(path)
    _fill(path, path, tree)
    _dress(path, tree.meta)
    return top


def _fill(top: bytes, path: bytes, tree: Dir) -> None:
    for name, node in tree.names.items():
        inner = path + b"/" + name
        if isinstance(node, Dir):
            os.mkdir(inner)
            _fill(top, inner, node)
        elif isinstance(node, File):
            _write(inner, node.content)
        elif isinstance(node, Sparse):
            _write(inner, b"", node.size, node.pieces)
        elif isinstance(node, Link):
            os.symlink(node.target, inner)
        elif isinstance(node, Hard):
            os.link(top + b"/" + node.of, inner, follow_symlinks=False)
            continue
        elif isinstance(node, Fifo):
            os.mkfifo(inner)
        elif isinstance(node, Socket):
            os.mknod(inner, stat.S_IFSOCK | 0o700)
        elif ROOT:
            os.mknod(inner, (stat.S_IFBLK if node.block else stat.S_IFCHR) | 0o600, os.makedev(*node.number))
        else:
            continue
        _dress(inner, node.meta)


def _write(path: bytes, content: bytes, size: int = 0, pieces: tuple[tuple[int, bytes], ...] = ()) -> None:
    with open(path, "xb") as file:
        if size:
            file.truncate(size)
        for offset, piece in ((0, content), *pieces):
            file.seek(offset)
            file.write(piece)


def _dress(path: bytes, meta: Meta) -> None:
    link = stat.S_ISLNK(os.lstat(path).st_mode)
    if meta.owner is not None and ROOT:
        os.chown(path, *meta.owner, follow_symlinks=False)
    for name, value in meta.xattrs.items():
        os.setxattr(path, name, value, follow_symlinks=False)
    if meta.mode is not None and not link:
        os.chmod(path, meta.mode)
    if meta.mtime_ns is not None:
        os.utime(path, ns=(meta.mtime_ns, meta.mtime_ns), follow_symlinks=False)
    if meta.flags:
        set_flags(path, meta.flags)


IMMUTABLE, APPEND_ONLY, NO_DUMP, NO_ATIME, SYNC, NO_COW = 0x10, 0x20, 0x40, 0x80, 0x8, 0x800000
SHOWN_FLAGS = 0x8384FF & ~0x300  # what chattr sets, without what file systems set by themselves


def flags_of(path: int | bytes) -> int:
    """The flags of a file or directory as the kernel tells them; 0 where there are none."""
    file = path if isinstance(path, int) else os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        told: bytes = fcntl.ioctl(file, 0x80086601, bytes(8))
    except OSError:
        return 0
    finally:
        if file != path:
            os.close(file)
    return struct.unpack("=i", told[:4])[0] & SHOWN_FLAGS


def set_flags(path: bytes, flags: int) -> bool:
    """Whether the file system has these flags, and we may set them."""
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        told: bytes = fcntl.ioctl(file, 0x80086601, bytes(8))
        before = struct.unpack("=i", told[:4])[0]
        fcntl.ioctl(file, 0x40086602, struct.pack("=q", before & ~SHOWN_FLAGS | flags))
    except OSError:
        return False
    finally:
        os.close(file)
    return True


def unlock(top: Path) -> None:
    """Takes away the flags that would keep a tree from being deleted."""
    for path in [os.fsencode(top), *_everything(os.fsencode(top))]:
        if stat.S_IFMT(os.lstat(path).st_mode) in (stat.S_IFREG, stat.S_IFDIR):
            set_flags(path, 0)


def posix_acl(*entries: tuple[int, int, int]) -> bytes:
    """A raw access list: (tag, permissions, id) in the order the kernel wants."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


ACCESS = posix_acl((1, 6, 0xFFFFFFFF), (2, 4, 12), (4, 4, 0xFFFFFFFF), (16, 6, 0xFFFFFFFF), (32, 0, 0xFFFFFFFF))
DEFAULT = posix_acl((1, 7, 0xFFFFFFFF), (2, 5, 12), (4, 5, 0xFFFFFFFF), (16, 5, 0xFFFFFFFF), (32, 0, 0xFFFFFFFF))
CAPABILITY = struct.pack("<IIIII", 0x02000001, 1 << 10, 0, 0, 0)


def noise(size: int, seed: int = 7) -> bytes:
    """Bytes that nothing compresses and no two seeds share."""
    return random.Random(seed).randbytes(size)


def nasty() -> Dir:
    """Everything a tree can hold that a careless program loses."""
    deep = Dir({b"at the bottom": File(b"down here")})
    for level in range(45, 0, -1):
        deep = Dir({f"level {level} of a very deep tree".encode(): deep})
    mine: dict[bytes, Node] = {}
    if ROOT:
        mine = {
            b"console": Device(False, (5, 1), Meta(0o620)),
            b"disk": Device(True, (7, 99), Meta(0o640, owner=(0, 6))),
            b"capable": File(noise(3000, 2), Meta(0o755, xattrs={"security.capability": CAPABILITY})),
            b"capable of another": File(
                b"x", Meta(0o755, owner=(4711, 815), xattrs={"security.capability": CAPABILITY})
            ),
            b"trusted": File(b"x", Meta(xattrs={"trusted.secret": b"\0\1"})),
            b"foreign": File(b"not ours", Meta(0o4750, owner=(4711, 815))),
            b"foreign link": Link(b"foreign", Meta(owner=(4711, 815))),
            b"foreign directory": Dir({b"in it": File(b"1")}, Meta(0o2755, owner=(4711, 815))),
        }
    return Dir(
        {
            **mine,
            b"empty": File(),
            b"one byte": File(b"1"),
            b"inline at most": File(noise(128, 3)),
            b"inline no more": File(noise(129, 4)),
            b"text": File(b"all work and no play\n" * 4000),
            b"two chunks and more": File(noise(700_000, 5)),
            b"larger than a window": File(noise(9_300_000, 6)),
            b"large zeros": File(bytes(6_000_000)),
            b"hole only": Sparse(3_000_000),
            b"hole at the end": Sparse(2_000_000, ((0, noise(5000)),)),
            b"hole at the beginning": Sparse(2_000_000, ((1_990_000, noise(10_000)),)),
            b"holes everywhere": Sparse(40_000_001, ((1_000_000, noise(300_000)), (20_000_000, noise(5_000_000)))),
            b"suid": File(b"#!", Meta(0o4755)),
            b"nobody may": File(b"secret", Meta(0o000 if ROOT else 0o400)),
            b"read only": File(b"r", Meta(0o400, xattrs={"user.note": b"kept"})),
            b"sticky": Dir({}, Meta(0o1777)),
            b"set gid": Dir({b"inner": File(b"i")}, Meta(0o2775)),
            b"write only": Dir({b"inner": File(b"i")}, Meta(0o300 if ROOT else 0o700)),
            b"with acl": File(b"acl", Meta(0o660, xattrs={"system.posix_acl_access": ACCESS})),
            b"with default acl": Dir(
                {b"made before": File(b"without")}, Meta(0o755, xattrs={"system.posix_acl_default": DEFAULT})
            ),
            b"with attributes": File(
                b"a", Meta(xattrs={"user.one": b"1", "user.empty": b"", "user.raw": bytes(range(256))})
            ),
            b"large attribute": File(b"a", Meta(xattrs={"user.large": noise(3000, 11)})),
            b"not dumped": File(noise(1000, 12), Meta(0o400, flags=NO_DUMP | NO_ATIME)),
            b"not dumped and empty": File(b"", Meta(flags=NO_DUMP)),
            b"large and not dumped": File(noise(4_300_000, 13), Meta(flags=NO_DUMP)),
            b"directory not dumped": Dir({b"inner": File(b"i")}, Meta(flags=NO_DUMP)),
            b"directory with attributes": Dir({}, Meta(xattrs={"user.colour": b"blue"})),
            b"empty directory": Dir(),
            b"before the epoch": File(b"old", Meta(mtime_ns=-86_400_000_000_001)),
            b"far future": File(b"new", Meta(mtime_ns=4_000_000_000_999_999_999)),
            b"link": Link(b"empty"),
            b"dangling": Link(b"no/such/place"),
            b"link to a directory": Link(b"set gid"),
            b"absolute": Link(b"/etc/passwd"),
            b"link not utf-8 \xff": Link(b"target \xfe\xff", Meta(mtime_ns=MOMENT_NS + 5)),
            b"long target": Link(b"t" * 3000),
            b"not utf-8 \xff\xfe": File(b"latin"),
            b"not utf-8 directory \xe4": Dir({b"\x80\x81": File(b"bytes")}),
            b"new\nline": File(b"n"),
            b"tab\tand \\x41 \\ backslash": File(b"b"),
            b" leading and trailing ": File(b"s"),
            b"-rf": File(b"dash"),
            b"*": File(b"star"),
            b"\xc3\xa9 composed": File(b"nfc"),
            b"e\xcc\x81 decomposed": File(b"nfd"),
            b"n" * 255: File(b"longest name"),
            b"pipe": Fifo(Meta(0o622)),
            b"socket": Socket(Meta(0o711)),
            b"first name": File(noise(200_000, 8), Meta(0o640)),
            b"second name": Hard(b"first name"),
            b"elsewhere": Dir({b"third name": Hard(b"first name"), b"other": File(b"small twin")}),
            b"other too": Hard(b"elsewhere/other"),
            b"large one": File(noise(4_500_000, 9)),
            b"large other": Hard(b"large one"),
            b"empty twin": Hard(b"empty"),
            b"pipe twin": Hard(b"pipe"),
            b"link twin": Hard(b"link"),
            b"same content": File(noise(200_000, 8)),
            b"deep": deep,
        },
        Meta(0o751, mtime_ns=MOMENT_NS - 77),
    )


# --- comparing --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Seen:
    """One name as the walker saw it. `twins`: all names of the same file, this one included."""

    kind: str
    mode: int
    owner: tuple[int, int]
    mtime_ns: int
    size: int
    what: str
    xattrs: tuple[tuple[str, bytes], ...]
    twins: frozenset[bytes]
    holes: int
    flags: int = 0


def look(top: Path | bytes) -> dict[bytes, Seen]:
    """Everything below `top` (which is `b""`), by path. Walks by directory descriptors: no path is too long."""
    found: dict[bytes, Seen] = {}
    names: dict[tuple[int, int], set[bytes]] = {}
    raw: list[tuple[bytes, os.stat_result, str, tuple[tuple[str, bytes], ...]]] = []
    flags: dict[bytes, int] = {}
    base = os.open(os.fsencode(top), os.O_RDONLY | os.O_DIRECTORY)
    stack: list[tuple[bytes, int]] = [(b"", base)]
    raw.append((b"", os.fstat(base), "", _xattrs(base)))
    flags[b""] = flags_of(base)
    while stack:
        path, directory = stack.pop()
        try:
            for text in os.listdir(directory):
                name = os.fsencode(text)
                inner = path + b"/" + name if path else name
                status = os.stat(name, dir_fd=directory, follow_symlinks=False)
                what = ""
                if stat.S_ISDIR(status.st_mode):
                    below = os.open(name, os.O_RDONLY | os.O_DIRECTORY, dir_fd=directory)
                    stack.append((inner, below))
                    flags[inner] = flags_of(below)
                elif stat.S_ISREG(status.st_mode):
                    file = os.open(name, os.O_RDONLY, dir_fd=directory)
                    flags[inner] = flags_of(file)
                    with os.fdopen(file, "rb") as handle:
                        what = hashlib.file_digest(handle, "sha256").hexdigest()
                elif stat.S_ISLNK(status.st_mode):
                    what = os.readlink(name, dir_fd=directory).hex()
                elif stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode):
                    what = str(status.st_rdev)
                if not stat.S_ISDIR(status.st_mode):
                    names.setdefault((status.st_dev, status.st_ino), set()).add(inner)
                raw.append((inner, status, what, _xattrs(b"/proc/self/fd/%d/%s" % (directory, name))))
        finally:
            os.close(directory)
    for path, status, what, xattrs in raw:
        leaf = not stat.S_ISDIR(status.st_mode)
        found[path] = Seen(
            stat.filemode(status.st_mode)[0],
            stat.S_IMODE(status.st_mode),
            (status.st_uid, status.st_gid),
            status.st_mtime_ns,
            status.st_size if leaf else 0,
            what,
            xattrs,
            frozenset(names[(status.st_dev, status.st_ino)]) if leaf else frozenset(),
            max(0, status.st_size - status.st_blocks * 512) if leaf else 0,
            flags.get(path, 0),
        )
    return found


def _xattrs(where: int | bytes) -> tuple[tuple[str, bytes], ...]:
    follow = isinstance(where, int)
    return tuple(
        sorted(
            (name, os.getxattr(where, name, follow_symlinks=follow))
            for name in os.listxattr(where, follow_symlinks=follow)
        )
    )


def differences(one: Path | bytes, other: Path | bytes, *, top: bool = True, slack: int = 64 << 10) -> list[str]:
    """What is not the same in two trees, in words; empty when nothing is. `top`: the two directories themselves count.

    Holes count as kept when at most `slack` bytes a file more than before are taken.
    """
    return compare(look(one), look(other), top=top, slack=slack)


def compare(one: dict[bytes, Seen], other: dict[bytes, Seen], *, top: bool = True, slack: int = 64 << 10) -> list[str]:
    """As `differences`, of what was looked at before."""
    found = [f"only in the first: {path!r}" for path in sorted(one.keys() - other.keys())]
    found += [f"only in the second: {path!r}" for path in sorted(other.keys() - one.keys())]
    for path in sorted(one.keys() & other.keys()):
        if not path and not top:
            continue
        for part in ("kind", "mode", "owner", "mtime_ns", "size", "what", "xattrs", "twins", "flags"):
            mine, theirs = getattr(one[path], part), getattr(other[path], part)
            if mine != theirs:
                found.append(f"{path!r}: {part} {mine!r} became {theirs!r}")
        if one[path].holes - other[path].holes > slack:
            found.append(f"{path!r}: {one[path].holes - other[path].holes} bytes of holes were filled")
    return found


def rsync_differences(one: Path, other: Path) -> str:
    """What rsync would do to make the second tree like the first: nothing, when they are the same."""
    done = subprocess.run(
        ["rsync", "-naHAXSi", "--checksum", "--delete", "--numeric-ids", f"{one}/", f"{other}/"],
        capture_output=True,
        check=False,
    )
    return (done.stdout + done.stderr).decode("utf-8", "backslashreplace")


# --- random trees -----------------------------------------------------------------------------------------

names = st.one_of(
    st.sampled_from(
        [b"a", b"b", b"c", b"file", b"x.txt", b"\xff", b"caf\xc3\xa9", b".hidden", b"l" * 255, b"\xfe" * 254]
    ),
    st.binary(min_size=1, max_size=6).filter(lambda name: b"/" not in name and b"\0" not in name and name.strip(b".")),
)


def _contents() -> st.SearchStrategy[bytes]:
    return st.one_of(
        st.binary(max_size=200),
        st.builds(noise, st.integers(0, 400_000), st.integers(0, 5)),
        st.builds(lambda piece, times: piece * times, st.binary(min_size=1, max_size=30), st.integers(1, 9000)),
    )


def _metas() -> st.SearchStrategy[Meta]:
    return st.builds(
        Meta,
        mode=st.sampled_from([0o644, 0o600, 0o755, 0o4711, 0o444 if ROOT else 0o640, 0o700]),
        mtime_ns=st.integers(0, 4_000_000_000_000_000_000),
        xattrs=st.one_of(
            st.just({}),
            st.dictionaries(st.sampled_from(["user.a", "user.b"]), st.binary(max_size=20)),
            st.just({"system.posix_acl_access": ACCESS}),
            st.just({"security.capability": CAPABILITY} if ROOT else {}),
        ),
        owner=st.sampled_from([None, None, (4711, 815)]),
        flags=st.sampled_from([0, 0, NO_DUMP, NO_DUMP | NO_ATIME]),
    )


def _plain_metas() -> st.SearchStrategy[Meta]:
    return st.builds(Meta, mtime_ns=st.integers(0, 4_000_000_000_000_000_000))


def _sparse() -> st.SearchStrategy[Sparse]:
    pieces = st.lists(st.tuples(st.integers(0, 90), st.binary(min_size=1, max_size=50)), max_size=3)
    return st.builds(
        lambda size, some, meta: Sparse(
            size, tuple((slot * 9000, piece) for slot, piece in some if slot * 9000 + len(piece) <= size), meta
        ),
        st.integers(4096, 900_000),
        pieces,
        _metas(),
    )


def random_trees() -> st.SearchStrategy[Dir]:
    """Trees of up to some dozen names: files of every size class, sparse ones, links, fifos, nested directories."""
    leaves = st.one_of(
        st.builds(File, _contents(), _metas()),
        _sparse(),
        st.builds(Link, st.binary(min_size=1, max_size=20).filter(lambda t: b"\0" not in t), _plain_metas()),
        st.builds(Fifo, _plain_metas()),
        st.builds(Socket, _plain_metas()),
        st.builds(Device, st.booleans(), st.tuples(st.integers(1, 250), st.integers(0, 300)), _plain_metas()),
    )
    directory_metas = st.builds(
        Meta,
        mode=st.sampled_from([0o755, 0o700, 0o1777, 0o2775]),
        mtime_ns=st.integers(0, 4_000_000_000_000_000_000),
        xattrs=st.sampled_from([{}, {}, {"user.d": b"1"}, {"system.posix_acl_default": DEFAULT}]),
        flags=st.sampled_from([0, 0, NO_DUMP]),
    )
    nodes = st.recursive(
        leaves, lambda inner: st.builds(Dir, st.dictionaries(names, inner, max_size=5), directory_metas), max_leaves=14
    )
    return st.builds(Dir, st.dictionaries(names, nodes, max_size=6), directory_metas)


def mutate(top: Path, seed: int, *, changes: int = 5) -> None:
    """Changes a tree in place as a day of use does: edits, deletions, renames, new files and links, modes, times."""
    rng = random.Random(seed)
    for number in range(changes):
        _change(rng, top, number)


def _change(rng: random.Random, top: Path, number: int) -> None:
    everything = list(_everything(os.fsencode(top)))
    files = [path for path in everything if stat.S_ISREG(os.lstat(path).st_mode)]
    directories = [os.fsencode(top), *(p for p in everything if stat.S_ISDIR(os.lstat(p).st_mode))]
    choices: list[Callable[[], None]] = [
        lambda: _write(_fresh(rng, directories, number), rng.randbytes(rng.randrange(200_000))),
        lambda: os.mkdir(_fresh(rng, directories, number)),
        lambda: os.symlink(b"somewhere", _fresh(rng, directories, number)),
    ]
    if everything:
        choices += [
            lambda: _remove(rng.choice(everything)),
            lambda: _rename(rng.choice(everything), _fresh(rng, directories, number)),
        ]
    if files:
        choices += [
            lambda: _edit(rng, rng.choice(files)),
            lambda: _edit(rng, rng.choice(files)),
            lambda: os.chmod(rng.choice(files), rng.choice([0o600, 0o640, 0o755])),
            lambda: os.link(rng.choice(files), _fresh(rng, directories, number)),
            lambda: os.setxattr(rng.choice(files), "user.changed", rng.randbytes(5)),
        ]
    rng.choice(choices)()


def _everything(path: bytes) -> Iterator[bytes]:
    for entry in sorted(os.scandir(path), key=lambda entry: entry.name):
        yield entry.path
        if entry.is_dir(follow_symlinks=False):
            yield from _everything(entry.path)


def _fresh(rng: random.Random, directories: list[bytes], number: int) -> bytes:
    return rng.choice(directories) + f"/new {number} {rng.randrange(10**9)}".encode()


def _remove(path: bytes) -> None:
    if stat.S_ISDIR(os.lstat(path).st_mode):
        shutil.rmtree(path)
    else:
        os.unlink(path)


def _rename(path: bytes, to: bytes) -> None:
    if not to.startswith(path + b"/"):
        os.rename(path, to)


def _edit(rng: random.Random, path: bytes) -> None:
    size = os.stat(path).st_size
    with open(path, "r+b") as file:
        file.seek(rng.randrange(size + 1))
        file.write(rng.randbytes(rng.randrange(1, 3000)))
        if rng.random() < 0.2:
            file.truncate(rng.randrange(size + 1))
