"""Gradient norms and other scalars over training as bqplot figures, to compose with other ipywidgets.

bqplot redraws every point of every line, so it gets at most 8 series of at most 300 points, twice a second. It is
optional and imported when a figure is made. Each series has its own mark for good: a figure whose lines come and go
keeps drawing those that went.

The brush, clicks on points and the rule at the cursor's step are tied to the cursor in the browser, for every view of
the recording on the page, so none of them waits for a cell that is running. Where no page answers, as in a host that
makes no widget it does not show, the same goes by way of the kernel.
"""

from __future__ import annotations

import importlib
import itertools
import math
import threading
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import cached_property
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from rnnwidgets import languages, reduce, schema
from rnnwidgets.widgets.ends import Ends
from rnnwidgets.widgets.publisher import publisher_of
from rnnwidgets.widgets.relay import Relay
from rnnwidgets.widgets.sources import recording_of

POINTS = 300
TOTAL = "grad_norm"
LINES = 8
_FIRST = ("loss", "grad_norm", "lr")
_COLORS = ("#0072B2", "#D55E00", "#E69F00", "#009E73", "#56B4E9", "#CC79A7", "#9467BD", "#A67C52")
_RULE = "#888888"
_ENDS_ZH = {"first": "首个时刻", "last": "末个时刻"}
_MARGIN = {"top": 16, "bottom": 48, "left": 72, "right": 24}
_LEGEND = {"fill": "none", "stroke": "none"}
_NAME_HEIGHT = 0.06  # of the figure, which keeps that much free above the lines for each name of the legend


def load_bqplot() -> Any:
    """Return the module bqplot.

    Raises:
        ImportError: it is not installed.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # its own, from its import, nothing a user can mend
            return importlib.import_module("bqplot")
    except ModuleNotFoundError as error:
        sentence = 'rnnwidgets.GradientNorms needs bqplot: pip install "rnnwidgets[bqplot]"'
        raise ImportError(sentence, name="bqplot") from error


def drawable(bins: reduce.Bins) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return steps and values of at most `POINTS` bins, from the first to the last with a logarithm; NaN is a gap.

    bqplot writes attributes that a browser refuses for a line that ends with a gap or has no value.
    """
    while bins.shape[1] > POINTS:
        bins = reduce.merge_pairs(bins)
    values = np.where(np.isfinite(bins[4]) & (bins[4] > 0), bins[4], math.nan)
    drawn = np.flatnonzero(~np.isnan(values))
    inside = slice(drawn[0], drawn[-1] + 1) if len(drawn) else slice(0)
    return bins[0, inside].copy(), values[inside]


class _Figure(ABC):
    """A bqplot figure of series over training steps, with the cursor's step marked and ways to move it."""

    label = ("value", "数值")
    pointed: str | None = None  # the series whose points can be clicked

    def __init__(self, source: Any, *, language: schema.Language = "auto") -> None:
        """Draw a recording, now and whenever it grows.

        Args:
            source: what `rnnwidgets.watch` returned, or a `Recording`; it may still be empty.
            language: of its axes and names, `en` or `zh`; `auto` is English, since Python draws the figure and does not
                know the language of the page.

        Raises:
            RecordingError: `source` is neither, or `language` is unknown.
            ImportError: bqplot is not installed.
        """
        self.recording = recording_of(source)
        self.language = languages.checked_language(language)
        self.step: int | None = None
        self._bqplot = load_bqplot()
        self._drawing = threading.Lock()
        self._lines: dict[str, Any] = {}
        self._colors = itertools.cycle(_COLORS)
        self._x, self._y = self._bqplot.LinearScale(), self._bqplot.LogScale()
        self._rule = self._line(_RULE, y=self._bqplot.LinearScale(min=0, max=1, allow_padding=False))
        self._rule.y = np.asarray([0.0, 1.0])
        self._points = self._bqplot.Scatter(
            x=[],
            y=[],
            scales={"x": self._x, "y": self._y},
            default_size=24,
            colors=[_COLORS[0]],
            interactions={"hover": "tooltip", "click": "select"},
        )
        self._points.on_element_click(self._clicked)
        self.brush = self._bqplot.interacts.BrushIntervalSelector(scale=self._x, marks=[], color=_COLORS[0])
        self.brush.observe(self._brushed, "selected")
        self._relay = Relay(self.recording.run, selector=self.brush, points=self._points, rule=self._rule)
        self.figure = self._bqplot.Figure(
            marks=[self._rule, self._points],
            axes=[
                self._bqplot.Axis(scale=self._x, label=self._choose("training step", "训练步")),
                self._bqplot.Axis(
                    scale=self._y, label=self._choose(*self.label), label_offset="4em", side="left", tick_format=".0e"
                ),
            ],
            fig_margin=_MARGIN,
            legend_location="top-right",
            legend_style=_LEGEND,
            animation_duration=0,
        )
        self._publisher = publisher_of(self.recording)
        self._publisher.join(self)
        self.refresh()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self.figure._repr_mimebundle_(**options)

    def __repr__(self) -> str:
        """Say in one line what is drawn."""
        return f"<{type(self).__name__} of {len(self._lines)} series to step {self.recording.status.step}>"

    def refresh(self) -> None:
        """Draw the recording as it is now; a figure that was closed ends this."""
        if self.figure.comm is None:
            self.close()
            return
        with self._drawing:
            self._draw_all()

    def _draw_all(self) -> None:
        drawn = {name: drawable(bins) for name, bins in self._all_bins()}
        for name, (steps, values) in drawn.items():
            if name not in self._lines:
                self._lines[name] = self._line(next(self._colors), self._name(name), y=self._y)
                # The points last, so above the lines: what is on top of a point takes its clicks.
                self.figure.marks = [self._rule, *self._lines.values(), self._points]
            _draw(self._lines[name], steps, values)
            if name == self.pointed:
                known = ~np.isnan(values)  # a gap is no point
                self._relay.steps = steps[known].tolist()
                _draw(self._points, steps[known], values[known])
        self._make_room([values for _, values in drawn.values()])

    def follow(self, step: int | None) -> None:
        """Mark a step, or none."""
        self.step = step
        if not self._relay.heard:
            self._rule.x = np.asarray([] if step is None else [step, step], np.float64)

    def close(self) -> None:
        """End the figure and its subscription; a second call does nothing."""
        self._publisher.leave(self)
        own = (self._x, self._y, self._rule.scales["y"], self.figure.scale_x, self.figure.scale_y, self.figure.layout)
        for widget in (self._relay, *self.figure.marks, *self.figure.axes, *own, self.brush, self.figure):
            widget.close()

    def _make_room(self, lines: list[NDArray[np.float64]]) -> None:
        """Leave room for the legend above the lines."""
        logs = np.log10(np.concatenate([*lines, np.empty(0)]))
        if np.isfinite(logs).any():
            low, high = float(np.nanmin(logs)), float(np.nanmax(logs))
            free = min(_NAME_HEIGHT * (len(lines) + 1), 0.5)
            top = low + max(high - low, 0.1) / (1 - free)
            with self._y.hold_sync():
                self._y.min, self._y.max = 10.0**low, 10.0**top

    def _line(self, color: str, *labels: str, y: Any) -> Any:
        scales = {"x": self._x, "y": y}
        return self._bqplot.Lines(
            x=[],
            y=[],
            scales=scales,
            colors=[color],
            labels=list(labels),
            display_legend=bool(labels),
        )

    def _choose(self, english: str, chinese: str) -> str:
        """Return the text in the figure's language."""
        return languages.choose(self.language, english, chinese)

    def _name(self, name: str) -> str:
        """Return the name of a series in the legend."""
        return languages.series_name(name, self.language)

    def _clicked(self, _mark: Any, content: Any) -> None:
        self._point(content["data"]["x"])

    def _brushed(self, change: Any) -> None:
        """Move the cursor to the end of the steps brushed over."""
        if change["new"] is not None and len(change["new"]):
            self._point(change["new"][-1])

    def _point(self, step: float) -> None:
        if not self._relay.heard:
            self._publisher.point(round(float(step)))

    @abstractmethod
    def _all_bins(self) -> Iterator[tuple[str, reduce.Bins]]:
        """Yield the series to draw by name."""


