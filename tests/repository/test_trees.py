from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.errors import Failed, FailureKind
from console.domain.objects import MAX_PLAIN, REF_SIZE, ZERO_ID, Kind, pack_refs
from console.domain.trees import Entry, FileType, VolumeRoot
from console.repository import TreeReader, TreeWriter
from console.repository.nodes import (
    NodeError,
    decode_list,
    decode_root,
    decode_tree,
    encode_list,
    encode_root,
    encode_tree,
)
from tests.repository.shelf import Shelf

NAMES = st.binary(min_size=1, max_size=12).filter(
    lambda name: name not in (b".", b"..") and b"/" not in name and b"\0" not in name
)
NUMBERS = st.integers(0, 2**63 - 1)
ENTRIES = st.builds(
    Entry,
    name=NAMES,
    type=st.sampled_from([t for t in FileType if t is not FileType.DIRECTORY]),
    mode=st.integers(0, 0o7777),
    uid=NUMBERS,
    gid=NUMBERS,
    mtime_ns=st.integers(-(2**62), 2**62),
    ctime_ns=NUMBERS,
    inode=st.integers(0, 2**64 - 1),
    device=NUMBERS,
    size=NUMBERS,
    target=st.binary(max_size=20),
    rdev=NUMBERS,
    links=st.integers(0, 9),
    xattrs=st.lists(st.tuples(st.binary(max_size=9), st.binary(max_size=9)), max_size=3).map(tuple),
    flags=st.integers(0, 3),
    problem=st.text(max_size=9),
)


def sorted_entries(entries: list[Entry]) -> list[Entry]:
    return [entry for _, entry in sorted({entry.name: entry for entry in entries}.items())]


def folder(shelf: Shelf, entries: Iterator[Entry] | list[Entry]) -> Entry:
    content, depth = TreeWriter(shelf).directory(entries)
    return Entry(b"", FileType.DIRECTORY, content=content, depth=depth)


def numbered(count: int, step: int = 1) -> list[Entry]:
    return [Entry(b"file %07d" % number, FileType.FILE, size=number) for number in range(0, count * step, step)]


@settings(deadline=None, max_examples=25)
@given(st.lists(ENTRIES, max_size=60))
def test_entries_are_read_back_equal(entries: list[Entry]) -> None:
    entries = sorted_entries(entries)
    shelf = Shelf()
    directory = folder(shelf, entries)
    reader = TreeReader(shelf)
    assert list(reader.entries(directory)) == entries
    root = VolumeRoot("tree", directory, 1, 2, 3, 4, 5, ((0, "root"),), ((7, "seven"),))
    oid = TreeWriter(shelf).root(root)
    assert reader.root(oid) == root
    for entry in entries:
        assert reader.find(root, entry.name) == entry
    assert reader.find(root, b"") == directory


@settings(deadline=None, max_examples=20)
@given(st.data())
def test_trees_of_trees(data: st.DataObject) -> None:
    shelf = Shelf()
    writer, reader = TreeWriter(shelf), TreeReader(shelf)
    expected: dict[bytes, Entry] = {}

    def grow(prefix: bytes, levels: int) -> Entry:
        children = []
        for name in sorted(data.draw(st.sets(NAMES, max_size=4))):
            if levels and data.draw(st.booleans()):
                child = grow(prefix + name + b"/", levels - 1)
                child = msgspec.structs.replace(child, name=name)
            else:
                child = msgspec.structs.replace(data.draw(ENTRIES), name=name)
            expected[prefix + name] = child
            children.append(child)
        content, depth = writer.directory(children)
        return Entry(b"", FileType.DIRECTORY, content=content, depth=depth)

    root = VolumeRoot("tree", grow(b"", 4), 0, 0, 0, 0)
    found: dict[bytes, Entry] = {}

    def walk(prefix: bytes, directory: Entry) -> None:
        for child in reader.entries(directory):
            found[prefix + child.name] = child
            if child.type is FileType.DIRECTORY:
                walk(prefix + child.name + b"/", child)

    walk(b"", root.entry)
    assert found == expected
    for path, entry in expected.items():
        assert reader.find(root, path) == entry
        assert reader.find(root, path + b"/no such name") is None


def test_an_empty_directory() -> None:
    shelf = Shelf()
    assert TreeWriter(shelf).directory([]) == (b"", 0)
    empty = Entry(b"", FileType.DIRECTORY)
    assert list(TreeReader(shelf).entries(empty)) == []
    assert TreeReader(shelf).find(VolumeRoot("tree", empty, 0, 0, 0, 0), b"x") is None


