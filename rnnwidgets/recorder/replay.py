"""From a call to its traces: gates by replay, total gradients by stepping back, how far replay was from the module.

Layers are replayed upwards, each from the output of the one below times its dropout mask, and stepped back downwards:
the gradient of a layer's input is the direct gradient of the layer below. Runs with the weights of the forward pass,
before the optimizer moves them or on a copy, without gradient, outside autocast, without a random number of the global
state, on any thread, and never calls the user's module.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor

from rnnwidgets import schema
from rnnwidgets.cells import CELLS, Direct, States, Weights
from rnnwidgets.frame import Trace
from rnnwidgets.recorder.keep import kept, kept_weights
from rnnwidgets.recorder.layers import Layer
from rnnwidgets.recorder.observe import Call
from rnnwidgets.recorder.runs import LOW_PRECISION, plainly

MOVED = "a weight changed between the forward pass and step(), so that the gates cannot be replayed"
_TOLERANCE = {torch.float32: 1e-4, torch.float64: 1e-10}
_ROUNDINGS = 8  # of the low precision; up to 3.7 were measured, over 12 and 200 timesteps of every kind of layer


@dataclass
class _Level:
    """One layer of one direction, in its own order of time: the reverse direction from the last input to the first."""

    y: Tensor
    x: Tensor
    weights: Weights
    h_before: Tensor
    states: States
    totals: States = field(default_factory=dict)
    dy: Tensor | None = None


@dataclass(frozen=True)
class _Part:
    """What one call tells of one layer."""

    call: Call
    layer: Layer
    error: float
    reasons: Sequence[str]
    arrays: dict[str, Tensor]
    weights: dict[str, Tensor] = field(default_factory=dict)
    start: dict[str, Tensor] = field(default_factory=dict)


def recurrent_weights(weights: Weights) -> dict[str, Tensor]:
    """Return the weights that a trace keeps, by PyTorch's names."""
    return present({"W_hh": weights.U, "b_hh": weights.b_U, "W_hr": weights.P})


def present(named: Mapping[str, Tensor | None]) -> dict[str, Tensor]:
    """Return those that there are."""
    return {name: value for name, value in named.items() if value is not None}


def difference(error: float, dtype: torch.dtype, computed_in: torch.dtype) -> list[str]:
    """Return in words that the replay differs from the module's own output by more than rounding in `dtype` explains.

    `computed_in` is the precision of the module's own output. Where it is low, it is named as the cause of a difference
    that it explains.
    """
    if error <= _TOLERANCE[dtype]:
        return []
    name = str(computed_in).removeprefix("torch.")
    if computed_in not in LOW_PRECISION:
        return [f"the replay differs from the module's own output by {error:.1e}"]
    if error <= _ROUNDINGS * torch.finfo(computed_in).eps:
        return [f"the layer ran in {name}, from which the replay in float32 differs by {error:.1e}"]
    return [f"the replay differs from the module's own output by {error:.1e}, more than {name} explains"]


def traces_of(calls: Sequence[Call], reasons: Sequence[str], *, heavy: bool) -> list[Trace]:
    """Return the trace of every wanted layer over calls that continue one another.

    `reasons` say why they are not exact; `heavy` is explained at `Run.traces`.
    """
    found = [_parts(call, reasons, last=call is calls[-1]) for call in calls]
    return [_joined(parts, heavy=heavy) for parts in zip(*found, strict=True)]


def _parts(call: Call, reasons: Sequence[str], *, last: bool) -> list[_Part]:
    """Return what one call tells of every wanted layer.

    What reaches `h_n` of the last call is a direct gradient; that of an earlier one comes through the call after it.
    """
    known = list(reasons)
    if call.moved:
        known.append(MOVED)
    elif call.dropped:
        known.append("the dropout mask between the layers is not known, so that the gates cannot be replayed")
    if call.moved or call.dropped:
        return [_bare(call, layer, known, last=last) for layer in call.layers if layer.index == call.depth - 1]
    levels = plainly(partial(_there_and_back, call, last=last), call.y.device)
    error = max(_error(call, level, direction) for direction, level in enumerate(levels[-1]))
    known += difference(error, call.y.dtype, call.computed_in)
    return [_whole(call, layer, levels[layer.index][layer.direction], error, known) for layer in call.layers]


def _joined(parts: Sequence[_Part], *, heavy: bool) -> Trace:
    """Return one trace of calls that continue one another; of one that no gradient reached, gradients are zero."""
    first = parts[0]
    arrays = first.arrays if len(parts) == 1 else _along_time([part.arrays for part in parts])
    return Trace(
        layer=first.layer.name,
        kind=first.call.kind,
        lengths=tuple(map(sum, zip(*(part.call.lengths for part in parts), strict=True))),
        replay_error=max(part.error for part in parts),
        inexact="; ".join(dict.fromkeys(reason for part in parts for reason in part.reasons)),
        arrays=kept(arrays),
        weights=kept_weights(first.weights, arrays, heavy=heavy),
        start=kept(first.start),
        first=first.call.first,
    )


