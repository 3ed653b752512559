"""Fewer numbers that still tell the truth: quantise, stride, decimate, thin.

Pure functions on arrays and counts. Codes and encodings are those of `schema`: 0..252 for numbers, then one code each
for minus infinity, plus infinity and NaN, so that a bad value keeps its own colour on the way to the screen.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from heapq import heapify, heappop, heappush
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnnwidgets import schema

Array = NDArray[Any]
Codes = NDArray[np.uint8]
Bins = NDArray[np.float64]

_LOG_STEPS = schema.CODE_ZERO - 1
_STEPS_PER_LOG = _LOG_STEPS / (schema.LOG_DECADES * math.log(10))


def high(values: Array, encoding: schema.Encoding) -> float:
    """Return the value of the largest code: 1 for `unit`; the largest finite magnitude for `signed_log`; for
    `symmetric` that magnitude rounded up to a power of two, at least 1, so that the scale is steady over steps.
    """
    if encoding == "unit":
        return 1.0
    largest = max(float(np.max(values, initial=0.0)), -float(np.min(values, initial=0.0)))
    if not math.isfinite(largest):
        largest = float(np.max(np.abs(values), initial=0.0, where=np.isfinite(values)))
    if encoding == "signed_log":
        return largest
    return 2.0 ** math.ceil(math.log2(largest)) if largest > 1 else 1.0


def quantise(values: Array, encoding: schema.Encoding, top: float) -> Codes:
    """Return the code of each value, with `top` the value of the largest code (see `high`): no finite value is larger,
    but where the encoding is `unit`.
    """
    return _codes(values, *_levels(values, encoding, top))


def quantise_finely(values: Array, encoding: schema.Encoding, top: float) -> tuple[Codes, Codes]:
    """Return the code of each value, as `quantise` does, and its fine byte: how far the value lies from its code."""
    levels, finite = _levels(values, encoding, top)
    exact = levels.copy()
    codes = _codes(values, levels, finite)
    exact -= levels  # by now rounded
    if encoding == "signed_log":
        exact *= np.sign(levels - schema.CODE_ZERO)
    exact *= schema.FINE_STEPS
    exact += schema.FINE_ZERO
    np.rint(exact, out=exact)
    fine: Codes = np.clip(exact, 0, schema.FINE_STEPS, out=exact).astype(np.uint8)
    return codes, fine


def _levels(values: Array, encoding: schema.Encoding, top: float) -> tuple[Array, NDArray[np.bool_] | None]:
    """Return each value's place among the codes, not yet rounded, and which values are finite; None where all are."""
    finite = np.isfinite(values)
    everywhere = bool(finite.all())
    clean = values if everywhere else np.where(finite, values, 0)
    if encoding == "unit":
        with np.errstate(over="ignore"):
            levels = clean * schema.CODE_TOP
        np.clip(levels, 0, schema.CODE_TOP, out=levels)
    elif encoding == "symmetric":
        levels = clean * (schema.CODE_ZERO / top)
        levels += schema.CODE_ZERO
    else:
        levels = _signed_log_levels(clean, top)
    return levels, None if everywhere else finite


def _codes(values: Array, levels: Array, finite: NDArray[np.bool_] | None) -> Codes:
    """Round levels in place, and return them as codes."""
    codes: Codes = np.rint(levels, out=levels).astype(np.uint8)
    if finite is not None:
        codes[np.isnan(values)] = schema.CODE_NAN
        codes[np.isposinf(values)] = schema.CODE_POSITIVE_INFINITY
        codes[np.isneginf(values)] = schema.CODE_NEGATIVE_INFINITY
    return codes


def _signed_log_levels(values: Array, top: float) -> Array:
    """Return sign and decades below `top` as levels around `CODE_ZERO`; a value that is not 0 never gets its level.

    The natural logarithm of float32 numbers takes a quarter of the time of the decimal one.
    """
    if top == 0:
        return np.full(values.shape, float(schema.CODE_ZERO))
    steps: Array = np.abs(values)
    steps /= top
    steps = steps.astype(np.float32, copy=False)
    with np.errstate(divide="ignore"):
        np.log(steps, out=steps)
    steps *= _STEPS_PER_LOG
    steps += schema.CODE_ZERO
    np.clip(steps, 1, schema.CODE_ZERO, out=steps)
    steps *= np.sign(values)
    steps += schema.CODE_ZERO
    return steps


