"""The widget that holds the cursor in Python and receives frames in the browser; every panel is drawn by its bundle.

The bundle travels as text: given as a path, it would keep every view alive for good. It is a path only while someone
works on the bundle itself (`ANYWIDGET_HMR=1`). All drawing and scrubbing happens in the browser; what comes back is
the cursor, once it rests, possibly on another thread: it is checked here and starts nothing.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from rnnwidgets import schema
from rnnwidgets.errors import RecordingError, UnknownNameError
from rnnwidgets.frame import Trace
from rnnwidgets.recording import Recording
from rnnwidgets.widgets.publisher import Message, publisher_of

BUNDLE = Path(__file__).parent.parent / "static" / "widget.js"
AXES = ("time", "sample", "unit")
DURABLE = ("_meta", "_snapshot")


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


def recording_of(source: Any) -> Recording:
    """Return the recording of a recorder, or the recording itself.

    Raises:
        RecordingError: `source` is neither.
    """
    recording = getattr(source, "recording", source)
    if isinstance(recording, Recording):
        return recording
    raise RecordingError(
        "source",
        expected="a Recorder or a Recording",
        found=f"an object of type {type(source).__name__}",
        remedy="pass what rnnwidgets.watch(model) returned",
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


def _cursor(trait: traitlets.TraitType[Any, Any]) -> Any:
    """Return the trait, synchronised, without the echo that would fight a drag."""
    return trait.tag(sync=True, echo_update=False)


class RecordingView(anywidget.AnyWidget):
    """A view of one recording, live while it grows. Its subclasses choose the panels.

    Attributes:
        step: the training step shown, or None to follow the latest.
        time: the position in the sequence, from 0.
        layer: name of the layer shown, or an empty string for the first.
        gate: letter of the gate, state or gradient shown, or an empty string for the first.
        unit: the unit outlined, or None.
        sample: position among the recorded sequences, from 0.
        theme: `auto` (that of the notebook), `light` or `dark`.
    """

    panels: Sequence[schema.Panel] = ()

    _esm = BUNDLE if os.environ.get("ANYWIDGET_HMR") == "1" else traitlets.Unicode().tag(sync=True)
    _meta = traitlets.Dict().tag(sync=True)
    _snapshot = traitlets.Bytes().tag(sync=True)
    _panels = traitlets.List(traitlets.Unicode()).tag(sync=True)
    theme = traitlets.Enum(("auto", "light", "dark"), "auto").tag(sync=True)
    step = _cursor(traitlets.Int(None, allow_none=True))
    time = _cursor(traitlets.Int(0))
    layer = _cursor(traitlets.Unicode(""))
    gate = _cursor(traitlets.Unicode(""))
    unit = _cursor(traitlets.Int(None, allow_none=True))
    sample = _cursor(traitlets.Int(0))

    def __init__(self, source: Any, **cursor: Any) -> None:
        """Show a recording.

        Args:
            source: what `rnnwidgets.watch` returned, or a `Recording`; it may still be empty.
            cursor: `step`, `time`, `layer`, `gate`, `unit`, `sample` and `theme`, each optional.

        Raises:
            RecordingError: `source` is neither, or the cursor points outside what is recorded.
        """
        self.recording = recording_of(source)
        self._publisher = publisher_of(self.recording)
        with self._publisher.joining() as joined:
            meta, snapshot = self._publisher.now()
            super().__init__(_meta=meta, _snapshot=snapshot, _panels=list(self.panels), **cursor)
            joined(self)

    def __repr__(self) -> str:
        """Say in one line what is shown, for where no widget is."""
        status = self.recording.status
        layers = ", ".join(self.recording.layers) or "nothing yet"
        return f"<{type(self).__name__} of {layers}: {status.state}, step {status.step}, {len(self.recording)} frames>"

    def show(self, meta: Message, snapshot: bytes) -> None:
        """Send the snapshot of the whole run, even if it is the one sent before."""
        self._meta, self._snapshot = meta, snapshot
        self.send_state(DURABLE)

    def notify_change(self, change: Any) -> None:
        """Send a trait that changed; those of the snapshot go together, in one message, from `show`."""
        if change["name"] not in DURABLE:
            super().notify_change(change)

    def close(self) -> None:
        """End the view and its subscription; a second call does nothing."""
        publisher = getattr(self, "_publisher", None)
        if publisher is not None:
            publisher.leave(self)
        super().close()

    @traitlets.default("_esm")
    def _load_bundle(self) -> str:
        return bundle(BUNDLE)

    @traitlets.observe("step")
    def _tell_charts(self, change: Any) -> None:
        self._publisher.pointed(change["new"])

    @traitlets.validate("layer")
    def _known_layer(self, proposal: Any) -> str:
        return known("layer", proposal["value"], self.recording.layers)

    @traitlets.validate("gate")
    def _known_gate(self, proposal: Any) -> str:
        traces = self._traces()
        names = (*schema.GATES[traces[-1].kind], *schema.TOTAL_GRADIENTS[traces[-1].kind]) if traces else ()
        return known("gate", proposal["value"], names)

    @traitlets.validate("step", "time", "sample", "unit")
    def _inside(self, proposal: Any) -> int | None:
        """Check a position against the largest extent among the frames held: sequences may differ in length."""
        name, value = proposal["trait"].name, proposal["value"]
        if value is None:
            return None
        axis = AXES.index(name) if name in AXES else None
        sizes = [] if axis is None else [next(iter(trace.arrays.values())).shape[axis] for trace in self._traces()]
        if value < 0 or (sizes and value >= max(sizes)):
            raise RecordingError(
                name,
                expected=f"a number from 0 to {max(sizes) - 1}" if sizes else "a number from 0 on",
                found=repr(value),
                remedy=f"choose one of those, or leave out {name}=",
            )
        return int(value)

    def _traces(self) -> list[Trace]:
        """Return the traces, in all frames held, of the layer shown."""
        layer = self.layer or next(iter(self.recording.layers), "")
        return [frame.traces[layer] for frame in self.recording[:] if layer in frame.traces]
