"""The small file that says: this directory is a recording, of this version, of this run. Written once, atomically."""

from __future__ import annotations

import contextlib
import os
import uuid
import zlib
from pathlib import Path
from typing import Any

from rnnwidgets.archive.place import MANIFEST, RANK, Directory, Place
from rnnwidgets.archive.record import MOST_FACTS, VERSION, from_json, to_json
from rnnwidgets.errors import FrameBytesError, RecordingError

FORMAT = "rnnwidgets recording"
_DRAFT = ".manifest-"


def write_manifest(path: Path, run: str) -> str:
    """Make a directory a recording, if it is none yet, and return the name of its run.

    Several processes may do so at once: the first one names the run.

    Raises:
        RecordingError: the path holds something else, which is left as it is.
    """
    if path.exists() and not path.is_dir():
        raise _something_else(path, "a file")
    path.mkdir(parents=True, exist_ok=True)
    if not (path / MANIFEST).exists():
        names = Directory(path, str(path)).names()
        other = [name for name in names if not RANK.fullmatch(name) and not name.startswith(_DRAFT)]
        if other and not (path / MANIFEST).exists():
            raise _something_else(path, f"a directory with {other[0]} in it")
        _publish(path, _manifest(run))
    return run_of_directory(path)


def run_of_directory(path: Path) -> str:
    """Return the name of the run that a directory holds."""
    return parse_manifest(str(path), (path / MANIFEST).read_bytes())


def read_manifest(place: Place) -> str:
    """Return the name of the run that a place holds.

    Raises:
        RecordingError: it holds no recording, or one of a newer version.
        FrameBytesError: the manifest is damaged.
    """
    try:
        with place.opened(MANIFEST) as source:
            text = source.read(0, MOST_FACTS)
    except OSError as error:
        raise RecordingError(
            "path",
            expected=f"a recording: a directory with {MANIFEST} in it",
            found=_found(place, error),
            remedy="give the directory that was passed to watch(path=...) or Recording.save",
        ) from error
    return parse_manifest(place.name, text)


def parse_manifest(name: str, text: bytes) -> str:
    """Return the name of the run, after its checksum and version."""
    facts = from_json(text)
    checksum = facts.pop("crc32", None)
    if checksum is None and facts.get("format") != FORMAT:
        raise RecordingError(
            "path",
            expected=f"a recording: {MANIFEST} with format {FORMAT!r}",
            found=f"format {str(facts.get('format'))[:80]!r} in {name}",
            remedy="give the directory that was passed to watch(path=...) or Recording.save",
        )
    if checksum != _checksum(facts):
        raise FrameBytesError(
            f"{name}/{MANIFEST}",
            expected="its own checksum",
            found="another one",
            remedy="it is damaged, and what it says is taken from the logs",
        )
    version = facts.get("version")
    if version != VERSION:
        raise RecordingError(
            "path",
            expected=f"a recording of version {VERSION}",
            found=f"version {version} in {name}",
            remedy="read it with a newer rnnwidgets: pip install --upgrade rnnwidgets",
        )
    return str(facts.get("run"))


def _manifest(run: str) -> bytes:
    facts: dict[str, Any] = {"format": FORMAT, "version": VERSION, "run": run}
    return to_json({**facts, "crc32": _checksum(facts)})


def _checksum(facts: dict[str, Any]) -> str:
    return f"{zlib.crc32(to_json(facts)):08x}"


def _publish(path: Path, text: bytes) -> None:
    """Put the manifest in its place as a whole, unless another process was first."""
    draft = path / f"{_DRAFT}{uuid.uuid4().hex}"
    with draft.open("wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    try:
        with contextlib.suppress(FileExistsError):
            os.link(draft, path / MANIFEST)
    except OSError:  # a file system without links
        draft.replace(path / MANIFEST)
    draft.unlink(missing_ok=True)


def _found(place: Place, error: OSError) -> str:
    try:
        names = place.names()
    except OSError as missing:
        return f"{place.name}: {(missing.strerror or str(missing)).lower()}"
    if MANIFEST in names:
        return f"{place.name} whose {MANIFEST} cannot be read: {(error.strerror or str(error)).lower()}"
    return f"{place.name}, an empty directory" if not names else f"{place.name} with {names[0]} in it"


def _something_else(path: Path, found: str) -> RecordingError:
    return RecordingError(
        "path",
        expected="a new directory, or one that holds a recording",
        found=f"{path}: {found}",
        remedy="choose another path; nothing was changed there",
    )
