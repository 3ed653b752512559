"""All that is said of one frame, within a bounded cost: flow matrix, spectra, histograms and numbers of each layer."""

from __future__ import annotations

import math

import numpy as np

from rnnwidgets.analysis.flow import flow
from rnnwidgets.analysis.jacobian import LEADING, eigenvalues, lyapunov, measured, singular_values, weight_blocks
from rnnwidgets.analysis.memory import KEEPING, half_life, horizon, mean_lag, omega
from rnnwidgets.analysis.recurrence import REVERSE, missing_parts
from rnnwidgets.analysis.result import Analysis, Array, Flow, Histogram, LayerAnalysis
from rnnwidgets.frame import Frame, Trace

HISTOGRAM_BINS = 64
FLOW_WORK = 4e8
WEIGHT_UNITS = 256


def analyse(frame: Frame) -> Analysis:
    """Return what follows from one frame, layer by layer. Findings need the whole recording: see `diagnose`.

    Of a layer without gates, gradients or recurrent weights, what these are needed for is missing. The flow matrix
    takes as many sequences and losses as `FLOW_WORK` multiplications allow; eigenvalues and singular values are taken
    of at most `WEIGHT_UNITS` units, since they grow with the cube.
    """
    return Analysis(frame.step, {name: analyse_layer(trace) for name, trace in frame.traces.items()})


def analyse_layer(trace: Trace) -> LayerAnalysis:
    """Return what follows from one trace."""
    numbers: dict[str, float] = {}
    if KEEPING.get(trace.kind, "") in trace.arrays:
        numbers["half_life"] = float(np.median(half_life(trace)))
    if missing_parts(trace, gradients=False):
        return LayerAnalysis(numbers)
    blocks = weight_blocks(trace)
    spectra = eigenvalues(trace) if trace["h"].shape[2] <= WEIGHT_UNITS else {}
    numbers |= {f"spectral_radius.{gate}": float(np.abs(values[0])) for gate, values in spectra.items()}
    numbers["lyapunov"] = float(lyapunov(trace, 0, LEADING)[0])
    if spectra and trace.lengths[0] > 1:
        numbers["jacobian_norm"] = float(singular_values(trace, trace.lengths[0] // 2)[0])
    seen = None if missing_parts(trace, gradients=True) else flow(trace, stride=affordable(trace))
    if seen is not None:
        numbers |= _of_gradients(trace, seen)
    return LayerAnalysis(numbers, seen, spectra, {gate: histogram(block) for gate, block in blocks.items()})


def _of_gradients(trace: Trace, seen: Flow) -> dict[str, float]:
    with np.errstate(all="ignore"):
        squares = seen.norms**2
        steps = omega(trace)
        return {
            "horizon": horizon(seen, reverse=trace.layer.endswith(REVERSE)),
            "mean_lag": mean_lag(squares, stride=seen.stride[1]),
            "omega": float(steps[np.isfinite(steps)].mean()) if np.isfinite(steps).any() else math.nan,
            "decay": measured(trace, seen, 0),
        }


def affordable(trace: Trace) -> tuple[int, int]:
    """Return the strides (sample, loss_time) by which a flow matrix takes at most about `FLOW_WORK` multiplications."""
    T, S = trace["h"].shape[:2]
    rows = max(int(FLOW_WORK / (trace.weights["W_hh"].size * T / 2 + 1)), 1)
    losses = 1 + int((trace["dy"] != 0).any(axis=(1, 2)).sum())
    each = max(rows // S, 1)
    return math.ceil(S / rows), 1 if losses <= each else math.ceil(T / each)


def histogram(values: Array) -> Histogram:
    """Return `HISTOGRAM_BINS` equal bins over a range that is symmetric and a power of two, steady over steps."""
    finite = values[np.isfinite(values)]
    largest = float(np.abs(finite).max(initial=0.0))
    high = 2.0 ** math.ceil(math.log2(largest)) if largest > 0 else 1.0
    counts, _ = np.histogram(finite, HISTOGRAM_BINS, (-high, high))
    return Histogram(counts.astype(np.float32), high)
