"""Exclude patterns: what a star crosses, what is anchored, what is for directories only."""

from __future__ import annotations

import pytest

from console.sources.excludes import Excludes


@pytest.mark.parametrize(
    ("pattern", "path", "directory", "out"),
    [
        ("*.tmp", b"a.tmp", False, True),
        ("*.tmp", b"deep/er/a.tmp", False, True),
        ("*.tmp", b"a.tmp/kept", False, False),
        ("cache", b"x/cache", True, True),
        ("cache", b"x/cached", True, False),
        ("cache/", b"x/cache", True, True),
        ("cache/", b"x/cache", False, False),
        ("/cache", b"cache", True, True),
        ("/cache", b"x/cache", True, False),
        ("a/*/c", b"a/b/c", False, True),
        ("a/*/c", b"a/b/b/c", False, False),
        ("a/**/c", b"a/b/b/c", False, True),
        ("a/**/c", b"a/c", False, True),
        ("a/**", b"a/b/c", False, True),
        ("a/**", b"a", True, False),
        ("**/b", b"b", False, True),
        ("**/b", b"a/a/b", False, True),
        ("a?c", b"abc", False, True),
        ("a?c", b"a/c", False, False),
        ("[ab]x", b"bx", False, True),
        ("[!ab]x", b"bx", False, False),
        ("[!ab]x", b"cx", False, True),
        ("[a-c]x", b"bx", False, True),
        ("[]]x", b"]x", False, True),
        ("[x", b"[x", False, True),
        ("[z-a]x", b"bx", False, False),
        ("a.b", b"aXb", False, False),
        ("new\\x0aline", b"new\nline", False, True),
        ("\\xff*", b"\xff\xfe", False, True),
        ("/home/me/*.iso", b"big.iso", False, True),
        ("/home/me/*.iso", b"sub/big.iso", False, False),
        ("", b"anything", False, False),
        ("/", b"anything", True, False),
    ],
)
def test_patterns(pattern: str, path: bytes, directory: bool, out: bool) -> None:
    assert Excludes([pattern], b"/home/me").match(path, directory=directory) is out


def test_no_patterns_leave_nothing_out() -> None:
    assert Excludes([]).empty
    assert not Excludes(["x"]).empty
    assert not Excludes([]).match(b"x", directory=True)


def test_the_volume_at_the_root_keeps_absolute_patterns() -> None:
    assert Excludes(["/var/cache"], b"/").match(b"var/cache", directory=True)


def test_any_of_many() -> None:
    excludes = Excludes(["*.a", "*.b", "c/"])
    assert excludes.match(b"x.b", directory=False)
    assert excludes.match(b"c", directory=True)
    assert not excludes.match(b"c", directory=False)
