"""Where a recording lies: a directory of this machine, or any store that fsspec knows. Reading only.

Hostile directories are expected: names are matched, never built from contents; symbolic links are not followed and
nothing but regular files is opened, so that no reader leaves the directory or waits for a pipe.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from rnnwidgets.errors import FrameBytesError, RecordingError

MANIFEST = "manifest.json"
MOST_SEGMENT = 256 * 2**20
RANK = re.compile(r"rank-([0-9]{1,6})")
LOG = re.compile(r"[0-9]{6}\.log")

_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class Source:
    """One open file of a recording."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        """Read from a seekable file of a known size."""
        self._file = file
        self.size = size

    def read(self, offset: int, count: int) -> bytes:
        """Return up to `count` bytes from `offset` on; fewer only at the end of the file, and none are set aside."""
        self._file.seek(offset)
        return self._file.read(max(min(count, self.size - offset), 0))


class Place(Protocol):
    """A directory of named files."""

    name: str

    def names(self) -> list[str]:
        """Return the names of what lies directly inside, sorted."""

    def inside(self, name: str) -> Place:
        """Return a directory inside."""

    def opened(self, name: str) -> Any:
        """Return a context manager that opens a file and gives its `Source`; `OSError` where there is none."""


class Directory:
    """A place on this machine."""

    def __init__(self, path: Path, name: str) -> None:
        """Look at a directory; `name` is how sentences call it."""
        self.path = path
        self.name = name

    def names(self) -> list[str]:
        """Return the names of what lies directly inside, sorted."""
        return sorted(path.name for path in self.path.iterdir())

    def inside(self, name: str) -> Directory:
        """Return a directory inside.

        Raises:
            RecordingError: it is a symbolic link, or no directory.
        """
        path = self.path / name
        if not stat.S_ISDIR(path.lstat().st_mode):
            raise RecordingError(
                f"{self.name}/{name}",
                expected="a directory",
                found="a symbolic link" if path.is_symlink() else "something else",
                remedy="a recording is read only from inside its own directory",
            )
        return Directory(path, f"{self.name}/{name}")

    @contextmanager
    def opened(self, name: str) -> Iterator[Source]:
        """Open a regular file, not through a symbolic link."""
        descriptor = os.open(self.path / name, _FLAGS)
        with open(descriptor, "rb", buffering=0) as file:  # noqa: PTH123 (a descriptor, not a path)
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise OSError(f"{self.name}/{name} is not a regular file")
            yield Source(file, _checked(f"{self.name}/{name}", found.st_size))


class Store:
    """A place in a store that fsspec knows, such as s3://bucket/run; sealed segments are all that is asked of it."""

    def __init__(self, url: str) -> None:
        """Connect to the store of a URL.

        Raises:
            RecordingError: fsspec is not installed, or does not know the URL.
        """
        try:
            import fsspec
        except ImportError as error:
            raise RecordingError(
                "path",
                expected="fsspec for a URL",
                found=f"{url} and no fsspec",
                remedy='pip install "rnnwidgets[remote]"',
            ) from error
        try:
            self._files, self._path = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise RecordingError(
                "path", expected="a URL that fsspec can open", found=url, remedy=str(error).rstrip(".")
            ) from error
        self.name = url

    def names(self) -> list[str]:
        """Return the names of what lies directly inside, sorted."""
        self._files.invalidate_cache(self._path)
        return sorted(path.rstrip("/").rpartition("/")[2] for path in self._files.ls(self._path, detail=False))

    def inside(self, name: str) -> Store:
        """Return a directory inside."""
        found = object.__new__(Store)
        found._files, found._path, found.name = self._files, f"{self._path}/{name}", f"{self.name}/{name}"
        return found

    @contextmanager
    def opened(self, name: str) -> Iterator[Source]:
        """Open one object."""
        with self._files.open(f"{self._path}/{name}", "rb") as file:
            yield Source(file, _checked(f"{self.name}/{name}", int(file.size)))


def place_of(path: str | os.PathLike[str]) -> Directory | Store:
    """Return where a recording lies: a directory, or a store where the path is a URL."""
    text = os.fspath(path)
    return Store(text.rstrip("/")) if "://" in text else Directory(Path(text), text)


def _checked(name: str, size: int) -> int:
    if size <= MOST_SEGMENT:
        return size
    raise FrameBytesError(
        name, expected=f"at most {MOST_SEGMENT} bytes", found=str(size), remedy="no part of a recording is that long"
    )
