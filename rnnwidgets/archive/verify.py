"""Reads every byte of a recording and tells what is damaged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rnnwidgets.archive.lock import is_written
from rnnwidgets.archive.log import Log
from rnnwidgets.archive.manifest import read_manifest
from rnnwidgets.archive.place import RANK, Directory, Place
from rnnwidgets.archive.record import HEAD_BYTES, Kind, from_json, pack, payload_of
from rnnwidgets.archive.segment import Segment
from rnnwidgets.errors import FrameBytesError
from rnnwidgets.frame import Frame


@dataclass(frozen=True)
class Report:
    """What was found.

    Attributes:
        frames: frames that are whole and sound, of all ranks together.
        damage: a sentence for each place that is not.
        remarks: what is no damage but worth knowing.
    """

    frames: int
    damage: tuple[str, ...]
    remarks: tuple[str, ...]


def verify(place: Place) -> Report:
    """Return what is found in every byte of a recording.

    Raises:
        RecordingError: there is no recording, or one of a newer version.
    """
    damage, remarks, frames = [], list[str](), 0
    try:
        read_manifest(place)
    except FrameBytesError as error:
        damage.append(str(error))
    for name in place.names():
        if found := RANK.fullmatch(name):
            inside = place.inside(name)
            written = isinstance(inside, Directory) and is_written(inside.path)
            log = Log(inside)
            for segment in log.segments:
                sound, told = _verified(inside, segment, int(found[1]))
                frames += sound
                damage += told
            torn = [segment for segment in log.segments if segment.copies is None]
            if written:
                remarks.append(f"{inside.name} is being written")
            else:
                remarks += [f"{inside.name}/{segment.name} was not sealed by its writer" for segment in torn]
    return Report(frames, tuple(damage), tuple(remarks))


def _verified(place: Place, segment: Segment, rank: int) -> tuple[int, list[str]]:
    """Return how many frames of a segment are sound, and what is not."""
    walked = Segment(segment.name)
    walked.walk(place)
    damage = [f"{place.name}/{segment.name}: bytes {start} to {end} are no records" for start, end in walked.damage]
    with place.opened(segment.name) as source:
        if source.size > walked.end:
            damage.append(f"{place.name}/{segment.name}: bytes {walked.end} to {source.size} are cut off")
        frames, facts = 0, list[bytes]()
        for kind, size, number, step, offset in walked.rows.tolist():
            record = source.read(offset, HEAD_BYTES + size)
            try:
                payload = payload_of(record, Kind(kind))
                if kind == Kind.FRAME:
                    Frame.from_bytes(payload)
                    frames += 1
                elif kind == Kind.FACTS:
                    from_json(payload)
                    facts.append(record)
            except FrameBytesError as error:
                damage.append(f"{place.name}/{segment.name}: record {number} (step {step}) at byte {offset}: {error}")
    return frames, damage + list(_index_damage(place, walked, rank, facts))


def _index_damage(place: Place, walked: Segment, rank: int, facts: list[bytes]) -> Iterator[str]:
    """Yield a sentence if there is an index and it is not the one that the log gives."""
    if walked.index not in place.names():
        return
    with place.opened(walked.index) as source:
        data = source.read(0, source.size)
    number = int(walked.rows["number"][-1]) + 1 if len(walked.rows) else 0
    if data != b"".join((pack(Kind.INDEX, number, -1, rank, walked.rows.tobytes()), *facts)):
        yield f"{place.name}/{walked.index}: expected the index of its log, found other bytes; it can be deleted"
