"""The problems of a run, found by thresholds that stand here with their reasons. A healthy run has none.

Gradients are judged by the total |dL/dh_t| over time, of the pair (h, c) for the LSTM: it is what trains. Where every
time has a loss of its own, each feeds its neighbourhood and nothing vanishes; where the loss comes last, all of it must
come back.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np

from rnnwidgets import schema
from rnnwidgets.analysis.forensics import Bad, Spike, clipped_share, first_bad, spikes
from rnnwidgets.analysis.memory import HORIZON, KEEPING, half_life
from rnnwidgets.analysis.recurrence import Order
from rnnwidgets.analysis.result import Array
from rnnwidgets.analysis.saturation import BOUNDED, STILL, dead_units, saturation, still_units
from rnnwidgets.analysis.words import Place, finding
from rnnwidgets.frame import Frame, Trace
from rnnwidgets.languages import series_name

WINDOW = 8
"""Steps over which units are judged: the latest frames, so that one odd batch is not taken for a habit."""
LEAST_LENGTH = 16
"""Steps back from which vanishing can be told; over fewer, every network reaches."""
VANISHED = 1e-4
"""A tenth of a percent of the gradient reaches no update in float32 training with Adam's usual epsilon and clipping; a
hundredth of a percent is vanished by any reading of the curves of Pascanu et al. 2013."""
EXPLODED = 1e3
"""Growth that no sum over the losses of a thousand steps explains."""
SATURATED = 0.8
"""Share of units and times near an end. Trained language models have 0.5 to 0.8 of the forget gates there (Karpathy et
al. 2015), which keep on purpose and are left out; candidates and the other gates stay well below."""
DEAD = 0.25
"""Share of ReLU units that never fire. Some are off on a few sequences in every healthy network."""
UNMOVED = 0.5
"""Share of units that never move."""
CLIPPED = 0.9
"""Share of steps that are clipped. Clipping is for the exceptions."""
CLIPPED_LEAST = 20
"""Steps from which that share means something."""

_ORDER = ("problem", "warning", "info")


class Curve(Protocol):
    """One scalar over training: values (bins,) with the highest of each bin, and each bin's first step."""

    @property
    def steps(self) -> Array:
        """First step of each bin."""

    @property
    def values(self) -> Array:
        """Mean of each bin."""

    @property
    def high(self) -> Array:
        """Largest value of each bin."""


