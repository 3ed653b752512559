"""From a call to a trace: gates by replay, total gradients by stepping back, how far replay was from the module.

Runs before the optimizer moves the weights, without gradient, outside autocast, without a random number, and never
calls the user's module.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from rnnwidgets import schema
from rnnwidgets.cells import CELLS
from rnnwidgets.frame import Trace
from rnnwidgets.recorder.keep import kept
from rnnwidgets.recorder.observe import Call

_TOLERANCE = {torch.float32: 1e-4, torch.float64: 1e-10}


def trace(call: Call) -> Trace:
    """Return what the layer did in one call; without gates and total gradients if its weights have moved since."""
    arrays: dict[str, Tensor] = {}
    error, reasons = 0.0, []
    if call.number > 1:
        reasons.append(f"the last of {call.number} calls in this step")
    direct = call.direct()
    if call.moved:
        error = float("nan")
        reasons.append("a weight changed between the forward pass and step(), so that the gates cannot be replayed")
        arrays["h"] = call.y
    else:
        cell, weights = CELLS[call.layer.kind], call.weights()
        with torch.no_grad(), torch.autocast(call.y.device.type, enabled=False):
            states = cell.replay(call.x, call.y, call.start, weights)
            error = float((states["h"] - call.y).abs().max()) if call.y.numel() else 0.0
            arrays |= {name: states[name] for name in schema.GATES[call.layer.kind]}
            arrays["h"] = call.y
            if direct is not None:
                arrays |= cell.step_back(states, direct, weights)
        if error > _TOLERANCE[call.y.dtype]:
            reasons.append(f"the replay differs from the module's own output by {error:.1e}")
    if direct is not None:
        arrays[schema.DIRECT_GRADIENT] = direct.y
    times, samples = call.y.shape[:2]
    return Trace(
        layer=call.layer.name,
        kind=call.layer.kind,
        lengths=(times,) * samples,
        replay_error=error,
        inexact="; ".join(reasons),
        arrays=kept(arrays),
    )


def tokens(call: Call, decode: Callable[[int], str]) -> tuple[tuple[str, ...], ...] | None:
    """Return the text of the call's token ids, [sample][time]; None where no ids were seen."""
    if call.ids is None:
        return None
    return tuple(tuple(decode(token) for token in sample) for sample in call.ids.T.tolist())