def test_a_large_directory_is_cut_and_searched_in_few_steps() -> None:
    shelf = Shelf()
    entries = numbered(60_000)
    root = VolumeRoot("tree", folder(shelf, iter(entries)), 0, 0, 0, 0)
    assert root.entry.depth == 1
    assert len(root.entry.content) // REF_SIZE <= 16
    leaves = [decode_tree(plain) for kind, plain in shelf.objects.values() if kind is Kind.TREE]
    assert sum(map(len, leaves)) == 60_000
    assert 150 < 60_000 / len(leaves) < 400
    reader = TreeReader(shelf)
    assert list(reader.entries(root.entry)) == entries
    shelf.reads = 0
    assert reader.find(root, entries[44_444].name) == entries[44_444]
    assert shelf.reads < 40
    assert reader.find(root, b"file") is None
    assert reader.find(root, b"zzz") is None


def test_a_new_name_rewrites_one_leaf_and_its_path() -> None:
    shelf = Shelf()
    entries = numbered(60_000, 2)
    folder(shelf, entries)
    before = set(shelf.objects)
    entries.insert(30_000, Entry(b"file %07d" % 60_001, FileType.FILE))
    folder(shelf, sorted_entries(entries))
    assert len(set(shelf.objects) - before) <= 4


@pytest.mark.parametrize("count", [0, 1, 16, 17, 300, 5000, 200_000])
def test_contents_of_any_length(count: int) -> None:
    shelf = Shelf()
    refs = [(struct.pack("<QQQQ", n, 1, 2, n * 2_654_435_761 % 2**64), n + 1) for n in range(count)]
    content, depth = TreeWriter(shelf).content(iter(refs))
    assert len(content) // REF_SIZE <= 16
    assert (depth == 0) == (count <= 16)
    file = Entry(b"f", FileType.FILE, content=content, depth=depth)
    assert list(TreeReader(shelf).extents(file)) == refs
    assert sum(length for _, length in _refs(content)) == sum(length for _, length in refs)
    assert all(len(plain) <= 2 + 2048 * REF_SIZE for _, plain in shelf.objects.values())


def _refs(content: bytes) -> list[tuple[bytes, int]]:
    return list(struct.iter_unpack("<32sQ", content))


@pytest.mark.parametrize("end", [0, 1, 0xFFFF])
def test_a_content_of_one_chunk_again_and_again(end: int) -> None:
    """Also where every reference ends a list, or none does."""
    shelf = Shelf()
    oid = b"c" * 28 + struct.pack("<I", end)
    content, depth = TreeWriter(shelf).content([(oid, 7)] * 100_000)
    assert depth <= 17
    file = Entry(b"f", FileType.FILE, content=content, depth=depth)
    assert list(TreeReader(shelf).extents(file)) == [(oid, 7)] * 100_000


def test_a_change_in_the_middle_of_a_content_rewrites_little() -> None:
    shelf = Shelf()
    refs = [(struct.pack("<QQQQ", n, 1, 2, n * 2_654_435_761 % 2**64), 9) for n in range(100_000)]
    TreeWriter(shelf).content(refs)
    before = set(shelf.objects)
    TreeWriter(shelf).content([*refs[:50_000], (ZERO_ID, 4096), *refs[50_001:]])
    assert len(set(shelf.objects) - before) <= 4


def test_large_attributes_end_a_leaf_early() -> None:
    shelf = Shelf()
    entries = [
        Entry(b"%06d" % n, FileType.FILE, xattrs=((b"user.big", bytes((n % 256,)) * 60_000),)) for n in range(300)
    ]
    directory = folder(shelf, entries)
    assert all(len(plain) < MAX_PLAIN / 4 for _, plain in shelf.objects.values())
    assert list(TreeReader(shelf).entries(directory)) == entries


@pytest.mark.parametrize("names", [[b"b", b"a"], [b"a", b"a"], [b""], [b"."], [b".."], [b"a/b"], [b"a\0b"]])
def test_the_writer_takes_no_impossible_names(names: list[bytes]) -> None:
    with pytest.raises(ValueError, match=r"name|come after"):
        TreeWriter(Shelf()).directory([Entry(name, FileType.FILE) for name in names])


# ------------------------------------------------------------------------------------------- what is refused


def tree_of(*entries: Entry) -> bytes:
    return encode_tree([msgspec.msgpack.encode(entry) for entry in entries])


def test_a_node_is_what_the_encoder_makes_of_a_list() -> None:
    for count in (1, 15, 16, 17, 2048):
        entries = numbered(count)
        assert tree_of(*entries) == b"\x01" + msgspec.msgpack.encode(entries)


FILE = Entry(b"f", FileType.FILE)
REF = b"r" * 32 + bytes(8)


