"""A recording: frames in bounded memory, scalars of the whole run, and what the recorder says of itself.

Answers three constraints. Memory is a hard cap on the bytes held by frames: about half of it holds the latest frames
one by one, the rest an ever sparser, logarithmically spaced choice of the older ones. Scalars are kept for the whole
run in at most `schema.CURVE_BINS` bins, each with its lowest and highest value, so that a spike is never averaged
away. Training writes on one thread while views read on others: one lock.
"""

from __future__ import annotations

import os
import threading
import uuid
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from rnnwidgets import schema
from rnnwidgets.archive import Disk, Writer, save
from rnnwidgets.errors import RecordingError
from rnnwidgets.frame import Frame, settle
from rnnwidgets.recording.aside import Aside
from rnnwidgets.recording.convert import Convertible
from rnnwidgets.recording.held import Held, Sized, fitted
from rnnwidgets.recording.series import Curve, Series

__all__ = ["Curve", "Recording", "Series"]

_LEAST_HELD = 4
_LOGGED = 256


class Recording(Convertible):
    """The frames of one run, oldest first; `recording[-1]` is the latest.

    Attributes:
        run: an identifier of this run, new for every recording.
        name: the last part of the path that it is kept at; empty where it is in memory alone.
        memory: hard cap on the bytes held.
        listeners: what `subscribe` was given, as long as it is to be called.
        aside: counts what threads of its views use of the CPU.
    """

    def __init__(self, *, memory: int = 64 * 2**20) -> None:
        """Start empty.

        Args:
            memory: hard cap, in bytes, on what the frames hold.

        Raises:
            RecordingError: `memory` is not a positive number of bytes.
        """
        if memory <= 0:
            raise RecordingError(
                "memory", expected="a positive number of bytes", found=repr(memory), remedy="leave it out for 64 MiB"
            )
        self.run, self.name = uuid.uuid4().hex, ""
        self.lock, self._held = threading.RLock(), Held()
        self.memory, self.aside = memory, Aside()
        self._owners: dict[str, tuple[weakref.ref[Sized], int]] = {}
        self._series: dict[str, Series] = {}
        self._logged: list[tuple[int, Mapping[str, float]]] = []
        self.listeners: list[Callable[[bool], None]] = []
        self._extents: dict[str, tuple[int, ...]] = {}
        self._disk: Disk | None = None
        self._facts: dict[str, Any] = vars(schema.Status("waiting", -1, 0, 0, 1, None, 0, ())).copy()

    @overload
    def __getitem__(self, index: int) -> Frame: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Frame]: ...

    def __getitem__(self, index: int | slice) -> Frame | Sequence[Frame]:
        """Return the frame at a position (not a step), or several."""
        with self.lock:
            return self._held.frames[index]

    def __len__(self) -> int:
        """Return the number of frames held."""
        return len(self._held.frames)

    def __repr__(self) -> str:
        """Say in one line what is held."""
        status = self.status
        layers = ", ".join(self.layers) or "no layer yet"
        return f"<Recording of {layers}: {len(self)} frames, last step {status.step}, {status.held_bytes} bytes>"

    @property
    def steps(self) -> list[int]:
        """The training steps of the frames held, rising."""
        with self.lock:
            return [frame.step for frame in self._held.frames]

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the recorded layers, in the order of the model."""
        with self.lock:
            return self._held.frames[-1].layers if self._held.frames else ()

    @property
    def extents(self) -> Mapping[str, tuple[int, ...]]:
        """Layer -> the largest (times, samples, units) that any of its traces has had."""
        with self.lock:
            return dict(self._extents)

    @property
    def scalars(self) -> Mapping[str, Curve]:
        """Name -> `Curve`, for the whole run: everything logged, and what `Frame.scalars` names besides."""
        with self.lock:
            return {name: series.curve() for name, series in self._curves().items()}

    @property
    def nbytes(self) -> int:
        """Bytes held by the frames; never more than `memory`."""
        return self._held.nbytes

    @property
    def status(self) -> schema.Status:
        """What the recorder says of itself, with the figures of this recording."""
        with self.lock:
            return schema.Status(**{**self._facts, "held_bytes": self._held.nbytes})

    @property
    def ledger(self) -> Mapping[str, int]:
        """Who holds how many bytes for this recording: its frames, its curves, and what others say of themselves."""
        with self.lock:
            curves = sum(series.nbytes for series in self._series.values())
            owners = {name: owner() for name, (owner, _) in self._owners.items()}
            others = {name: owner.nbytes for name, owner in owners.items() if owner is not None}
            return {"frames": self._held.nbytes, "curves": curves, **others}

    def owned(self, name: str, owner: Sized, least: int = 0) -> None:
        """Count the bytes of an owner, while it lives, as held for this recording; frames leave it at least `least`."""
        self._owners[name] = weakref.ref(owner), least

    def report(self, **changes: Any) -> None:
        """Change what the status says (`state`, `every`, `overhead`, ...)."""
        with self.lock:
            self._facts.update(changes)

    def note(self, sentence: str) -> None:
        """Add a sentence to the status, once."""
        with self.lock:
            if sentence not in self._facts["notes"]:
                self._facts["notes"] = (*self._facts["notes"], sentence)

    def series(self) -> dict[str, tuple[int, NDArray[np.float64]]]:
        """Return, for each scalar, the values that a full bin holds and the bins (row, bin) as they are now."""
        with self.lock:
            return {name: (series.width, series.bins.copy()) for name, series in self._curves().items()}

    def subscribe(self, listener: Callable[[bool], None]) -> Callable[[], None]:
        """Call `listener(complete)` after every change, on the thread that made it, and return what ends that.

        `complete` is False when a frame has just come, whose scalars may follow, and True otherwise.
        """
        self.listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self.listeners:
                self.listeners.remove(listener)

        return unsubscribe

    def append(self, frame: Frame) -> None:
        """Add a frame and its scalars; older frames are thinned to stay under the cap."""
        if self._disk is not None:
            settle(frame)  # by the thread that trains, whose cost it is
        with self.lock:
            self._add(frame.step, frame.scalars)
            self._hold(frame)
            self.report(step=frame.step, recorded=self._facts["recorded"] + 1)
            for layer, extents in frame.extents.items():
                known = self._extents.get(layer, extents)
                self._extents[layer] = tuple(map(max, known, extents))
            if self._disk is not None:
                self._disk.frame(frame)
        self.changed(complete=False)

    def amend(self, step: int, update_ratios: Mapping[str, float]) -> None:
        """Add how far the update moved each parameter to that step's frame, if it is the latest."""
        with self.lock:
            if self._held.frames and self._held.frames[-1].step == step:
                last = self._held.frames[-1]
                norms = {
                    name: norm._replace(update_ratio=update_ratios.get(name, norm.update_ratio))
                    for name, norm in last.norms.items()
                }
                self._held.frames[-1] = replace(last, norms=norms)
            if self._disk is not None:
                self._disk.ratios(step, update_ratios)

    def log(self, step: int, scalars: Mapping[str, float]) -> None:
        """Add scalars of one step, to the curves and to that step's frame if it is the latest."""
        with self.lock:
            self._add(step, scalars)
            if self._held.frames and self._held.frames[-1].step == step:
                last = self._held.frames[-1]
                self._held.frames[-1] = replace(last, scalars={**last.scalars, **scalars})
            self._facts["step"] = max(step, self._facts["step"])
            if self._disk is not None:
                self._disk.scalars(step, scalars)
        self.changed(complete=True)

    def pin(self, step: int) -> None:
        """Keep the frames around a training step at which something happened, as long as any other can be given up."""
        with self.lock:
            self._held.pin(step)

    def passed(self, step: int) -> None:
        """Say that a training step ended and was not recorded, to nobody but who asks."""
        self._facts["step"] = step

    def record_to(self, path: str | os.PathLike[str], rank: int = 0) -> int:
        """Keep every frame and scalar that comes from now on in a directory too; return the training step that follows
        the last one there.

        Args:
            path: a new directory, or that of a recording, which is then gone on with.
            rank: which of several processes this is; each writes a log of its own.

        Raises:
            RecordingError: the path holds something else, cannot be written, or is being written already.
        """
        place, recording = Path(path), weakref.ref(self)

        def status() -> schema.Status | None:
            alive = recording()
            return None if alive is None else alive.status

        def note(sentence: str) -> None:
            alive = recording()
            if alive is not None:
                alive.note(sentence)

        writer = Writer.opened(place, self.run, rank)
        self._disk, self.name = Disk(place, writer, status, note), place.name
        return writer.last_step + 1

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write what is held into a new directory, to be read with `rnnwidgets.load`.

        Raises:
            RecordingError: the path holds something already, or cannot be written.
        """
        save(Path(path), self.run, self[:], self.series(), self.status)

    def close(self) -> None:
        """Write what is still on its way to disk, and let others write there; nothing, where nothing is on disk."""
        disk, self._disk = self._disk, None
        if disk is not None:
            disk.close()

    def changed(self, *, complete: bool = True) -> None:
        """Tell every listener."""
        for listener in tuple(self.listeners):
            listener(complete)

    def _add(self, step: int, scalars: Mapping[str, float]) -> None:
        """Keep scalars for the curves; they go in when someone looks, or when many wait."""
        self._logged.append((step, scalars))
        if len(self._logged) >= _LOGGED:
            self._curves()

    def _curves(self) -> Mapping[str, Series]:
        for step, scalars in self._logged:
            for name, value in scalars.items():
                if name not in self._series:
                    self._series[name] = Series()
                self._series[name].append(step, value)
        self._logged.clear()
        return self._series

    def _hold(self, frame: Frame) -> None:
        """Hold a frame, or as much of it as there is room for; at least half of the memory is the frames'."""
        least = {name: least for name, (_, least) in self._owners.items()}
        others = sum(max(size, least.get(owner, 0)) for owner, size in self.ledger.items() if owner != "frames")
        room = max(self.memory - others, self.memory // 2)
        whole = frame.nbytes
        if whole > room:
            frame = fitted(fitted(frame, room // _LEAST_HELD), room)
        if frame.nbytes > room:
            self.note(
                f"step {frame.step} needs {whole} bytes, more than memory={self.memory}, and was not kept: "
                "watch fewer samples or give more memory"
            )
            self.report(thinned=self._facts["thinned"] + 1)
            return
        if frame.nbytes < whole:
            self.note(
                f"step {frame.step} needs {whole} bytes: of frames that memory={self.memory} cannot hold, the first "
                "samples and the last times are kept"
            )
        given_up = self._held.add(frame, room)
        self.report(thinned=self._facts["thinned"] + given_up)
