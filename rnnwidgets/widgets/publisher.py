"""One publisher per recording tells all its views, from the thread that trains, and once more when that falls silent.

Answers these constraints. Whatever crosses the wire is immutable bytes, encoded once for all views. Custom messages
are lost on reload and when a cell prints much, traits are not: so deltas go as messages, and a snapshot that heals
everything goes as traits: with growing gaps while training runs, small where deltas follow closely, which a large one
keeps waiting; whole at every end that can be seen. Both are made on threads beside training, frames computed that are
still to be; the last snapshot before the cell ends. A publisher lives as long as one of its views or charts, which it
holds weakly; the recording holds nothing but a weak callback.
"""

from __future__ import annotations

import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

from rnnwidgets import schema
from rnnwidgets.analysis import Analysis
from rnnwidgets.errors import Guard
from rnnwidgets.frame import Frame, settle, waits
from rnnwidgets.recording import Recording
from rnnwidgets.widgets.analyst import Analyst, Findings, encoded
from rnnwidgets.widgets.audience import Chart, Message, View
from rnnwidgets.widgets.beside import weakly, worker
from rnnwidgets.widgets.lanes import RUNNING_BYTES, DurableLane, LiveLane, sound
from rnnwidgets.widgets.settle import Settle

CHART_SECONDS = 0.5
_ENDED = ("finished", "failed")
_RESTING_SECONDS = 1.0