@final
class GradientNorms(_Figure):
    """The norm of the whole gradient, and of dh at the first and last timestep of each layer, over training steps.

    The norms of dh are of the frames that somebody looked at, of up to 300 others that were there before the figure,
    and of as many later ones as a twentieth of one processor computes beside training; the total is of every step.

    A vertical line marks the step of the cursor; a click on a point of the total norm moves the cursor of every view
    of the same recording there, also while a cell runs. Of more than three layers the first three are drawn.

    Example:
        >>> norms = rw.GradientNorms(recorder)
        >>> ipywidgets.VBox([rw.Explorer(recorder), norms.figure])

    Attributes:
        figure: a `bqplot.Figure`, with a logarithmic vertical axis.
        brush: a `bqplot` interval selector over steps; `norms.figure.interaction = norms.brush` turns it on.
            The last step brushed over is the one shown.
        step: the step marked, or None.
    """

    label = languages.SERIES[TOTAL]
    pointed = TOTAL

    @cached_property
    def _ends(self) -> Ends:
        return Ends(self.recording)

    def _all_bins(self) -> Iterator[tuple[str, reduce.Bins]]:
        ends = self._ends.read()
        total = self.recording.series().get(TOTAL)
        if total is not None:
            yield TOTAL, total[1]
        for (layer, end), series in ends.items():
            name = self._choose(f"dh {layer}, {end} timestep", f"dh {layer}，{_ENDS_ZH[end]}")
            yield name, series.bins


@final
class TrainingCurves(_Figure):
    """Everything that was logged over training steps: loss, learning rate, norms, one line each.

    A vertical line marks the step of the cursor; brushing over steps moves the cursor of every view of the same
    recording to the last of them, also while a cell runs, and the brush moves with the cursor. Of more than eight
    scalars the first eight are drawn.

    Example:
        >>> curves = rw.TrainingCurves(recorder)
        >>> ipywidgets.VBox([rw.Explorer(recorder), curves.figure])

    Attributes:
        figure: a `bqplot.Figure`, with a logarithmic vertical axis.
        brush: a `bqplot` interval selector, which is the figure's interaction.
        step: the step marked, or None.
    """

    def __init__(self, source: Any, *, language: schema.Language = "auto") -> None:
        """Draw a recording, now and whenever it grows.

        Args:
            source: what `rnnwidgets.watch` returned, or a `Recording`; it may still be empty.
            language: of its axes and names, `en` or `zh`; `auto` is English, since Python draws the figure and does not
                know the language of the page.

        Raises:
            RecordingError: `source` is neither, or `language` is unknown.
            ImportError: bqplot is not installed.
        """
        super().__init__(source, language=language)
        self.figure.interaction = self.brush

    def _all_bins(self) -> Iterator[tuple[str, reduce.Bins]]:
        series = self.recording.series()
        for name in sorted(series, key=lambda name: _FIRST.index(name) if name in _FIRST else LINES)[:LINES]:
            yield name, series[name][1]


def _draw(mark: Any, steps: NDArray[np.float64], values: NDArray[np.float64]) -> None:
    with mark.hold_sync():
        mark.x, mark.y = steps, values
