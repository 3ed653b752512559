"""The log of one rank, read: its frames by position, its facts in their order. Nothing is written here, ever.

Opening reads indices and heads; a frame is read when it is asked for, with what was said of its step later on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnwidgets.archive.lock import LOCK
from rnnwidgets.archive.place import LOG, Place
from rnnwidgets.archive.record import HEAD_BYTES, Kind, from_json, payload_of
from rnnwidgets.archive.segment import Segment
from rnnwidgets.errors import FrameBytesError, RecordingError
from rnnwidgets.frame import Frame, number


class Log:
    """Frames and facts of one rank.

    Attributes:
        place: the directory of the rank.
        segments: its files, in their order.
        steps: int64 (frames,), the training step of each frame.
        damaged_facts: how many records of facts could not be read.
    """

    def __init__(self, place: Place) -> None:
        """Look at what is there; `OSError` where the directory cannot be read."""
        self.place = place
        self.segments: list[Segment] = []
        self.steps: NDArray[np.int64] = np.empty(0, np.int64)
        self.damaged_facts = 0
        self._where: NDArray[np.int64] = np.empty((0, 2), np.int64)
        self._read: list[int] = []
        self._locked = False
        self.refresh()

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.steps)

    def refresh(self) -> bool:
        """Look for what was appended since; return whether anything was.

        Raises:
            RecordingError: a file of it cannot be read.
        """
        known = {segment.name for segment in self.segments}
        names = self.place.names()
        self._locked = LOCK in names
        new = [Segment(name) for name in names if LOG.fullmatch(name) and name not in known]
        before = [len(segment.rows) for segment in self.segments]
        growing = self.segments[-1:] + new
        self.segments += new
        self._read += [0] * len(new)
        for segment in growing:
            self._grow(segment)
        grown = [len(segment.rows) for segment in self.segments] != before
        if grown:
            self._locate()
        return grown

    def frame(self, position: int) -> Frame:
        """Return one frame, with the scalars and update ratios that came after it.

        Raises:
            FrameBytesError: its bytes are damaged; the frames beside it are not.
        """
        which, at = self._where[position].tolist()
        segment = self.segments[which]
        try:
            frame = Frame.from_bytes(self._payload(segment, at, Kind.FRAME))
        except (OSError, FrameBytesError) as error:
            raise FrameBytesError(
                f"{self.place.name}/{segment.name}",
                expected=f"the frame of step {segment.rows['step'][at]} at byte {segment.rows['offset'][at]}",
                found=getattr(error, "found", str(error)),
                remedy="it is damaged, and the other frames can be read",
            ) from error
        return self._completed(frame, which, at)

    def facts(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield (step, facts) of every record of facts since the last call, those that cannot be read left out."""
        for which, segment in enumerate(self.segments):
            first, self._read[which] = self._read[which], len(segment.rows)
            for step, payload in segment.facts(self.place, first):
                try:
                    facts = None if payload is None else from_json(payload)
                except FrameBytesError:
                    facts = None
                if facts is None:
                    self.damaged_facts += 1
                else:
                    yield step, facts

    def run(self) -> str:
        """Return the name of the run that the log itself gives.

        Raises:
            FrameBytesError: it gives none, or that is damaged too.
        """
        for segment in self.segments:
            for at in np.flatnonzero(segment.rows["kind"] == Kind.SEGMENT).tolist():
                return str(from_json(self._payload(segment, at, Kind.SEGMENT)).get("run"))
        raise FrameBytesError(
            self.place.name, expected="a log", found="no sound record", remedy="nothing can be read of it"
        )

    @property
    def sealed(self) -> bool:
        """Whether its writer ended in good order: one that was killed between two segments leaves its lock behind."""
        return bool(self.segments) and self.segments[-1].copies is not None and not self._locked

    @property
    def damage(self) -> list[str]:
        """Sentences about bytes that are no records."""
        return [
            f"{self.place.name}/{segment.name}: bytes {start} to {end} are damaged"
            for segment in self.segments
            for start, end in segment.damage
        ]

    def _grow(self, segment: Segment) -> None:
        try:
            segment.grow(self.place)
        except OSError as error:
            raise RecordingError(
                f"{self.place.name}/{segment.name}",
                expected="a regular file that can be read",
                found=(error.strerror or str(error)).lower(),
                remedy="a recording holds nothing else",
            ) from error

    def _locate(self) -> None:
        """Number the frames: (segment, row) of each, in the order in which they were written."""
        places, steps = [], []
        for which, segment in enumerate(self.segments):
            rows = np.flatnonzero(segment.rows["kind"] == Kind.FRAME)
            places.append(np.stack((np.full(len(rows), which), rows), axis=1))
            steps.append(segment.rows["step"][rows])
        self._where, self.steps = np.concatenate(places), np.concatenate(steps)

    def _completed(self, frame: Frame, which: int, at: int) -> Frame:
        """Add what later records say of the frame's step: in its segment, or in the one begun right after it."""
        scalars, ratios = dict(frame.scalars), dict[str, float]()
        for segment, first in zip(self.segments[which : which + 2], (at + 1, 0), strict=False):
            rows = segment.rows[first:]
            told = np.flatnonzero((rows["step"] == frame.step) & (rows["kind"] == Kind.FACTS))
            for offset in told.tolist():
                try:
                    facts = from_json(self._payload(segment, first + offset, Kind.FACTS))
                except (OSError, FrameBytesError):
                    continue
                scalars |= numbers(facts.get("scalars"))
                ratios |= numbers(facts.get("ratios"))
        norms = {
            name: norm._replace(update_ratio=ratios.get(name, norm.update_ratio)) for name, norm in frame.norms.items()
        }
        return replace(frame, scalars=scalars, norms=norms)

    def _payload(self, segment: Segment, at: int, kind: Kind) -> bytes:
        row = segment.rows[at]
        with self.place.opened(segment.name) as source:
            return payload_of(source.read(int(row["offset"]), HEAD_BYTES + int(row["size"])), kind)


def numbers(facts: object) -> dict[str, float]:
    """Return name -> number from a JSON object; what is no number is left out."""
    found = {}
    for name, value in facts.items() if isinstance(facts, dict) else ():
        if isinstance(value, (int, float)) or (isinstance(value, str) and value in ("nan", "inf", "-inf")):
            found[name] = float(number(value))
    return found
