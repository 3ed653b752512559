"""Scalars over a whole run in bounded memory: bins that merge in pairs, each with its lowest and highest value."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnnwidgets import reduce, schema


@dataclass(frozen=True)
class Curve:
    """One scalar over training; unpacks as `steps, values = recording.scalars["loss"]`.

    Attributes:
        steps: int64 (bins,), the first step of each bin. Until a run outgrows the bins, each holds one value.
        values: float64 (bins,), the mean of each bin.
        low: float64 (bins,), the smallest value of each bin.
        high: float64 (bins,), the largest value of each bin.
    """

    steps: NDArray[np.int64]
    values: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    def __iter__(self) -> Iterator[NDArray[np.int64] | NDArray[np.float64]]:
        """Yield steps, then values."""
        yield self.steps
        yield self.values

    def until(self, step: int) -> Curve:
        """Return the bins that begin at or before a step."""
        end = int(np.searchsorted(self.steps, step, side="right"))
        return Curve(self.steps[:end], self.values[:end], self.low[:end], self.high[:end])


class Series:
    """Bins (row, bin) of one scalar, rows as in `schema.CURVE_ROWS`; merged in pairs whenever they run out."""

    def __init__(self) -> None:
        """Start without a value."""
        self.width = 1
        self._bins: NDArray[np.float64] = np.empty((len(schema.CURVE_ROWS), schema.CURVE_BINS))
        self._count = 0

    @classmethod
    def of(cls, width: int, bins: NDArray[np.float64]) -> Series:
        """Return a series of bins (row, bin), each of which holds up to `width` values.

        Raises:
            ValueError: these are not the rows of `schema.CURVE_ROWS`, or more bins than a series has.
        """
        if bins.ndim != 2 or len(bins) != len(schema.CURVE_ROWS) or bins.shape[1] > schema.CURVE_BINS or width < 1:
            raise ValueError(f"expected {len(schema.CURVE_ROWS)} rows of bins, found shape {bins.shape}")
        series = cls()
        series.width, series._count = width, bins.shape[1]
        series._bins[:, : series._count] = bins
        return series

    @property
    def bins(self) -> NDArray[np.float64]:
        """The bins in use, (row, bin)."""
        return self._bins[:, : self._count]

    @property
    def nbytes(self) -> int:
        """Bytes of all bins, used or not."""
        return self._bins.nbytes

    def append(self, step: int, value: float) -> None:
        """Add one value, into the last bin while that has room or ends at this step: no two bins share a step."""
        if self._count:
            last = self._bins[:, self._count - 1]
            if last[5] < self.width or step <= last[1]:
                self._grow_last(step, value)
                return
        if self._count == schema.CURVE_BINS:
            merged = reduce.merge_pairs(self._bins)
            self._count = merged.shape[1]
            self._bins[:, : self._count] = merged
            self.width *= 2
        self._bins[:, self._count] = (step, step, value, value, value, 1)
        self._count += 1

    def _grow_last(self, step: int, value: float) -> None:
        first, last, low, high, mean, count = self._bins[:, self._count - 1].tolist()
        count += 1
        mean = mean * (1 - 1 / count) + value / count
        self._bins[:, self._count - 1] = first, max(last, step), _least(low, value), -_least(-high, -value), mean, count

    def curve(self) -> Curve:
        """Return a copy of the bins."""
        first, _, low, high, mean, _ = self.bins.copy()
        return Curve(first.astype(np.int64), mean, low, high)


def _least(one: float, other: float) -> float:
    """Return the smaller of two numbers, and the other of a number and NaN."""
    return other if other < one or math.isnan(one) else one
