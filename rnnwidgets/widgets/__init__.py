"""Views of a recording for the notebook; none needs torch, and bqplot only the figures of `curves`, once made."""

from rnnwidgets.widgets.curves import GradientNorms, TrainingCurves
from rnnwidgets.widgets.explorer import CellDiagram, Explorer, GateHeatmap, GradientFlow, Saturation

__all__ = ["CellDiagram", "Explorer", "GateHeatmap", "GradientFlow", "GradientNorms", "Saturation", "TrainingCurves"]
