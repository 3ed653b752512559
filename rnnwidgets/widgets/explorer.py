"""The views by name: the Explorer with every panel, and views of one panel to place beside other things."""

from __future__ import annotations

from typing import final

from rnnwidgets.widgets.view import RecordingView


@final
class Explorer(RecordingView):
    """Everything about a run: status, training steps, gates, gradient through time, curves.

    Display it before or during training; it is live while the cell runs, and scrubs in the browser alone.

    Example:
        >>> recorder = rw.watch(model, optimizer)
        >>> rw.Explorer(recorder)
    """

    panels = ("status", "steps", "gates", "flow", "curves")


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