class Publisher:
    """Tells the views of one recording what is in it; made by `publisher_of`."""

    def __init__(self, recording: Recording, clock: Callable[[], float] = time.monotonic) -> None:
        """Start without views; `clock` gives seconds."""
        self.recording = recording
        self._clock = clock
        self._lock = threading.RLock()
        self._views: weakref.WeakSet[View] = weakref.WeakSet()
        self._charts: weakref.WeakSet[Chart] = weakref.WeakSet()
        self._guard = Guard(recording.note)
        self._live = LiveLane(recording.note)
        self._durable = DurableLane()
        recording.owned("views", self._durable)
        self._settle = Settle(weakly(self._settled), clock=clock)
        self._compute, self._encode, self._draw = (worker(recording.aside.counting) for _ in range(3))
        self._found = Findings()
        self._analyst = Analyst(recording, weakly(self._analysed))
        self._ties = ExitStack()
        weakref.finalize(self, self._ties.close).atexit = False
        self._tied = False
        self._progress = _progress(recording.status)
        self._state: schema.State = recording.status.state
        self._cell_over: schema.State | None = None
        self._unseen = False
        self._written = self._charted = float("-inf")

    @contextmanager
    def joining(self) -> Iterator[Callable[[View], None]]:
        """Hold everything while a view is made from `now()`, so that no delta is lost between that and its joining."""
        with self._lock:
            self._tie()
            try:
                yield self._views.add
            finally:
                self._untie_if_alone()
                self._analyse()

    def now(self, most: int = schema.SNAPSHOT_BYTES) -> tuple[Message, bytes]:
        """Return `_meta` and `_snapshot` as of now, in at most so many bytes."""
        with self._lock:
            meta = schema.Meta(schema.VERSION, self.recording.run, self._live.seq, self._status())
            series, frames = self.recording.series(), self.recording[:]
            return _plain(meta), self._durable.snapshot(series, frames, self._found.all, most)

    def join(self, chart: Chart) -> None:
        """Keep a chart up to date."""
        with self._lock:
            self._charts.add(chart)
            self._tie()

    def leave(self, member: Any) -> None:
        """Forget a view or chart; with the last one every subscription and timer goes."""
        with self._lock:
            self._views.discard(member)
            self._charts.discard(member)
            self._untie_if_alone()

    def pointed(self, step: int | None) -> None:
        """Tell the charts that a view's cursor went to a step."""
        for chart in tuple(self._charts):
            chart.follow(step)

    def point(self, step: int) -> None:
        """Move the cursor of every view, and the marks of the charts, to a step."""
        for view in tuple(self._views):
            view.step = step
        self.pointed(step)

    def _tie(self) -> None:
        if self._tied:
            return
        self._tied = True
        self._ties.callback(self.recording.subscribe(weakly(self._changed)))
        self._ties.callback(self._settle.stop)
        self._ties.callback(self._analyst.stop)
        self._ties.callback(self._compute.end)
        self._ties.callback(self._encode.end)
        self._ties.callback(self._draw.end)
        if "IPython" in sys.modules:
            shell = sys.modules["IPython"].get_ipython()
            if shell is not None:
                ended = weakly(self._cell_ended)
                shell.events.register("post_run_cell", ended)
                self._ties.callback(shell.events.unregister, "post_run_cell", ended)

    def _untie_if_alone(self) -> None:
        if not self._views and not self._charts:
            self._tied = False
            self._ties.close()

    def _changed(self, complete: bool) -> None:  # noqa: FBT001 (listeners are called with one argument)
        with self._lock:
            if self._tied:
                self._settle.touch()
                self._guard.run("updating the views", self._update, complete=complete)

    def _update(self, *, complete: bool) -> None:
        now, status = self._clock(), self.recording.status
        progress = _progress(status)
        if progress != self._progress:
            if self._cell_over or not self._unseen:
                self._durable.begin(now)
            self._progress, self._cell_over, self._unseen = progress, None, True
        if complete and status.state != self._state:
            self._state = status.state
            if status.state in _ENDED or (status.state == "paused" and now - self._written >= _RESTING_SECONDS):
                self._write(now)
            self._analyse()
        if self._views:
            self._tell(now, complete=complete)
        if now - self._charted >= CHART_SECONDS and not self._draw.busy:
            self._refresh(now)

    def _tell(self, now: float, *, complete: bool) -> None:
        """Have views told of what is new, as far as it is their time; where there is none, nothing is computed."""
        if self._live.ready(now) and not self._compute.busy:
            frame = self._complete_frame(complete=complete)
            if complete or self._live.news(frame):
                self._compute(weakly(self._speak_beside), frame)
        if self._unseen and not self._encode.busy and self._durable.due(now):
            self._encode(weakly(self._write_beside), self.recording[:-1])

    def _analyse(self) -> None:
        """Let the frames be analysed beside training, or after it."""
        if self._views and len(self.recording):
            self._analyst.touch(live=self._status().state == "live")

    def _analysed(self, analysis: Analysis | None) -> None:
        """Show an analysis, on the thread that made it; None says that all are made."""
        sizes = None if analysis is None else encoded(analysis)
        with self._lock:
            if analysis is not None and sizes is not None:
                self._found.add(analysis.step, *sizes)
            if self._tied:
                self._guard.run("showing an analysis", self._show_analyses, over=analysis is None)

    def _show_analyses(self, *, over: bool) -> None:
        now = self._clock()
        if over and self._found.unwritten:
            self._write(now)
        else:
            self._speak(self._complete_frame(complete=False))

    def _complete_frame(self, *, complete: bool) -> Frame | None:
        """Return the latest frame to which no scalars will be added, as far as can be known."""
        frames, step = self.recording[-2:], self.recording.status.step
        latest = (frame for position in (-1, -2)[: len(frames)] for frame in sound(frames, [position]))
        return next((frame for frame in latest if complete or frame.step != step), None)

    def _speak(self, frame: Frame | None) -> None:
        """Send a delta to every view, if it is time for one: curves, and the frame if it is news.

        Three threads speak, and each may have waited until another had spoken.
        """
        views = tuple(self._views)
        if not views or not self._live.ready(self._clock()):
            return
        news = frame if self._live.news(frame) else None
        buffer = self._live.delta(self.recording.series(), news, len(views), self._found.news)
        delta = schema.Delta("delta", schema.VERSION, self.recording.run, self._live.seq, self._status())
        content = _plain(delta)
        for view in views:
            self._guard.run("sending to a view", view.send, content, [buffer])
        self._live.said(self._clock())

    def _speak_beside(self, frame: Frame | None) -> None:
        """Send a delta once its frame is computed, while nobody waits for the lock; without it, where that fails."""
        if frame is not None:
            self._guard.run("computing a frame", settle, frame)
        with self._lock:
            if self._tied:
                self._guard.run("updating the views", self._speak, _computed(frame))
                self._analyse()

    def _write(self, now: float, most: int = schema.SNAPSHOT_BYTES) -> None:
        """Give every view a new snapshot, of at most so many bytes."""
        self._written = now
        self._found.unwritten = False
        views = tuple(self._views)
        if not views:
            return
        meta, snapshot = self.now(most)
        for view in views:
            self._guard.run("sending a snapshot", view.show, meta, snapshot)

    def _write_beside(self, frames: Sequence[Frame]) -> None:
        """Give every view a new snapshot: its steps are encoded before anyone is kept waiting for the lock."""
        self._guard.run("encoding a snapshot", self._durable.prepare, frames)
        with self._lock:
            if self._tied:
                self._guard.run("updating the views", self._write, self._clock(), RUNNING_BYTES)

    def _refresh(self, now: float) -> None:
        """Have every chart read what is new, and compute what it looks at, beside training."""
        self._charted = now
        if self._charts:
            self._draw(weakly(self._refresh_beside), tuple(self._charts))

    def _refresh_beside(self, charts: Sequence[Chart]) -> None:
        for chart in charts:
            self._guard.run("drawing a chart", chart.refresh)

    def _cell_ended(self, result: Any) -> None:
        """Say that it is over, if anything came while the cell ran: nothing else may tell, on an interrupt say.

        A cell that an exception ended has failed; one that its user interrupted has finished.
        """
        with self._lock:
            if self._tied and self._unseen:
                error = result.error_in_exec
                self._cell_over = "finished" if error is None or isinstance(error, KeyboardInterrupt) else "failed"
                self._unseen = False
                self._settle.touch()
                self._guard.run("updating the views", self._write, self._clock())

    def _settled(self, last: bool) -> None:  # noqa: FBT001 (called by `Settle` with one argument)
        with self._lock, self.recording.aside.counting():
            if self._tied:
                self._guard.run("updating the views", self._rest, last=last)

    def _rest(self, *, last: bool) -> None:
        """Say again what may have been lost; while steps are merely slow, snapshots keep to their gaps."""
        now = self._clock()
        if not last:
            self._speak(self._complete_frame(complete=True))
        if last or self._cell_over or self._state != "live" or self._durable.due(now):
            self._write(now)
        self._refresh(now)
        self._analyse()

    def _status(self) -> schema.Status:
        """Return the status to show: at the end of its cell a live run is over, until its next step."""
        status = self.recording.status
        return replace(status, state=self._cell_over) if self._cell_over and status.state == "live" else status


_publishers: weakref.WeakKeyDictionary[Recording, weakref.ref[Publisher]] = weakref.WeakKeyDictionary()
_registry = threading.Lock()


def publisher_of(recording: Recording) -> Publisher:
    """Return the one publisher of a recording; it lives as long as somebody holds it."""
    with _registry:
        known = _publishers.get(recording)
        publisher = known() if known is not None else None
        if publisher is None:
            publisher = Publisher(recording)
            _publishers[recording] = weakref.ref(publisher)
        return publisher


def _computed(frame: Frame | None) -> Frame | None:
    """Return the frame, None where its traces are not there."""
    return None if frame is None or waits(frame) else frame


def _progress(status: schema.Status) -> tuple[int, int]:
    return status.step, status.recorded


def _plain(message: schema.Delta | schema.Meta) -> Message:
    return {**vars(message), "status": {**vars(message.status), "notes": list(message.status.notes)}}
