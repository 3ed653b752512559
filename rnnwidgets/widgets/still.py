"""A still picture of a view, as SVG, for where widgets do not run: a repository's page, a viewer, a reopened notebook.

One gate of one layer at one step as a heatmap, units by time, and a curve of training. It says of which moment it is.
Text from data is escaped, shortened, and shown without what a renderer could obey.
"""

from __future__ import annotations

import html
import math
from collections.abc import Mapping
from typing import NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from rnnwidgets import reduce, schema
from rnnwidgets.frame import Frame
from rnnwidgets.languages import series_name
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


class _Words(NamedTuple):
    """What the picture says, in one language."""

    title: str
    states: Mapping[schema.State, str]
    empty: str
    nothing: str
    caption: str
    strided: str
    stop: str
    times: str
    unit: str
    gate_scale: str
    scale: str
    curve: str
    foot: str


_ENGLISH = _Words(
    title="rnnwidgets: {state}, step {step}",
    states={state: state for state in get_args(schema.State)},
    empty="Nothing was recorded yet when this was displayed.",
    nothing="{layer}: nothing was recorded at step {step}.",
    caption="{layer}, {name} at step {step}, {scale}",
    strided="; every {units} units, every {times} timesteps",
    stop=". ",
    times="timesteps {first} to {last}",
    unit="unit",
    gate_scale="0 dark to 1 light",
    scale="blue -{top} to orange {top}",
    curve="{name} over steps {first} to {last}, from {low} to {high}",
    foot="Static image of this moment. Run the notebook to get the live view.",
)
_CHINESE = _Words(
    title="rnnwidgets：{state}，第 {step} 步",
    states={"waiting": "等待中", "live": "实时", "paused": "已暂停", "finished": "已结束", "failed": "出错"},
    empty="显示此图时尚未记录任何内容。",
    nothing="{layer}：第 {step} 步没有记录。",
    caption="{layer} 的 {name}，第 {step} 步，{scale}",
    strided="；每 {units} 个单元、每 {times} 个时刻取一个",
    stop="。",
    times="时刻 {first} 至 {last}",
    unit="单元",
    gate_scale="暗为 0，亮为 1",
    scale="蓝为 -{top}，橙为 {top}",
    curve="{name}：第 {first} 至 {last} 步，{low} 至 {high}",
    foot="这是该时刻的静态图像；运行笔记本即可看到实时视图。",
)


def still(recording: Recording, layer: str = "", gate: str = "", sample: int = 0, language: str = "auto") -> str:
    """Return an SVG of the latest frame of a recording: of the layer and gate named, or of the first.

    It is in Chinese for the language `zh`, else in English.
    """
    words = _CHINESE if language == "zh" else _ENGLISH
    status = recording.status
    frames = recording[:]
    latest = next((frame for last in reversed(range(len(frames))) for frame in sound(frames, [last])), None)
    title = words.title.format(state=words.states[status.state], step=status.step)
    marks = [_text(12, 20, title, weight="bold")]
    if latest is None:
        marks.append(_text(12, 44, words.empty))
    else:
        marks += _heatmap(latest, layer or latest.layers[0], gate, sample, words)
    curves = recording.scalars
    for name in shown_series(tuple(curves))[:1]:
        marks += _curve(series_name(name, language), curves[name], words)
    marks.append(_text(12, HEIGHT - 10, words.foot))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        'font-family="sans-serif" font-size="12" role="img">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>{"".join(marks)}</svg>'
    )


def plain(text: str) -> str:
    """Return text as it can stand in markup: shortened, escaped, its control and direction marks made visible."""
    shown = "".join(mark if mark.isprintable() else f"\\u{ord(mark):04x}" for mark in text[:_LONGEST])
    return html.escape(shown + ("\u2026" if len(text) > _LONGEST else ""))


def _heatmap(frame: Frame, layer: str, gate: str, sample: int, words: _Words) -> list[str]:
    trace = frame.traces.get(layer) or next(iter(frame.traces.values()))
    if not trace.arrays:
        return [_text(12, 44, words.nothing.format(layer=trace.layer, step=frame.step))]
    name = gate if gate in trace.arrays else next(iter(trace.arrays))
    place = min(sample, trace[name].shape[1] - 1)
    values = trace[name][: trace.lengths[place], place, :].T
    units, times = values.shape
    stride = reduce.plan((times, 1, units), 2 * CELLS).stride
    shown = values[:: stride[2], :: stride[0]]
    scaled, colors, scale = _scaled(shown, name, words)
    x = np.linspace(_PLOT_LEFT, _PLOT_LEFT + _PLOT_WIDTH, shown.shape[1] + 1).round(1)
    y = np.linspace(_HEAT_TOP, _HEAT_TOP + _HEAT_HEIGHT, shown.shape[0] + 1).round(1)
    scalars = ", ".join(f"{key} {value:.4g}" for key, value in list(frame.scalars.items())[:3])
    thinned = words.strided.format(units=stride[2], times=stride[0]) if max(stride) > 1 else ""
    caption = words.caption.format(layer=trace.layer, name=name, step=frame.step, scale=scale)
    span = words.times.format(first=trace.first, last=trace.first + times - 1)
    marks = [
        _text(12, 40, f"{caption}{thinned}{words.stop}{scalars}"),
        _text(_PLOT_LEFT, _HEAT_TOP + _HEAT_HEIGHT + 16, span),
        _text(12, _HEAT_TOP + 10, words.unit),
        _text(12, _HEAT_TOP + 26, "0"),
        _text(12, _HEAT_TOP + _HEAT_HEIGHT, str(units - 1)),
    ]
    for level, color in enumerate((*colors, _BAD)):
        cells = np.argwhere(scaled == level)
        path = "".join(f"M{x[t]} {y[u]}H{x[t + 1]}V{y[u + 1]}H{x[t]}z" for u, t in cells.tolist())
        if path:
            marks.append(f'<path d="{path}" fill="{color}" shape-rendering="crispEdges"/>')
    return marks


def _scaled(values: NDArray[np.floating], name: str, words: _Words) -> tuple[NDArray[np.int64], list[str], str]:
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
    return levels, colors, words.gate_scale if unit else words.scale.format(top=f"{top:.3g}")


def _curve(name: str, curve: Curve, words: _Words) -> list[str]:
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
    ends = {"first": int(steps[0]), "last": int(steps[-1]), "low": f"{low:.4g}", "high": f"{high:.4g}"}
    return [
        _text(_PLOT_LEFT, _CURVE_TOP - 4, words.curve.format(name=name, **ends)),
        f'<polyline points="{points}" fill="none" stroke="#1e66b8" stroke-width="1.5"/>',
    ]


def _text(x: float, y: float, words: str, weight: str = "normal") -> str:
    return f'<text x="{x}" y="{y}" fill="#1b1f24" font-weight="{weight}">{plain(words)}</text>'