def _along_time(parts: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Return arrays joined along time; zeros for those that a part has not."""
    arrays = {}
    for name, values in max(parts, key=len).items():
        missing = (values.new_zeros(len(part["h"]), *values.shape[1:]) for part in parts)
        arrays[name] = torch.cat([part.get(name, zero) for part, zero in zip(parts, missing, strict=True)])
    return arrays


def _there_and_back(call: Call, *, last: bool) -> list[list[_Level]]:
    """Return the levels of a call, with their total gradients where any gradient came."""
    levels = _replayed(call)
    if call.reached:
        _step_back(call, levels, last=last)
    return levels


def _replayed(call: Call) -> list[list[_Level]]:
    """Return every layer's directions, replayed from the bottom up; the top one from the module's own output."""
    cell = CELLS[call.kind]
    below, levels, masks = call.x, [], call.masks()
    for index in range(call.depth):
        directions = []
        for direction in range(call.directions):
            x = call.ordered(below, direction)
            start, weights = call.start(index, direction), call.weights(index, direction)
            if index == call.depth - 1:
                y = call.ordered(call.y.chunk(call.directions, dim=-1)[direction], direction)
            else:
                y = cell.run(x, start, weights)
            directions.append(_Level(y, x, weights, start.h, cell.replay(x, y, start, weights)))
        levels.append(directions)
        if index < call.depth - 1:
            outputs = [call.ordered(level.y, direction) for direction, level in enumerate(directions)]
            below = torch.cat(outputs, dim=-1)
            if masks is not None:
                below = below * masks[index]
    return levels


def _step_back(call: Call, levels: list[list[_Level]], *, last: bool) -> None:
    """Find the total gradients of every layer, from the top down."""
    cell = CELLS[call.kind]
    above, masks = call.dy, call.masks()
    for index in reversed(range(call.depth)):
        into = torch.zeros_like(levels[index][0].x)
        for direction, level in enumerate(levels[index]):
            dy = call.ordered(above.chunk(call.directions, dim=-1)[direction], direction)
            direct = _direct(call, dy, index * call.directions + direction)
            level.dy = direct.h if last else dy
            level.totals = cell.step_back(level.states, direct, level.weights)
            if index > 0:
                into = into + call.ordered(cell.into_input(level.states, level.totals, level.weights), direction)
        above = into if masks is None or index == 0 else into * masks[index - 1]


def _direct(call: Call, dy: Tensor, place: int) -> Direct:
    """Return what reaches every state from outside: the output's gradient, and the last state's at its own time."""
    h = call.at_end("h_n", place)
    return Direct(dy if h is None else dy + h, call.at_end("c_n", place))


def _error(call: Call, level: _Level, direction: int) -> float:
    """Return the largest difference between the replayed h and the module's own output, within the lengths."""
    difference = call.bounded(call.ordered((level.states["h"] - level.y).abs(), direction), 0.0)
    return float(difference.max()) if difference.numel() else 0.0


def _bare(call: Call, layer: Layer, reasons: list[str], *, last: bool) -> _Part:
    """Return what is known of a layer on top without replay: its output and the gradient that reached it."""
    own = {"h": call.y.chunk(call.directions, dim=-1)[layer.direction]}
    if call.reached:
        dy = call.ordered(call.dy.chunk(call.directions, dim=-1)[layer.direction], layer.direction)
        direct = _direct(call, dy, layer.index * call.directions + layer.direction)
        own[schema.DIRECT_GRADIENT] = call.ordered(direct.h if last else dy, layer.direction)
    return _Part(call, layer, math.nan, reasons, {name: call.bounded(values, math.nan) for name, values in own.items()})


def _whole(call: Call, layer: Layer, level: _Level, error: float, reasons: list[str]) -> _Part:
    """Return all that was found of a layer, in the input's order of time."""
    arrays = {name: level.states[name] for name in schema.GATES[call.kind]} | {"h": level.y} | level.totals
    if level.dy is not None:
        arrays[schema.DIRECT_GRADIENT] = level.dy
    shown = {name: call.bounded(call.ordered(values, layer.direction), math.nan) for name, values in arrays.items()}
    weights = recurrent_weights(level.weights)
    start = {"h": level.h_before} | ({"c": level.states["c_prev"][0]} if "c_prev" in level.states else {})
    return _Part(call, layer, error, reasons, shown, weights, start)
