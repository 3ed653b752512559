"""The views by name: the Explorer with every panel, and views of one panel to place beside other things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, final

from rnnwidgets.widgets.layout import PANELS, Layout
from rnnwidgets.widgets.view import RecordingView

COMPARED = ("steps", "status", "curves", "findings", "gates", "flow")


@final
class Explorer(RecordingView):
    """Everything about a run: status, training steps, findings, gates, cell, gradient through time, curves.

    Display it before or during training; it is live while the cell runs, and scrubs in the browser alone.

    Example:
        >>> recorder = rw.watch(model, optimizer)
        >>> rw.Explorer(recorder)
        >>> rw.Explorer(recorder, panels=["steps", "gates", "flow"])
        >>> rw.Explorer(recorder, layout=[["steps"], ["gates", ["flow", "curves"]]])
        >>> rw.Explorer({"Adam": one, "SGD": other})
        >>> rw.Explorer(recorder, language="zh")
    """

    panels: Sequence[str] = PANELS

    def __init__(
        self, source: Any, *, panels: Sequence[str] | None = None, layout: Layout = "auto", **cursor: Any
    ) -> None:
        """Show a recording, or several side by side.

        Several runs have one cursor: sliders go in lock-step, by the run with the most steps, and the others show their
        nearest ones. Each scalar has one chart, with a line a run; every other panel stands once a run, on scales that
        all runs share; and from each run's heatmap that of the first is subtracted, where both have the quantity.

        Args:
            source: what `rnnwidgets.watch` returned, or a `Recording`; it may still be empty. A list of two to four of
                them, or a mapping from names to them, shows them side by side. Those of a list are called by the last
                part of the path that they are kept at, or by their number.
            panels: names of the panels to show, of `status`, `steps`, `findings`, `gates`, `cell`, `units`, `flow`,
                `matrix`, `curves`, `saturation`, `weights`; left out, all of a recording, and of several the essential.
                Of several runs, the panels stand in the order given.
            layout: `auto`, `column`, or rows of columns; a column is the name of a panel, or a list of names that stand
                one below the other. Rows name the panels themselves.
            cursor: `step`, `time`, `layer`, `gate`, `unit`, `sample`, `theme` and `language`, each optional.

        Raises:
            RecordingError: `source` is none of these, a name is not that of a panel, `language` is unknown, or the
                cursor points outside what is recorded.
        """
        if panels is None and isinstance(source, list | tuple | Mapping):
            panels = COMPARED
        if panels is not None:
            self.panels = tuple(panels)
        super().__init__(source, layout=layout, **cursor)


@final
class GateHeatmap(RecordingView):
    """One gate, state or gradient as a heatmap, units by time, with the slider over training steps.

    Example:
        >>> rw.GateHeatmap(recorder, layer="lstm.l0", gate="f")
    """

    panels = ("status", "steps", "gates")


@final
class GradientFlow(RecordingView):
    """The gradient through time, total and direct, with the slider over training steps.

    Example:
        >>> rw.GradientFlow(recorder, layer="lstm.l0")
    """

    panels = ("status", "steps", "flow")


@final
class Saturation(RecordingView):
    """How often each unit's gates stand open or shut, as Karpathy et al. drew it, with the slider over training steps.

    Source: A. Karpathy, J. Johnson, L. Fei-Fei, "Visualizing and Understanding Recurrent Networks", 2015, figure 3.

    Example:
        >>> rw.Saturation(recorder, layer="lstm.l0")
    """

    panels = ("status", "steps", "saturation")


@final
class CellDiagram(RecordingView):
    """The cell at one timestep with the numbers of one unit on its wires, with the slider over training steps.

    Example:
        >>> rw.CellDiagram(recorder, layer="lstm.l0", time=3, unit=12)
    """

    panels = ("status", "steps", "cell")
