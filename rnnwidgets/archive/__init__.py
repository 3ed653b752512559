"""Recordings on disk: an append-only log of frames, safe against kills, cuts, flipped bits and full disks.

    run/manifest.json        says that this is a recording, of which version and run; written once
    run/rank-0/000000.log    records one after the other, sealed at 64 MiB
    run/rank-0/000000.idx    where they stand; can be made anew from the log
    run/rank-0/lock          who writes, while somebody does

The whole format is one page, docs/format.md. Nothing here executes, imports or unpickles what it reads.
"""

from __future__ import annotations

from rnnwidgets.archive.disk import Disk, facts_of, facts_of_status
from rnnwidgets.archive.lock import is_written
from rnnwidgets.archive.log import Log, numbers
from rnnwidgets.archive.manifest import read_manifest
from rnnwidgets.archive.place import RANK, Directory, Place, place_of
from rnnwidgets.archive.record import Kind, to_json
from rnnwidgets.archive.saving import save
from rnnwidgets.archive.verify import Report, verify
from rnnwidgets.archive.writer import Entry, Writer

__all__ = [
    "RANK",
    "Directory",
    "Disk",
    "Entry",
    "Kind",
    "Log",
    "Place",
    "Report",
    "Writer",
    "facts_of",
    "facts_of_status",
    "is_written",
    "numbers",
    "place_of",
    "read_manifest",
    "save",
    "to_json",
    "verify",
]
