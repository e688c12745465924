"""What a file has besides its content: owner names, extended attributes and access lists."""

from __future__ import annotations

import errno
import os

try:
    import grp
    import pwd
except ImportError:  # not a POSIX system: owners have no names there
    _HAS_NAMES = False
else:
    _HAS_NAMES = True

Xattrs = tuple[tuple[bytes, bytes], ...]

_HAS_XATTRS = hasattr(os, "listxattr")
_NOT_HERE = (errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)

ACLS = (b"system.posix_acl_access", b"system.posix_acl_default")


def read_xattrs(where: int | bytes) -> Xattrs:
    """All extended attributes, sorted by name; `where` is an open file or a path whose last link is not followed.

    A file system without them has none. Raises OSError when they are there and cannot be read.
    """
    if not _HAS_XATTRS:
        return ()
    follow = isinstance(where, int)
    try:
        names = os.listxattr(where, follow_symlinks=follow)
    except OSError as problem:
        if problem.errno in _NOT_HERE:
            return ()
        raise
    if not names:
        return ()
    found: list[tuple[bytes, bytes]] = []
    for name in names:
        try:
            found.append((os.fsencode(name), os.getxattr(where, name, follow_symlinks=follow)))
        except OSError as problem:
            if problem.errno not in (errno.ENODATA, *_NOT_HERE):
                raise
    return tuple(sorted(found))


def write_xattrs(where: int | bytes, wanted: Xattrs, *, follow: bool = True) -> list[tuple[bytes, OSError]]:
    """Sets each; what could not be set is returned with its reason, the others are set all the same.

    `follow`: whether the last link of a path is followed.
    """
    refused: list[tuple[bytes, OSError]] = []
    if not _HAS_XATTRS:
        return [(name, OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))) for name, _ in wanted]
    for name, value in wanted:
        try:
            os.setxattr(where, name, value, follow_symlinks=follow)
        except OSError as problem:
            refused.append((name, problem))
    return refused


def drop_acls(where: int | bytes, wanted: Xattrs) -> None:
    """Takes away access lists that a new file inherited from its directory and shall not have."""
    if not _HAS_XATTRS:
        return
    try:
        present = os.listxattr(where)
    except OSError as problem:
        if problem.errno in _NOT_HERE:
            return
        raise
    keep = {name for name, _ in wanted}
    for name in present:
        if (raw := os.fsencode(name)) in ACLS and raw not in keep:
            os.removexattr(where, name)


class Owners:
    """The owners met in a tree, with the names this host has for them."""

    def __init__(self) -> None:
        self._users: dict[int, str] = {}
        self._groups: dict[int, str] = {}

    def meet(self, uid: int, gid: int) -> None:
        if uid not in self._users:
            self._users[uid] = _user_name(uid)
        if gid not in self._groups:
            self._groups[gid] = _group_name(gid)

    @property
    def users(self) -> tuple[tuple[int, str], ...]:
        """Those with a name, by number."""
        return tuple(sorted((uid, name) for uid, name in self._users.items() if name))

    @property
    def groups(self) -> tuple[tuple[int, str], ...]:
        return tuple(sorted((gid, name) for gid, name in self._groups.items() if name))


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name if _HAS_NAMES else ""
    except (KeyError, OverflowError):
        return ""


def _group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name if _HAS_NAMES else ""
    except (KeyError, OverflowError):
        return ""
