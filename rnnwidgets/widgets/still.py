"""A still picture of a view, as SVG, for where widgets do not run: a repository's page, a viewer, a reopened notebook.

One gate of one layer at one step as a heatmap, units by time, and a curve of training. It says of which moment it is.
Text from data is escaped, shortened, and shown without what a renderer could obey.
"""

from __future__ import annotations

import html
import math

import numpy as np
from numpy.typing import NDArray

from rnnwidgets import reduce, schema
from rnnwidgets.frame import Frame
from rnnwidgets.recording import Curve, Recording
from rnnwidgets.widgets.lanes import shown_series, sound

WIDTH, HEIGHT = 640, 372
CELLS = 2400
LEVELS = 24
_PLOT_LEFT, _PLOT_WIDTH = 44, 580
_HEAT_TOP, _HEAT_HEIGHT = 52, 180
_CURVE_TOP, _CURVE_HEIGHT = 280, 60
_LONGEST = 100
_SEQUENTIAL = ((16, 26, 60), (36, 71, 140), (42, 123, 166), (67, 176, 155), (164, 217, 127), (251, 244, 180))
_COOL, _WARM = ((23, 77, 140), (68, 137, 198), (165, 201, 230)), ((244, 191, 155), (220, 122, 68), (150, 58, 17))
_DIVERGING = (*_COOL, (255, 255, 255), *_WARM)
_BAD = "#ff00c8"
_FOOT = "A still picture of this moment; where the notebook runs, this is a live view."


def still(recording: Recording, layer: str = "", gate: str = "", sample: int = 0) -> str:
    """Return an SVG of the latest frame of a recording: of the layer and gate named, or of the first."""
    status = recording.status
    frames = recording[:]
    latest = next((frame for last in reversed(range(len(frames))) for frame in sound(frames, [last])), None)
    marks = [_text(12, 20, f"rnnwidgets: {status.state}, step {status.step}", weight="bold")]
    if latest is None:
        marks.append(_text(12, 44, "Nothing had been recorded when this was displayed."))
    else:
        marks += _heatmap(latest, layer or latest.layers[0], gate, sample)
    curves = recording.scalars
    for name in shown_series(tuple(curves))[:1]:
        marks += _curve(name, curves[name])
    marks.append(_text(12, HEIGHT - 10, _FOOT))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        'font-family="sans-serif" font-size="12" role="img">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>{"".join(marks)}</svg>'
    )


def plain(text: str) -> str:
    """Return text as it can stand in markup: shortened, escaped, its control and direction marks made visible."""
    shown = "".join(mark if mark.isprintable() else f"\\u{ord(mark):04x}" for mark in text[:_LONGEST])
    return html.escape(shown + ("\u2026" if len(text) > _LONGEST else ""))


def _heatmap(frame: Frame, layer: str, gate: str, sample: int) -> list[str]:
    trace = frame.traces.get(layer) or next(iter(frame.traces.values()))
    if not trace.arrays:
        return [_text(12, 44, f"{trace.layer}: nothing was recorded at step {frame.step}.")]
    name = gate if gate in trace.arrays else next(iter(trace.arrays))
    place = min(sample, trace[name].shape[1] - 1)
    values = trace[name][: trace.lengths[place], place, :].T
    units, times = values.shape
    stride = reduce.plan((times, 1, units), 2 * CELLS).stride
    shown = values[:: stride[2], :: stride[0]]
    scaled, colors, scale = _scaled(shown, name)
    x = np.linspace(_PLOT_LEFT, _PLOT_LEFT + _PLOT_WIDTH, shown.shape[1] + 1).round(1)
    y = np.linspace(_HEAT_TOP, _HEAT_TOP + _HEAT_HEIGHT, shown.shape[0] + 1).round(1)
    scalars = ", ".join(f"{key} {value:.4g}" for key, value in list(frame.scalars.items())[:3])
    thinned = f"; every {stride[2]} units, every {stride[0]} times" if max(stride) > 1 else ""
    marks = [
        _text(12, 40, f"{trace.layer}, {name} at step {frame.step}, {scale}{thinned}. {scalars}"),
        _text(_PLOT_LEFT, _HEAT_TOP + _HEAT_HEIGHT + 16, f"time {trace.first} to {trace.first + times - 1}"),
        _text(12, _HEAT_TOP + 10, "unit"),
        _text(12, _HEAT_TOP + 26, "0"),
        _text(12, _HEAT_TOP + _HEAT_HEIGHT, str(units - 1)),
    ]
    for level, color in enumerate((*colors, _BAD)):
        cells = np.argwhere(scaled == level)
        path = "".join(f"M{x[t]} {y[u]}H{x[t + 1]}V{y[u + 1]}H{x[t]}z" for u, t in cells.tolist())
        if path:
            marks.append(f'<path d="{path}" fill="{color}" shape-rendering="crispEdges"/>')
    return marks


def _scaled(values: NDArray[np.floating], name: str) -> tuple[NDArray[np.int64], list[str], str]:
    """Return the level of each value, `LEVELS` for what is no number; the colors of the levels; the scale in words."""
    unit = name in schema.UNIT_GATES
    finite = np.isfinite(values)
    top = 1.0 if unit else float(np.abs(values, where=finite, out=np.zeros(values.shape)).max(initial=0.0)) or 1.0
    position = values if unit else (values / top + 1) / 2
    levels = np.where(finite, np.clip(np.nan_to_num(position) * LEVELS, 0, LEVELS - 1), LEVELS).astype(np.int64)
    stops = np.array(_SEQUENTIAL if unit else _DIVERGING, np.float64)
    places = np.linspace(0, len(stops) - 1, LEVELS)
    mixed = np.stack([np.interp(places, np.arange(len(stops)), stops[:, part]) for part in range(3)], axis=1)
    colors = [f"#{int(r):02x}{int(g):02x}{int(b):02x}" for r, g, b in mixed.round()]
    return levels, colors, "0 dark to 1 light" if unit else f"blue -{top:.3g} to orange {top:.3g}"


def _curve(name: str, curve: Curve) -> list[str]:
    finite = np.isfinite(curve.values)
    steps, values = curve.steps[finite].astype(np.float64), curve.values[finite]
    if len(steps) < 2:
        return []
    low, high = float(values.min()), float(values.max())
    x = _PLOT_LEFT + (steps - steps[0]) / max(steps[-1] - steps[0], 1) * _PLOT_WIDTH
    span = high - low
    share = (values - low) / span if span > 0 and math.isfinite(span) else np.full(len(values), 0.5)
    y = _CURVE_TOP + (1 - share) * _CURVE_HEIGHT
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x.tolist(), y.tolist(), strict=True))
    words = f"{name} over steps {int(steps[0])} to {int(steps[-1])}, from {low:.4g} to {high:.4g}"
    return [
        _text(_PLOT_LEFT, _CURVE_TOP - 4, words),
        f'<polyline points="{points}" fill="none" stroke="#1e66b8" stroke-width="1.5"/>',
    ]


def _text(x: float, y: float, words: str, weight: str = "normal") -> str:
    return f'<text x="{x}" y="{y}" fill="#1b1f24" font-weight="{weight}">{plain(words)}</text>'
