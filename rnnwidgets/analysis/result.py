"""What an analysis says, in plain arrays: of one step, of each of its layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnnwidgets import schema

Array = NDArray[Any]


class Flow(NamedTuple):
    """Itemised gradients of one layer, as norms: what the loss at each time s sends back to each time t.

    Attributes:
        norms: (sample, loss_time, time) |dL_s/dh_t|, the L2 norm over units; NaN past a sequence's length, and 0 where
            s comes before t in the layer's own order of time.
        stride: along each axis every `stride`-th was computed.
        full: number of (samples, times, times) that there are.
    """

    norms: Array
    stride: tuple[int, int, int]
    full: tuple[int, int, int]


class Histogram(NamedTuple):
    """`counts` (bin,) of values in equal bins from `-high` to `high`; a value that is not finite is in none."""

    counts: NDArray[np.float32]
    high: float


@dataclass(frozen=True)
class LayerAnalysis:
    """What follows from one trace.

    Attributes:
        numbers: one number each, by the names in `rnnwidgets.analysis`.
        flow: the itemised gradients, or None where gradients or weights were not recorded.
        spectra: gate -> eigenvalues (index,), complex, of its block of W_hh.
        weights: gate -> histogram of that block.
    """

    numbers: Mapping[str, float] = field(default_factory=dict)
    flow: Flow | None = None
    spectra: Mapping[str, Array] = field(default_factory=dict)
    weights: Mapping[str, Histogram] = field(default_factory=dict)


@dataclass(frozen=True)
class Analysis:
    """What follows from one frame, and from the run up to it.

    Attributes:
        step: the training step.
        layers: layer name -> `LayerAnalysis`.
        findings: what is worth saying, the worst first.
    """

    step: int
    layers: Mapping[str, LayerAnalysis]
    findings: Sequence[schema.Finding] = ()
