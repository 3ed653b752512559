"""The spectral radius of each recurrent matrix: above 1 its gate's share of a gradient may grow through time, below 1
it must shrink in the end (Pascanu, Mikolov and Bengio 2013).

It moves slowly and costs all eigenvalues, so it is measured at each `EVERY`-th recorded step, in several layers by
turns, and not for more than `LARGEST` units: there the analysis of a kept frame finds it outside training.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from rnnwidgets import schema
from rnnwidgets.frame import Frame, Trace
from rnnwidgets.recorder.settings import HEAVY_EVERY

EVERY = 128
LARGEST = 256


def spectral_radii(frame: Frame, recorded: int) -> dict[str, float]:
    """Return `spectral_radius.<layer>.<gate>` for the layers whose turn it is; for all at the first recorded step.

    Args:
        frame: holds the recurrent weights at each `HEAVY_EVERY`-th recorded step.
        recorded: how many steps were recorded before this one.
    """
    turn, rest = divmod(recorded, HEAVY_EVERY)
    if rest:
        return {}
    turns = EVERY // HEAVY_EVERY
    due = [layer for place, layer in enumerate(frame.layers) if recorded == 0 or (turn - place) % turns == 0]
    return {
        f"spectral_radius.{layer}.{gate}": radius
        for layer in due
        for gate, radius in _of_layer(frame.traces[layer]).items()
    }


def _of_layer(trace: Trace) -> dict[str, float]:
    """Return the spectral radius by gate; where an LSTM projects its output, of the matrix that takes h to h."""
    if "W_hh" not in trace.weights:
        return {}
    gates = [name for name in schema.GATES[trace.kind] if name not in {"c", "h"}] or ["h"]
    stacked = torch.from_numpy(trace.weights["W_hh"].copy())
    matrices = stacked.reshape(len(gates), -1, stacked.shape[-1])
    if "W_hr" in trace.weights:
        matrices = torch.from_numpy(trace.weights["W_hr"].copy()) @ matrices
    if matrices.shape[-1] > LARGEST:
        return {}
    return {gate: _radius(matrix) for gate, matrix in zip(gates, matrices, strict=True)}


def _radius(matrix: Tensor) -> float:
    return float(torch.linalg.eigvals(matrix).abs().max()) if matrix.isfinite().all() else math.nan
