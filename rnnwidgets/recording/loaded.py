"""A recording that lies on disk, or in a store: `load`. Frames are read when they are asked for.

Needs NumPy and the standard library only. Everything that is read is checked; a damaged frame is an error where it is
asked for, and the frames beside it are not.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any, final, overload

import numpy as np

from rnnwidgets import schema
from rnnwidgets.archive import RANK, Directory, Log, Place, is_written, numbers, place_of, read_manifest
from rnnwidgets.errors import FrameBytesError, RecordingError
from rnnwidgets.frame import Frame, number
from rnnwidgets.recording import Recording
from rnnwidgets.recording.follow import Follower
from rnnwidgets.recording.series import Curve, Series

CACHE_BYTES = 64 * 2**20
MOST_SERIES = 1024
_LIVE = ("waiting", "live", "paused")


def load(path: str | os.PathLike[str], *, follow: bool = False) -> Loaded:
    """Return the recording at a path; opening it reads no frame.

    Args:
        path: the directory that was given to `watch(path=...)` or `Recording.save`, or a URL that fsspec can open.
        follow: keep up with a process that is still writing it; ends by itself when that process has ended, or with
            `close()`.

    Raises:
        RecordingError: there is no recording, or one of a newer version.
        FrameBytesError: what says that it is one is damaged, in its manifest and in its logs.
    """
    place = place_of(path)
    damage = ""
    try:
        run = read_manifest(place)
    except FrameBytesError as error:
        damage = str(error)
    ranks = [int(found[1]) for found in map(RANK.fullmatch, place.names()) if found]
    if not ranks:
        raise RecordingError(
            "path",
            expected="a recording with at least one rank-0 in it",
            found=f"{place.name} without any",
            remedy="nothing was written there yet: load it again once training has begun",
        )
    if damage:
        run = Log(place.inside(f"rank-{min(ranks)}")).run()
    loaded = Loaded(place, run, sorted(ranks), follow=follow)
    if damage:
        loaded.note(damage)
    return loaded


@final
class Loaded(Recording):
    """Frames of one process on disk, oldest first; a `Recording` in all that reads it.

    Attributes:
        rank: the process whose frames these are.
    """

    def __init__(self, place: Place, run: str, ranks: Sequence[int], *, follow: bool = False) -> None:
        """Open the first of the ranks; use `load`."""
        super().__init__()
        self.rank = ranks[0]
        self.run, self.name = f"{run}-{self.rank}", PurePath(place.name).name
        self._place, self._name, self._others = place, run, ranks
        self._log = Log(place.inside(f"rank-{self.rank}"))
        self._cache: OrderedDict[int, Frame] = OrderedDict()
        self._told: dict[str, Any] = {}
        self._follower: Follower | None = None
        if follow:
            self._follower = Follower(self)

    @overload
    def __getitem__(self, index: int) -> Frame: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Frame]: ...

    def __getitem__(self, index: int | slice) -> Frame | Sequence[Frame]:
        """Return the frame at a position (not a step), or several, each read when it is touched.

        Raises:
            FrameBytesError: that frame is damaged.
        """
        with self.lock:
            positions = range(len(self._log))[index]
            return self._frame(positions) if isinstance(positions, int) else _Chosen(self, positions)

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self._log)

    @property
    def ranks(self) -> Mapping[int, Recording]:
        """Rank -> the recording of that process of a distributed run, this one's among them."""
        others = {rank: Loaded(self._place, self._name, [rank]) for rank in self._others if rank != self.rank}
        return dict(sorted({self.rank: self, **others}.items()))

    @property
    def steps(self) -> list[int]:
        """The training steps of the frames, rising."""
        with self.lock:
            steps: list[int] = self._log.steps.tolist()
            return steps

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the recorded layers, in the order of the model."""
        return tuple(self.extents)

    @property
    def extents(self) -> Mapping[str, tuple[int, ...]]:
        """Layer -> the largest (times, samples, units) that any of its traces has."""
        with self.lock:
            self._catch_up()
            return dict(self._extents)

    @property
    def scalars(self) -> Mapping[str, Curve]:
        """Name -> `Curve`, for the whole run."""
        with self.lock:
            self._catch_up()
            return super().scalars

    def series(self) -> dict[str, tuple[int, np.ndarray[Any, np.dtype[np.float64]]]]:
        """Return, for each scalar, the values that a full bin holds and the bins (row, bin)."""
        with self.lock:
            self._catch_up()
            return super().series()

    @property
    def nbytes(self) -> int:
        """Bytes of the frames that are in memory just now."""
        return sum(frame.nbytes for frame in self._cache.values())

    @property
    def status(self) -> schema.Status:
        """The recorder's last status; its numbers of steps are those of the files."""
        with self.lock:
            self._catch_up()
            facts = {**self._facts, **_status_facts(self._told)}
            steps = self._log.steps
            facts["step"] = max(facts["step"], int(steps[-1]) if len(steps) else -1)
            # A run that was written to disk as it went has all its steps there, however many its memory dropped.
            facts["recorded"] = max(facts["recorded"], len(self._log))
            facts["thinned"] = facts["recorded"] - len(self._log)
            facts["held_bytes"] = self.nbytes
            notes = [*facts["notes"], *self._facts["notes"], *self._log.damage, *self._words()]
            facts["notes"] = tuple(dict.fromkeys(notes))
            if facts["state"] in _LIVE and not self.is_written:
                facts["state"] = "finished" if self._log.sealed else "failed"
            return schema.Status(**facts)

    @property
    def is_written(self) -> bool:
        """Whether a process of this machine is writing it."""
        here = self._log.place
        return isinstance(here, Directory) and is_written(here.path)

    def refresh(self) -> bool:
        """Look for what was written since; return whether anything was."""
        with self.lock:
            grown = self._log.refresh()
            if grown:
                self._catch_up()
            return grown

    def append(self, frame: Frame) -> None:
        """Refuse: what is on disk is read here.

        Raises:
            RecordingError: always.
        """
        raise RecordingError(
            "append",
            expected="a recording in memory",
            found=f"{self._place.name}, opened for reading, and the frame of step {frame.step}",
            remedy="watch(model, path=...) goes on with a recording",
        )

    def close(self) -> None:
        """Stop following; what was read stays."""
        if self._follower is not None:
            self._follower.stop()

    def _frame(self, position: int) -> Frame:
        frame = self._cache.pop(position, None)
        if frame is None:
            frame = self._log.frame(position)
        self._cache[position] = frame
        while self.nbytes > CACHE_BYTES and len(self._cache) > 1:
            self._cache.popitem(last=False)
        return frame

    def _words(self) -> list[str]:
        """Return what must be said of how these frames were found."""
        words = []
        if len(self._others) > 1:
            words.append(f"{len(self._others)} processes were recorded; this is rank {self.rank}: see recording.ranks")
        if self._log.damaged_facts:
            words.append(f"{self._log.damaged_facts} records of scalars are damaged and left out")
        if self.is_written:
            if self._follower is None:
                words.append("this is still being written: load(path, follow=True) keeps up with it")
        elif not self._log.sealed:
            words.append("the process that wrote this was cut off; all that it had written is here")
        return words

    def _catch_up(self) -> None:
        """Take in the facts that are new: scalars, curves, extents of layers, status."""
        for step, facts in self._log.facts():
            for name, value in numbers(facts.get("scalars")).items():
                if name in self._series or len(self._series) < MOST_SERIES:
                    self._series.setdefault(name, Series()).append(step, value)
            if isinstance(facts.get("status"), dict):
                self._told = facts["status"]
            self._take_layers(facts.get("layers"))
            self._take_curve(facts.get("curve"))

    def _take_layers(self, layers: object) -> None:
        for name, sizes in layers.items() if isinstance(layers, dict) else ():
            if isinstance(sizes, list) and len(sizes) == 3 and all(isinstance(size, int) for size in sizes):
                known = self._extents.get(name, tuple(sizes))
                self._extents[name] = tuple(map(max, known, sizes))

    def _take_curve(self, curve: object) -> None:
        try:
            if isinstance(curve, dict) and len(self._series) < MOST_SERIES:
                bins = np.array([[number(value) for value in row] for row in curve["rows"]], np.float64)
                self._series[str(curve["name"])] = Series.of(int(curve["width"]), bins)
        except (KeyError, TypeError, ValueError):
            self._log.damaged_facts += 1


class _Chosen(Sequence[Frame]):
    """Some of the frames, each read when it is touched."""

    def __init__(self, recording: Loaded, positions: range) -> None:
        self._recording, self._positions = recording, positions

    @overload
    def __getitem__(self, index: int) -> Frame: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Frame]: ...

    def __getitem__(self, index: int | slice) -> Frame | Sequence[Frame]:
        chosen = self._positions[index]
        return self._recording[chosen] if isinstance(chosen, int) else _Chosen(self._recording, chosen)

    def __len__(self) -> int:
        return len(self._positions)


def _status_facts(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a status on disk is of the kind that a status has."""
    found: dict[str, Any] = {}
    if told.get("state") in (*_LIVE, "finished", "failed"):
        found["state"] = told["state"]
    for name in ("step", "recorded", "every"):
        if isinstance(told.get(name), int):
            found[name] = told[name]
    overhead = told.get("overhead")
    if isinstance(overhead, (int, float)):
        found["overhead"] = float(overhead)
    notes = told.get("notes")
    found["notes"] = tuple(str(note) for note in notes) if isinstance(notes, list) else ()
    return found
