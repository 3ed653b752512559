"""Who writes a rank: one process, named in a lock file by its number and by the boot of its machine.

A lock whose process is gone, or whose machine was booted since, is taken over: nothing must be cleaned up by hand after
a kill or a crash.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import uuid
from pathlib import Path
from typing import Any

from rnnwidgets.archive.place import Directory
from rnnwidgets.errors import RecordingError

LOCK = "lock"
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_MOST_BYTES = 4096


def boot() -> str:
    """Return what changes with every boot of this machine, or at least tells machines apart."""
    try:
        return _BOOT.read_text("ascii").strip()
    except OSError:
        return platform.node()


class Lock:
    """A lock file of this process; made by `take`, gone after `release`."""

    def __init__(self, path: Path, owner: dict[str, Any]) -> None:
        """Hold the lock of a directory; use `take`."""
        self._path, self._owner = path, owner

    @classmethod
    def take(cls, directory: Path) -> Lock:
        """Return the lock of a rank's directory.

        Raises:
            RecordingError: a process that runs on this machine holds it.
        """
        path = directory / LOCK
        owner = {"process": os.getpid(), "boot": boot(), "token": uuid.uuid4().hex}
        draft = path.with_name(f"{LOCK}-{owner['token']}")
        draft.write_text(json.dumps(owner), "utf-8")
        try:
            _put(draft, path)
        finally:
            draft.unlink(missing_ok=True)
        if _read(directory) != owner:
            raise _taken(directory)
        return cls(path, owner)

    def release(self) -> None:
        """Give the lock back, if it is still this one's and this process took it."""
        if self._owner["process"] == os.getpid() and _read(self._path.parent) == self._owner:
            self._path.unlink(missing_ok=True)


def is_written(directory: Path) -> bool:
    """Return whether a process that runs holds the lock of a rank's directory."""
    return _lives(_read(directory))


def _put(draft: Path, path: Path) -> None:
    """Put the draft in place where there is no lock, or one that nobody holds."""
    try:
        os.link(draft, path)
    except FileExistsError:
        if is_written(path.parent):
            raise _taken(path.parent) from None
        draft.replace(path)
    except OSError:  # a file system without links
        if is_written(path.parent):
            raise _taken(path.parent) from None
        draft.replace(path)


def _read(directory: Path) -> dict[str, Any]:
    try:
        with Directory(directory, str(directory)).opened(LOCK) as source:
            owner = json.loads(source.read(0, _MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return owner if isinstance(owner, dict) else {}


def _lives(owner: dict[str, Any]) -> bool:
    process = owner.get("process")
    if owner.get("boot") != boot() or not isinstance(process, int) or not 0 < process < 2**31:
        return False
    if sys.platform == "win32":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _taken(directory: Path) -> RecordingError:
    process = _read(directory).get("process")
    who = "this process" if process == os.getpid() else f"process {process}"
    return RecordingError(
        "path",
        expected="a recording that nobody writes",
        found=f"{directory}, being written by {who}",
        remedy="close() that recorder first, or choose another path",
    )