def log10_norms(values: Array) -> NDArray[np.float32]:
    """Return the base-10 logarithm of the L2 norm over the last axis, computed in float64; minus infinity for 0.

    The squares of float32 numbers neither overflow nor vanish in float64. For float64 numbers the largest magnitude is
    taken out first.
    """
    if values.dtype == np.float64:
        largest = np.max(np.abs(values), axis=-1, initial=0.0)
        scale = np.where((largest > 0) & np.isfinite(largest), largest, 1.0)
        return (_log10_norms(values / scale[..., None]) + np.log10(scale)).astype(np.float32)
    return _log10_norms(values).astype(np.float32)


def _log10_norms(values: Array) -> NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        norms: NDArray[np.float64] = 0.5 * np.log10(np.einsum("...u,...u->...", values, values, dtype=np.float64))
    return norms


class Plan(NamedTuple):
    """What is sent of an array (time, sample, unit).

    Attributes:
        stride: along each axis every `stride`-th is sent.
        fine: of so many of the samples sent, the first ones, the fine bytes are sent too.
    """

    stride: tuple[int, int, int]
    fine: int


def plan(shape: Sequence[int], room: int) -> Plan:
    """Return what to send of an array (time, sample, unit) in at most `room` bytes, though never less than one number.

    Fine bytes of later samples go first, then later samples, since each is a whole picture; the first keeps its fine
    bytes while the longer of times and units is thinned.
    """
    times, samples, units = shape
    for stride in range(1, samples + 1):
        kept = math.ceil(samples / stride)
        fine = room // max(times * units, 1) - kept
        if fine >= 1:
            return Plan((1, stride, 1), min(fine, kept))
    time_stride = unit_stride = 1
    while 2 * math.ceil(times / time_stride) * math.ceil(units / unit_stride) > max(room, 2):
        if math.ceil(times / time_stride) >= math.ceil(units / unit_stride):
            time_stride += 1
        else:
            unit_stride += 1
    return Plan((time_stride, max(samples, 1), unit_stride), int(room >= 2))


def spread(count: int, keep: int, known: Sequence[int] = ()) -> list[int]:
    """Return at most `keep` of the positions 0..count-1, evenly spread, the first and the last among them.

    One between these gives way to the nearest position among those `known`, rising, that is no nearer to another.
    """
    if keep == 1:
        return [count - 1]
    places = sorted({int(position) for position in np.rint(np.linspace(0, count - 1, min(count, keep)))})
    edges = [bisect_left(known, (one + other) / 2) for one, other in itertools.pairwise(places)]
    inner = zip(places[1:], itertools.pairwise(edges), strict=False)
    near = [_nearest(place, known[first:end]) for place, (first, end) in inner]
    return [*places[:1], *near, *places[1 + len(near) :]]


def _nearest(place: int, known: Sequence[int]) -> int:
    return min(known, key=lambda position: abs(position - place), default=place)


def crowded(steps: Sequence[int]) -> Iterator[int]:
    """Yield the positions of steps in the order in which to give them up: each time the one whose neighbours are
    closest in the logarithm of the step. The first and the last are never given up.
    """
    last = len(steps) - 1
    if last < 2:
        return
    logs = np.log1p(np.asarray(steps, dtype=np.float64) - steps[0]).tolist()
    before, after = list(range(-1, last)), list(range(1, last + 2))
    gaps = [(logs[place + 1] - logs[place - 1], place) for place in range(1, last)]
    heapify(gaps)
    while gaps:
        gap, place = heappop(gaps)
        left, right = before[place], after[place]
        if gap < logs[right] - logs[left]:  # a neighbour has gone since
            heappush(gaps, (logs[right] - logs[left], place))
            continue
        before[right], after[left] = left, right
        yield place


def merge_pairs(bins: Bins) -> Bins:
    """Return half as many bins (row, bin): each pair of neighbours as one, with its low, high, mean and count.

    Rows are `schema.CURVE_ROWS`. A NaN mean stays NaN; low and high skip NaN where a number is beside it.
    """
    even = bins.shape[1] // 2 * 2
    first, _, left_low, left_high, left_mean, left_count = bins[:, 0:even:2]
    _, last, right_low, right_high, right_mean, right_count = bins[:, 1:even:2]
    count = left_count + right_count
    with np.errstate(invalid="ignore"):
        mean = left_mean * (left_count / count) + right_mean * (right_count / count)
    merged = np.stack((first, last, np.fmin(left_low, right_low), np.fmax(left_high, right_high), mean, count))
    return np.concatenate((merged, bins[:, even:]), axis=1)