@pytest.mark.parametrize(
    "plain",
    [
        b"",
        b"\x01",
        b"\x02" + tree_of(FILE)[1:],
        tree_of(FILE) + b"x",
        tree_of(FILE)[:-1],
        tree_of(),
        b"\x01" + msgspec.msgpack.encode([1, 2]),
        b"\x01" + msgspec.msgpack.encode({"a": 1}),
        tree_of(Entry(b"b", FileType.FILE), Entry(b"a", FileType.FILE)),
        tree_of(FILE, FILE),
        *[tree_of(Entry(name, FileType.FILE)) for name in (b"", b".", b"..", b"a/b", b"/", b"a\0", b"n" * 5000)],
        tree_of(Entry(b"a/b", FileType.FILE), Entry(b"c", FileType.FILE)),
        b"\x01" + msgspec.msgpack.encode([[b"f", 9]]),
        tree_of(Entry(b"f", FileType.FILE, content=b"x" * 41)),
        tree_of(Entry(b"f", FileType.FILE, content=REF * 17)),
        tree_of(Entry(b"f", FileType.FILE, content=REF, depth=-1)),
        tree_of(Entry(b"f", FileType.FILE, content=REF, depth=99)),
        tree_of(Entry(b"f", FileType.FILE, depth=1)),
        tree_of(Entry(b"f", FileType.FILE, content=REF, inline=b"x")),
        tree_of(Entry(b"f", FileType.FILE, inline=b"x" * 129)),
        tree_of(Entry(b"f", FileType.DIRECTORY, inline=b"x")),
        tree_of(Entry(b"f", FileType.SYMLINK, content=REF)),
        tree_of(Entry(b"f", FileType.DIRECTORY, content=bytes(40))),
    ],
)
def test_tree_nodes_that_no_writer_writes(plain: bytes) -> None:
    with pytest.raises(NodeError):
        decode_tree(plain)


@pytest.mark.parametrize(
    "plain",
    [b"", b"\x01\x00", b"\x02\x00" + REF, b"\x01\x01" + REF, b"\x01\x00" + REF[:-1], b"\x01\x00" + REF * 2049],
)
def test_list_nodes_that_no_writer_writes(plain: bytes) -> None:
    with pytest.raises(NodeError):
        decode_list(plain, 0)
    assert decode_list(b"\x01\x00" + REF, 0) == [(b"r" * 32, 0)]


@pytest.mark.parametrize(
    "root",
    [
        VolumeRoot("tree", FILE, 0, 0, 0, 0),
        VolumeRoot("tree", Entry(b"", FileType.FILE), 0, 0, 0, 0),
        VolumeRoot("tree", Entry(b"name", FileType.DIRECTORY), 0, 0, 0, 0),
        VolumeRoot("cheese", Entry(b"", FileType.DIRECTORY), 0, 0, 0, 0),
        VolumeRoot("tree", Entry(b"", FileType.DIRECTORY, content=b"x"), 0, 0, 0, 0),
    ],
)
def test_roots_that_no_writer_writes(root: VolumeRoot) -> None:
    with pytest.raises(NodeError):
        decode_root(encode_root(root))


def test_later_versions_may_append_to_an_entry() -> None:
    longer = [*msgspec.msgpack.decode(msgspec.msgpack.encode(FILE)), "a field of tomorrow"]
    assert decode_tree(b"\x01" + msgspec.msgpack.encode([longer])) == [FILE]


def damaged(act: Callable[[], object]) -> Failed:
    with pytest.raises(Failed) as raised:
        act()
    assert (raised.value.failure.code, raised.value.failure.kind) == ("object-damaged", FailureKind.DAMAGE)
    return raised.value


def test_a_true_object_that_is_no_node_is_named() -> None:
    shelf = Shelf()
    oid = shelf.put(Kind.CHUNK, b"a chunk").id
    reader = TreeReader(shelf)
    directory = Entry(b"", FileType.DIRECTORY, content=pack_refs([(oid, 1)]))
    for act in (
        lambda: reader.root(oid),
        lambda: list(reader.entries(directory)),
        lambda: list(reader.extents(Entry(b"f", FileType.FILE, content=pack_refs([(oid, 1)]), depth=1))),
    ):
        assert oid.hex() in damaged(act).failure.message


def test_leaves_must_go_on_where_the_last_one_ended() -> None:
    shelf = Shelf()
    one = shelf.put(Kind.TREE, tree_of(Entry(b"m", FileType.FILE))).id
    two = shelf.put(Kind.TREE, tree_of(Entry(b"a", FileType.FILE))).id
    for refs in ([(one, 1), (two, 1)], [(one, 1), (one, 1)]):
        directory = Entry(b"", FileType.DIRECTORY, content=pack_refs(refs))
        damaged(lambda directory=directory: list(TreeReader(shelf).entries(directory)))


def test_lists_of_the_wrong_depth_are_refused() -> None:
    shelf = Shelf()
    oid = shelf.put(Kind.LIST, encode_list(3, [(b"x" * 32, 1)])).id  # type: ignore[list-item]
    damaged(lambda: list(TreeReader(shelf).extents(Entry(b"f", FileType.FILE, content=pack_refs([(oid, 1)]), depth=2))))
