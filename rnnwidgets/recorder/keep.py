"""Where a frame's arrays live: in one anonymous mapping of their own, apart from the heap that training uses.

Blocks kept on the heap between the buffers that a training step allocates and frees make the allocator hand those
buffers' pages back to the system and fault them in again, step after step: for the reference LSTM about 2 500 page
faults a step more than without a recorder, and some 400 to 800 more with frames kept here. Small frames are left on the
heap, since a process may hold only so many mappings.
"""

from __future__ import annotations

import math
import mmap
from collections.abc import Iterator, Mapping
from itertools import accumulate

import numpy as np
from torch import Tensor

from rnnwidgets.frame import Array

_LEAST = 128 * 1024


class Block(Mapping[str, Array]):
    """Arrays in one mapping; each is made when it is asked for, so that nothing else is kept of it."""

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        """Copy the tensors' values."""
        sizes = [tensor.numel() * tensor.element_size() for tensor in tensors.values()]
        self._memory = mmap.mmap(-1, max(sum(sizes), 1))
        self._places = {
            name: (str(tensor.dtype).removeprefix("torch."), tuple(tensor.shape), offset)
            for (name, tensor), offset in zip(tensors.items(), accumulate(sizes, initial=0), strict=False)
        }
        for name, tensor in tensors.items():
            np.copyto(self[name], tensor.cpu().numpy())

    def __getitem__(self, name: str) -> Array:
        """Return a view of one array's memory."""
        dtype, shape, offset = self._places[name]
        return np.frombuffer(self._memory, dtype, math.prod(shape), offset).reshape(shape)

    def __iter__(self) -> Iterator[str]:
        """Yield the names."""
        return iter(self._places)

    def __len__(self) -> int:
        """Return the number of arrays."""
        return len(self._places)


def kept(tensors: Mapping[str, Tensor]) -> Mapping[str, Array]:
    """Return each tensor's values as an array that shares no memory with it."""
    if sum(tensor.numel() * tensor.element_size() for tensor in tensors.values()) < _LEAST:
        return {name: tensor.cpu().numpy().copy() for name, tensor in tensors.items()}
    return Block(tensors)


def kept_weights(weights: Mapping[str, Tensor], arrays: Mapping[str, Tensor], *, heavy: bool) -> Mapping[str, Array]:
    """Return recurrent weights to keep beside the arrays of their layer; none where they are `heavy` and not wanted.

    They are heavy where they are more than half of the arrays.
    """
    return kept(weights) if heavy or 2 * _size(weights) <= _size(arrays) else {}


def _size(tensors: Mapping[str, Tensor]) -> int:
    return sum(tensor.nbytes for tensor in tensors.values())
