"""From pictures to answers: what a teacher would say when looking at a recording, computed.

Pure functions of frames, in NumPy alone: no model is called, no random number drawn, no torch imported.
"""

from __future__ import annotations

from rnnwidgets.analysis.analyse import analyse, analyse_layer, histogram
from rnnwidgets.analysis.diagnosis import WINDOW, diagnose, findings
from rnnwidgets.analysis.flow import Itemised, flow, itemised
from rnnwidgets.analysis.forensics import Bad, Spike, clipped_share, first_bad, spikes
from rnnwidgets.analysis.jacobian import Decay, decay, eigenvalues, jacobian, lyapunov, singular_values, spectral_radius
from rnnwidgets.analysis.memory import by_lag, half_life, horizon, mean_lag, omega
from rnnwidgets.analysis.result import Analysis, Flow, Histogram, LayerAnalysis
from rnnwidgets.analysis.saturation import Saturation, dead_units, saturation, still_units

__all__ = [
    "WINDOW",
    "Analysis",
    "Bad",
    "Decay",
    "Flow",
    "Histogram",
    "Itemised",
    "LayerAnalysis",
    "Saturation",
    "Spike",
    "analyse",
    "analyse_layer",
    "by_lag",
    "clipped_share",
    "dead_units",
    "decay",
    "diagnose",
    "eigenvalues",
    "findings",
    "first_bad",
    "flow",
    "half_life",
    "histogram",
    "horizon",
    "itemised",
    "jacobian",
    "lyapunov",
    "mean_lag",
    "omega",
    "saturation",
    "singular_values",
    "spectral_radius",
    "spikes",
    "still_units",
]
