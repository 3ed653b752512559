"""The part of a cell that is sequential: one time after another, on small arrays in place.

A time of a few samples is a few thousand numbers, so that the cost of a call is most of the cost of its work. NumPy's
calls are the cheapest; the product with a recurrent matrix stays PyTorch's, which keeps to the number of threads that
the user gave it. Both work on the same memory, that of the CPU.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[Any]


def quiet() -> np.errstate:
    """Return what lets values that are not finite be computed with like any other, without a warning."""
    return np.errstate(all="ignore")


def forwards(*series: Tensor) -> Iterator[tuple[Array, ...]]:
    """Yield what belongs to each time, the first time first; what is written into it is written into the series."""
    return zip(*(values.numpy() for values in series), strict=True)


def backwards(*series: Tensor) -> Iterator[tuple[Array, ...]]:
    """Yield what belongs to each time, the last time first; what is written into it is written into the series."""
    return zip(*(values.numpy()[::-1] for values in series), strict=True)


class Product:
    """A product with a matrix (rows, columns), into the same memory again and again.

    Attributes:
        left: (S, rows), to be written.
        result: (S, columns), as of the last `update`.
    """

    def __init__(self, samples: int, matrix: Tensor) -> None:
        """Start with zeros on the left."""
        self._matrix = matrix
        self._left = matrix.new_zeros(samples, matrix.shape[0])
        self._result = matrix.new_zeros(samples, matrix.shape[1])
        self.left: Array = self._left.numpy()
        self.result: Array = self._result.numpy()

    def update(self) -> Array:
        """Return left times matrix."""
        torch.mm(self._left, self._matrix, out=self._result)
        return self.result


def on_cpu(*values: Tensor) -> list[Tensor]:
    """Return tensors whose memory NumPy shares; copies of those that are elsewhere."""
    return [value.cpu() for value in values]