class Run(Protocol):
    """What is diagnosed: a `Recording`, growing, finished or loaded."""

    @property
    def scalars(self) -> Mapping[str, Curve]:
        """Name -> curve."""

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames, oldest first."""

    def __getitem__(self, index: slice, /) -> Sequence[Frame]:
        """Return several frames."""


def diagnose(recording: Run) -> list[schema.Finding]:
    """Return the problems found in a run, the worst first; an empty list for a healthy run.

    Names: `not_finite`, `exploding`, `vanishing`, `saturated`, `dead_units`, `still_units`, `clipped`, `spike`. Each
    finding has one sentence with its numbers, where to look, what to try and the source. It has both languages:
    `str(finding)` is English, `finding.text("zh")` is Chinese.

    Args:
        recording: a `Recording`, also one that still grows.

    Example:
        >>> for finding in rw.diagnose(recorder.recording):
        ...     print(finding.text("zh"))
    """
    return findings(recording[-WINDOW:], recording.scalars, first_bad(recording))


def findings(frames: Sequence[Frame], scalars: Mapping[str, Curve], bad: Bad | None) -> list[schema.Finding]:
    """Return the findings as of the last of some frames.

    Args:
        frames: the latest frames, of which `WINDOW` are looked at.
        scalars: the curves up to there.
        bad: the first value that is not finite, up to there.
    """
    found = list(_of_run(scalars, bad))
    for layer in frames[-1].layers if frames else ():
        window = [frame.traces[layer] for frame in frames[-WINDOW:] if layer in frame.traces]
        found += _of_layer(frames[-1].step, window)
    return sorted(found, key=lambda one: _ORDER.index(one.severity))


def _of_run(scalars: Mapping[str, Curve], bad: Bad | None) -> Iterator[schema.Finding]:
    if bad is not None:
        gate = None if bad.gate == schema.DIRECT_GRADIENT else bad.gate  # dy has no heatmap
        numbers = {**bad._asdict(), "value": "NaN" if math.isnan(bad.value) else str(bad.value)}
        yield finding("not_finite", "problem", numbers, where=Place(bad.step, bad.layer, bad.time, bad.unit, gate))
    for name in ("loss", "grad_norm_before_clip" if "grad_norm_before_clip" in scalars else "grad_norm"):
        if name in scalars:
            found = spikes(scalars[name].steps, scalars[name].high)
            if found:
                yield _spike(name, found)
    yield from _clipping(scalars)


def _spike(name: str, found: Sequence[Spike]) -> schema.Finding:
    """Return the finding on the spike that is largest for its usual value."""
    ratios = [one.value / max(abs(one.usual), math.ulp(0.0)) for one in found]
    worst = found[ratios.index(max(ratios))]
    english = series_name(name, "en")
    numbers = {
        **worst._asdict(),
        "name": english[0].upper() + english[1:],
        "name_zh": series_name(name, "zh"),
        "ratio": max(ratios),
        "count": len(found),
        "spikes": _counted(len(found), "spike"),
    }
    said = "spike" if worst.usual > 0 else "spike_from_zero"
    return finding("spike", "warning", numbers, said=said, where=Place(worst.step))


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _clipping(scalars: Mapping[str, Curve]) -> Iterator[schema.Finding]:
    if not {"grad_norm", "grad_norm_before_clip"} <= set(scalars):
        return
    before, after = scalars["grad_norm_before_clip"], scalars["grad_norm"]
    shared, left, right = np.intersect1d(before.steps, after.steps, return_indices=True)
    share = clipped_share(before.values[left], after.values[right])
    if len(shared) >= CLIPPED_LEAST and share >= CLIPPED:
        numbers = {"percent": 100 * share, "count": len(shared), "usual": float(np.median(before.values[left]))}
        yield finding("clipped", "warning", numbers)


def _of_layer(step: int, window: Sequence[Trace]) -> Iterator[schema.Finding]:
    finite = [trace for trace in window if all(np.isfinite(_inside(trace, name)).all() for name in trace.names)]
    if not finite or finite[-1].kind not in BOUNDED:
        return
    yield from _of_gradient(step, finite)
    yield from _of_units(step, finite)


def _of_gradient(step: int, window: Sequence[Trace]) -> Iterator[schema.Finding]:
    """Judge the gradient over time by the latest trace that has one: its norm at each time, summed over sequences."""
    trace = next((one for one in reversed(window) if "dh" in one.arrays), None)
    if trace is None:
        return
    order = Order(trace)
    parts = [order.own(trace[name]).astype(np.float64) for name in ("dh", "dc") if name in trace.arrays]
    norms = np.sqrt(sum(np.square(part).sum(axis=(1, 2)) for part in parts))
    if not norms.any():
        return
    last = int(np.flatnonzero(norms)[-1])
    source = int(np.argmax(norms))
    if norms[: last + 1].max() > EXPLODED * norms[last]:
        numbers = {"layer": trace.layer, "steps": last - source, "ratio": float(norms[source] / norms[last])}
        where = Place(step, trace.layer, order.place(source, 0) + trace.first, gate="dh")
        yield finding("exploding", "problem", numbers, where=where)
    elif source >= LEAST_LENGTH and norms[0] < VANISHED * norms[source]:
        where = Place(step, trace.layer, order.place(0, 0) + trace.first, gate="dh")
        yield _vanishing(trace, norms, source, where)


def _vanishing(trace: Trace, norms: Array, source: int, where: Place) -> schema.Finding:
    numbers = {
        "layer": trace.layer,
        "steps": source,
        "ratio": float(norms[0] / norms[source]),
        "horizon": int(np.argmax(norms[source::-1] <= HORIZON * norms[source])),
    }
    gate = KEEPING.get(trace.kind)
    if gate is None:
        return finding("vanishing", "warning", numbers, where=where)
    numbers |= {"gate": gate, "half_life": float(np.median(half_life(trace)))}
    return finding("vanishing", "warning", numbers, said="vanishing_gated", where=where)


def _of_units(step: int, window: Sequence[Trace]) -> Iterator[schema.Finding]:
    latest = window[-1]
    for gate in BOUNDED[latest.kind]:
        if gate in latest.arrays and gate != KEEPING.get(latest.kind):
            sides = saturation(window, gate)
            each = sides.left + sides.right
            if float(each.mean()) >= SATURATED:
                numbers = {"gate": gate, "layer": latest.layer, "percent": 100 * float(each.mean())}
                where = Place(step, latest.layer, unit=int(each.argmax()), gate=gate)
                yield finding("saturated", "warning", numbers, where=where)
    dead = dead_units(window) if latest.kind == "RNN_RELU" else np.zeros(latest["h"].shape[2], dtype=bool)
    recorded = _counted(len(window), "recorded step")
    numbers = {"layer": latest.layer, "units": len(dead), "frames": len(window), "recorded": recorded, "least": STILL}
    if dead.mean() >= DEAD:
        where = Place(step, latest.layer, unit=int(dead.argmax()), gate="h")
        yield finding("dead_units", "warning", {**numbers, "count": int(dead.sum())}, where=where)
    still = still_units(window) & ~dead
    if still.mean() >= UNMOVED:
        where = Place(step, latest.layer, unit=int(still.argmax()), gate="h")
        yield finding("still_units", "info", {**numbers, "count": int(still.sum())}, where=where)


def _inside(trace: Trace, name: str) -> Array:
    """Return the values of one quantity within the lengths, (value, unit)."""
    inside: Array = np.arange(len(trace[name]))[:, None] < np.asarray(trace.lengths)
    return np.asarray(trace[name][inside])
