"""From pictures to answers: what a teacher would say when looking at a recording, computed.

Pure functions of frames, in NumPy alone: no model is called, no random number drawn, no torch imported.
"""

from __future__ import annotations

from rnnwidgets.analysis.result import Analysis, Flow, Histogram, LayerAnalysis

__all__ = ["Analysis", "Flow", "Histogram", "LayerAnalysis"]
