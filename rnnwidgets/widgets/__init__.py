"""Views of a recording for the notebook; none needs torch, and only `GradientNorms` needs bqplot, once it is made."""

from rnnwidgets.widgets.curves import GradientNorms
from rnnwidgets.widgets.explorer import CellDiagram, Explorer, GateHeatmap, GradientFlow, Saturation

__all__ = ["CellDiagram", "Explorer", "GateHeatmap", "GradientFlow", "GradientNorms", "Saturation"]
