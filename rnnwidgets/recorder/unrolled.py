"""The trace of a cell that was called once a time: gates by replay, total gradients as autograd gave them.

Since the user hands h and c on, a hook on them sees their *total* gradients. What the loop does between two calls, such
as attention, belongs to the outside: the direct gradient is `dh` less what came back through the next call to the h
that it was given. Where the two differ by no more than rounding it is exactly zero; where a state was changed on its
way to the next call, so that its share of the gradient is not known, it is left out.

Axes: T times, S samples, I inputs, H units.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from rnnwidgets import schema
from rnnwidgets.cells import CELLS, Start, States, Weights
from rnnwidgets.frame import Trace
from rnnwidgets.recorder.keep import kept, kept_weights
from rnnwidgets.recorder.replay import difference, present, recurrent_weights

_CHANGED = "the state was changed between two calls, so that the direct gradient is not known"
_NOWHERE, _UNKNOWN = -1, -2


@dataclass(frozen=True)
class Unrolled:
    """All calls of one sequence, one a time.

    Attributes:
        kind: of the cell.
        lengths: number of calls that each sample was in.
        x: (T, S, I) input.
        before: the states given, h and c each (T, S, H).
        h, c: (T, S, H) the states returned.
        dh, dc: (T, S, H) the gradients that reached them, or None if none did.
        linked: for each time, whether the h given is the one returned by the time before, on the graph.
        attached: for each time, whether a gradient reaches the h given.
        computed_in: the precision of the states that the cell itself returned.
        apart: whether h was not computed from the very c returned, so that what reached c lacks what came through h.
    """

    kind: schema.Kind
    lengths: tuple[int, ...]
    x: Tensor
    before: Start
    h: Tensor
    c: Tensor | None
    dh: Tensor | None
    dc: Tensor | None
    linked: Sequence[bool]
    attached: Sequence[bool]
    computed_in: torch.dtype
    apart: bool


def cell_trace(name: str, calls: Unrolled, weights: Sequence[Tensor], reasons: Sequence[str], *, heavy: bool) -> Trace:
    """Return the trace of the calls; without what needs the weights where none are given.

    `reasons` say why it is not exact; `heavy` is explained at `Run.traces`.
    """
    times = torch.arange(len(calls.h), device=calls.h.device).unsqueeze(1)
    outside = (times >= torch.tensor(calls.lengths, device=times.device)).unsqueeze(-1)
    used = Weights(*(weight.detach().to(calls.h.dtype) for weight in weights)) if weights else None
    arrays, error, found = (_bare(calls), math.nan, []) if used is None else _whole(calls, used, outside)
    if min(calls.lengths, default=0) < len(calls.h):
        arrays = {letter: values.masked_fill(outside, math.nan) for letter, values in arrays.items()}
    return Trace(
        layer=name,
        kind=calls.kind,
        lengths=calls.lengths,
        replay_error=error,
        inexact="; ".join((*reasons, *found)),
        arrays=kept(arrays),
        weights={} if used is None else kept_weights(recurrent_weights(used), arrays, heavy=heavy),
        start=kept({letter: given[0] for letter, given in present(calls.before._asdict()).items()}),
    )


def _bare(calls: Unrolled) -> States:
    """Return what is known without the weights."""
    found = {"c": calls.c, "h": calls.h, "dh": calls.dh, "dc": None if calls.apart else calls.dc}
    return {letter: values for letter, values in found.items() if values is not None}


def _whole(calls: Unrolled, weights: Weights, outside: Tensor) -> tuple[States, float, list[str]]:
    """Return all arrays, how far the replayed h is from the cell's own, and what is not known exactly."""
    cell = CELLS[calls.kind]
    states = cell.replay_each(calls.x, calls.before, weights)
    differences = (states["h"] - calls.h).abs().masked_fill(outside, 0)
    error = float(differences.max()) if differences.numel() else 0.0
    reasons = difference(error, calls.h.dtype, calls.computed_in)
    own = {"h": calls.h} if calls.c is None else {"c": calls.c, "h": calls.h}
    arrays = {letter: states[letter] for letter in schema.GATES[calls.kind]} | own
    if calls.dh is None:
        return arrays, error, reasons
    totals = {"dh": calls.dh}
    if calls.dc is not None:
        through_h = calls.dh * states["o"] * (1 - states["squashed"].square())
        totals["dc"] = calls.dc + through_h if calls.apart else calls.dc
    direct = _direct(calls, *cell.into_state(states, totals, weights), calls.dh)
    if direct is None:
        return arrays | totals, error, [*reasons, _CHANGED]
    return arrays | totals | {schema.DIRECT_GRADIENT: direct}, error, reasons


def _direct(calls: Unrolled, back: Tensor, rounding: Tensor, dh: Tensor) -> Tensor | None:
    """Return dh without what came `back` through later calls; None where that is not known."""
    source = _sources(calls)
    if bool(((source == _UNKNOWN) & back.any(-1)).any()):
        return None
    known = source >= 0
    samples = torch.arange(source.shape[1], device=source.device).expand_as(source)
    where = source[known], samples[known]
    through = torch.zeros_like(dh).index_put_(where, back[known], accumulate=True)
    least = torch.finfo(dh.dtype).eps * dh.abs()
    least.index_put_(where, rounding[known], accumulate=True)
    direct = dh - through
    return direct.masked_fill_(direct.abs() <= least, 0)


def _sources(calls: Unrolled) -> Tensor:
    """Return for each call and sample (T, S) the time whose h it was given; also `_NOWHERE` and `_UNKNOWN`.

    A state may pass over a time, where a mask keeps the one before.
    """
    times, samples = calls.h.shape[:2]
    source = torch.arange(-1, times - 1, device=calls.h.device).unsqueeze(1).repeat(1, samples)
    for time in range(times):
        if time == 0 or not calls.attached[time]:
            source[time] = _NOWHERE
        elif not calls.linked[time]:
            given = calls.before.h[time]
            kept_on = torch.where((given == calls.before.h[time - 1]).all(-1), source[time - 1], _UNKNOWN)
            source[time] = torch.where((given == calls.h[time - 1]).all(-1), time - 1, kept_on)
    return source
