"""Frames for tests: seeded, of any shape, with the values that real ones have."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rnnwidgets import schema
from rnnwidgets.frame import Frame, Trace


def make_trace(
    shape: tuple[int, int, int] = (7, 2, 5), kind: schema.Kind = "LSTM", layer: str = "lstm.l0", seed: int = 0
) -> Trace:
    """Return a trace whose gradients fall by a decade a timestep towards the start."""
    random = np.random.default_rng(seed)
    arrays = {}
    for name in (*schema.GATES[kind], *schema.TOTAL_GRADIENTS[kind], schema.DIRECT_GRADIENT):
        values = random.standard_normal(shape)
        if name in schema.UNIT_GATES:
            values = 1 / (1 + np.exp(-values))
        if name.startswith("d"):
            values = values * 10.0 ** -np.arange(shape[0], 0, -1)[:, None, None]
        arrays[name] = values.astype(np.float32)
    return Trace(layer, kind, (shape[0],) * shape[1], 1e-7, "", arrays)


def make_frame(
    step: int,
    shape: tuple[int, int, int] = (7, 2, 5),
    scalars: Mapping[str, float] | None = None,
    kind: schema.Kind = "LSTM",
) -> Frame:
    """Return a frame of one layer, seeded by its step."""
    trace = make_trace(shape, kind, seed=step)
    tokens = tuple(tuple(f"word{k}" for k in range(shape[0])) for _ in range(shape[1]))
    return Frame(step, tuple(range(shape[1])), {trace.layer: trace}, scalars or {}, {}, tokens)
