"""The widget that holds the cursor in Python and receives frames in the browser; every panel is drawn by its bundle.

The bundle travels as text: given as a path, it would keep every view alive for good. It is a path only while someone
works on the bundle itself (`ANYWIDGET_HMR=1`). All drawing and scrubbing happens in the browser; what comes back is
the cursor, once it rests, possibly on another thread: it is checked here and starts nothing.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import traitlets

from rnnwidgets import schema
from rnnwidgets.errors import RecordingError, UnknownNameError
from rnnwidgets.frame import Trace
from rnnwidgets.languages import checked_language
from rnnwidgets.recording import Recording
from rnnwidgets.widgets.audience import Message
from rnnwidgets.widgets.lanes import sound
from rnnwidgets.widgets.layout import Layout, arrange
from rnnwidgets.widgets.page import PageWidget, array, unechoed
from rnnwidgets.widgets.publisher import publisher_of
from rnnwidgets.widgets.sources import recordings_of
from rnnwidgets.widgets.still import still

BUNDLE = Path(__file__).parent.parent / "static" / "widget.js"
AXES = ("time", "sample", "unit")
FIRST = ("_meta", "_snapshot")
OTHERS = ("_others",)


@cache
def bundle(path: Path) -> str:
    """Return the text of the bundle.

    Raises:
        RecordingError: it has not been built.
    """
    if path.exists():
        return path.read_text("utf-8")
    raise RecordingError(
        "the view",
        expected=f"its bundle at {path}",
        found="no such file",
        remedy="run `make build` in a checkout, or install a released wheel",
    )


def known(subject: str, name: str, names: Sequence[str]) -> str:
    """Return the name, if it is among those recorded, or empty, or nothing has been recorded yet.

    Raises:
        UnknownNameError: it is none of these; the sentence lists the names.
    """
    if name in ("", *names) or not names:
        return name
    raise UnknownNameError(
        subject,
        expected=f"one of {', '.join(names)}",
        found=repr(name),
        remedy=f"use one of those names, or leave out {subject}= for the first",
    )


def _shown(trace: Trace) -> tuple[str, ...]:
    """Return the names under which a layer may be shown: those of its kind; those that it holds, if it was tapped."""
    own = trace.names if trace.kind == "TAP" else ()
    return (*schema.GATES[trace.kind], *schema.TOTAL_GRADIENTS[trace.kind], *own)


class Cursor(NamedTuple):
    """Where the reader looks: the traits of these names."""

    step: int | None
    time: int
    layer: str
    gate: str
    unit: int | None
    sample: int


class RecordingView(PageWidget):
    """A view of a recording, live while it grows, or of several side by side. Its subclasses choose the panels.

    Attributes:
        step: the training step shown, or None to follow the latest.
        time: the position in the sequence, from 0, also where only its last times are recorded.
        layer: name of the layer shown, or an empty string for the first.
        gate: letter of the gate, state or gradient shown, or an empty string for the first.
        unit: the unit outlined, or None.
        sample: position among the recorded sequences, from 0.
        cursor: all of these, of one moment: a loop that reads one after the other may be overtaken by the browser.
        selected: training steps as a brush of bqplot holds them, the first and the last, or None. After
            `ipywidgets.jslink((brush, "selected"), (view, "selected"))` each follows the other without the kernel: the
            last step selected is the one shown, and a move elsewhere takes the brush along. Other selectors of bqplot
            are led too, but bqplot answers them from Python, late: in a running cell that takes the reader back.
        theme: `auto` (that of the notebook), `light` or `dark`.
        language: `auto` (that of the page, else of the browser), `en` or `zh`; a view that is shown changes at once.
    """

    panels: Sequence[str] = ()

    _esm = BUNDLE if os.environ.get("ANYWIDGET_HMR") == "1" else traitlets.Unicode().tag(sync=True)
    _meta = traitlets.Dict().tag(sync=True)
    _snapshot = traitlets.Bytes().tag(sync=True)
    _others: traitlets.List[Any] = traitlets.List().tag(sync=True)
    _names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    _panels = traitlets.List(traitlets.Unicode()).tag(sync=True)
    _rows: traitlets.List[Any] = traitlets.List().tag(sync=True)
    theme = traitlets.Enum(("auto", "light", "dark"), "auto").tag(sync=True)
    language = traitlets.Unicode("auto").tag(sync=True)
    step = unechoed(traitlets.Int(None, allow_none=True))
    time = unechoed(traitlets.Int(0))
    layer = unechoed(traitlets.Unicode(""))
    gate = unechoed(traitlets.Unicode(""))
    unit = unechoed(traitlets.Int(None, allow_none=True))
    sample = unechoed(traitlets.Int(0))
    selected = array()

    def __init__(self, source: Any, *, layout: Layout = "auto", **cursor: Any) -> None:
        """Show a recording, or several side by side.

        Args:
            source: what `rnnwidgets.watch` returned, or a `Recording`; it may still be empty. A list of two to four of
                them, or a mapping from names to them, shows them side by side with one cursor.
            layout: `auto`, `column`, or rows of panels such as `[["gates", "cell"], ["flow"]]`.
            cursor: `step`, `time`, `layer`, `gate`, `unit`, `sample`, `theme` and `language`, each optional.

        Raises:
            RecordingError: `source` is none of these, `layout` names no panels, `language` is unknown, or the cursor
                points outside what is recorded.
        """
        named = recordings_of(source)
        self.recordings = tuple(named.values())
        self.recording = self.recordings[0]
        panels, rows = arrange(self.panels, layout)
        self._publishers = tuple(publisher_of(recording) for recording in self.recordings)
        with ExitStack() as stack:
            joined = [stack.enter_context(publisher.joining()) for publisher in self._publishers]
            (meta, snapshot), *others = [publisher.now() for publisher in self._publishers]
            super().__init__(
                _meta=meta,
                _snapshot=snapshot,
                _others=[{"meta": other, "snapshot": data} for other, data in others],
                _names=list(named) if others else [],
                _panels=panels,
                _rows=rows,
                **cursor,
            )
            self.cursor = self._place()
            for join in joined:
                join(self)

    def __repr__(self) -> str:
        """Say in one line what is shown, for where no widget is."""
        status = self.recording.status
        layers = ", ".join(self.recording.layers) or "nothing yet"
        return f"<{type(self).__name__} of {layers}: {status.state}, step {status.step}, {len(self.recording)} frames>"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """Return the live view, and beside it a still picture for where no widget runs."""
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        picture = still(self.recording, self.layer, self.gate, self.sample, self.language)
        return {**data, "image/svg+xml": picture}, metadata

    def show(self, meta: Message, snapshot: bytes) -> None:
        """Send the snapshot of the whole run, even if it is the one sent before."""
        if meta["run"] == self.recording.run:
            self._meta, self._snapshot = meta, snapshot
            self.send_state(FIRST)
            return
        new = {"meta": meta, "snapshot": snapshot}
        self._others = [new if other["meta"]["run"] == meta["run"] else other for other in self._others]
        self.send_state(OTHERS)

    def notify_change(self, change: Any) -> None:
        """Send a trait that changed; those of the snapshot go together, in one message, from `show`."""
        if change["name"] in Cursor._fields:
            self.cursor = self._place()  # all that one message sets is set by now
        if change["name"] not in FIRST + OTHERS:
            super().notify_change(change)

    def close(self) -> None:
        """End the view and its subscription; a second call does nothing."""
        for publisher in getattr(self, "_publishers", ()):
            publisher.leave(self)
        super().close()

    @traitlets.default("_esm")
    def _load_bundle(self) -> str:
        return bundle(BUNDLE)

    @traitlets.observe("step")
    def _tell_charts(self, change: Any) -> None:
        for publisher in self._publishers:
            publisher.pointed(change["new"])

    @traitlets.validate("language")
    def _known_language(self, proposal: Any) -> str:
        return checked_language(proposal["value"])

    @traitlets.validate("layer")
    def _known_layer(self, proposal: Any) -> str:
        names = (layer for recording in self.recordings for layer in recording.layers)
        return known("layer", proposal["value"], tuple(dict.fromkeys(names)))

    @traitlets.validate("gate")
    def _known_gate(self, proposal: Any) -> str:
        names = dict.fromkeys(name for trace in self._latest() for name in _shown(trace))
        return known("gate", proposal["value"], tuple(names))

    @traitlets.validate("step", "time", "sample", "unit")
    def _inside(self, proposal: Any) -> int | None:
        """Check a position against the largest extent among the frames held: sequences may differ in length, and of
        very long ones only the last times are recorded, which are counted from the start of the input.
        """
        name, value = proposal["trait"].name, proposal["value"]
        if value is None:
            return None
        axis = AXES.index(name) if name in AXES else None
        sizes = [] if axis is None else [extents[axis] for extents in self._extents()]
        if name == "time" and sizes:
            sizes += [trace.first + max(trace.lengths, default=0) for trace in self._latest()]
        if value < 0 or (sizes and value >= max(sizes)):
            raise RecordingError(
                name,
                expected=f"a number from 0 to {max(sizes) - 1}" if sizes else "a number from 0 on",
                found=repr(value),
                remedy=f"choose one of those, or leave out {name}=",
            )
        return int(value)

    def _place(self) -> Cursor:
        """Return the cursor as its traits have it now."""
        return Cursor(*(getattr(self, name) for name in Cursor._fields))

    def _shown_layers(self) -> list[tuple[Recording, str]]:
        """Return each recording with the name of its layer that is shown."""
        return [(recording, self.layer or next(iter(recording.layers), "")) for recording in self.recordings]

    def _extents(self) -> list[tuple[int, ...]]:
        """Return, for each recording, the largest (times, samples, units) of the layer shown."""
        shown = self._shown_layers()
        return [recording.extents[layer] for recording, layer in shown if layer in recording.extents]

    def _latest(self) -> list[Trace]:
        """Return, for each recording, the latest trace of the layer shown."""
        latest = []
        for recording, layer in self._shown_layers():
            frames = recording[:]
            one = (frame for last in reversed(range(len(frames))) for frame in sound(frames, [last]))
            latest += [frame.traces[layer] for frame in islice(one, 1) if layer in frame.traces]
        return latest
