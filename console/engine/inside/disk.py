"""A disk image as The Sleuth Kit reads it: its bytes come from the repository, proven, and a hole in what is here is
never taken for an empty folder."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from console.domain.errors import Failed, failed, refused
from console.repository import ContentReader

READ_MAX = 64 << 20
"""What asks for more at once has believed a damaged file system (bytes)."""


@functools.cache
def _toolkit() -> Any:
    return import_module("pytsk3")


def toolkit() -> Any:
    """The library that knows file systems. Raises Failed `inside-not-available` where it is not installed."""
    try:
        return _toolkit()
    except ImportError as error:
        raise failed(
            "inside-not-available",
            f"What looks into disk images is not installed on this Core: {error}.",
            "Install it with: pip install 'replicore[inside]'. The image itself can be restored without: "
            "replicore restore files ID LABEL.img --to DIR",
        ) from error


class Disk:
    """The bytes of one disk. Whoever asks the library something holds `asking`: it serves one caller at a time."""

    def __init__(self, content: ContentReader) -> None:
        self.content = content
        self.image: Any = _image_class()(self)
        self.problem: Failed | None = None
        self._lock = threading.RLock()
        self._unread: OSError | None = None

    def read(self, offset: int, length: int) -> bytes:
        """For the library. What cannot be read becomes an error there, and a Failed at the end of `asking`."""
        if length > READ_MAX:
            raise OSError("more is asked for than any file system needs")
        try:
            return self.content.read(offset, length)
        except Failed as known:
            self.problem = self.problem or known
            raise OSError(known.failure.message) from None

    @contextmanager
    def asking(self, what: str) -> Iterator[None]:
        """`what` is asked for, as a person would call it. Raises Failed: what reading the disk raised, also where the
        library made the best of it; `file-system-damaged` for what it cannot make sense of."""
        with self._lock:
            self.problem = None
            try:
                yield
            except (OSError, RuntimeError, AttributeError, TypeError, ValueError, OverflowError) as error:
                if self.problem is None:
                    raise _damaged(what, error) from error
            problem, self.problem = self.problem, None
            if problem is not None:
                raise problem


@functools.cache
def _image_class() -> Any:
    class Image(toolkit().Img_Info):  # type: ignore[misc]
        def __init__(self, disk: Disk) -> None:
            self._disk = disk
            super().__init__(url="")

        def read(self, offset: int, length: int) -> bytes:
            return self._disk.read(offset, length)

        def get_size(self) -> int:
            return self._disk.content.size

        def close(self) -> None:
            pass

    return Image


def _damaged(what: str, error: Exception) -> Failed:
    why = " ".join(str(error).split()) or type(error).__name__
    return refused(
        "file-system-damaged",
        f"{what} cannot be read: its file system makes no sense there ({why[:200]}).",
        "It was so when the recovery point was made. Restore the image and let the file system's own checker look.",
    )
