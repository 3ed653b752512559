"""Where a frame's arrays live: in one anonymous mapping of their own, apart from the heap that training uses.

Blocks kept on the heap between the buffers that a training step allocates and frees make the allocator hand those
buffers' pages back to the system and fault them in again, step after step: for the reference LSTM about 2 500 page
faults a step more than without a recorder, and some 400 to 800 more with frames kept here. Small frames are left on the
heap, since a process may hold only so many mappings. Fresh pages cost ten times what copying into them does, so the
mapping of a frame that was given up serves the next one.
"""

from __future__ import annotations

import math
import mmap
import sys
from collections.abc import Iterator, Mapping
from itertools import accumulate

import numpy as np
from torch import Tensor

from rnnwidgets.frame import Array

_LEAST = 128 * 1024
_MOST_SPARE = 8 * 2**20
_UNSHARED = 2  # references to a mapping that only its block holds, one of them the question's own


class Spare:
    """Mappings of blocks that are gone, for blocks of the same size.

    Attributes:
        nbytes: what they hold together, at most `_MOST_SPARE`.
    """

    def __init__(self) -> None:
        """Start without any."""
        self.nbytes = 0
        self._mappings: list[mmap.mmap] = []

    def take(self, size: int) -> mmap.mmap:
        """Return a mapping of that size; what is in it is left over."""
        for place, memory in enumerate(self._mappings):
            if len(memory) == size:
                self.nbytes -= size
                return self._mappings.pop(place)
        return mmap.mmap(-1, size, access=mmap.ACCESS_COPY)

    def give(self, memory: mmap.mmap) -> None:
        """Keep a mapping that nobody reads any more, in the place of older ones if need be."""
        if len(memory) > _MOST_SPARE:
            return
        self._mappings.append(memory)
        self.nbytes += len(memory)
        self.shrink(_MOST_SPARE)

    def shrink(self, most: int) -> None:
        """Give the oldest back to the system until at most so many bytes are left."""
        while self.nbytes > most:
            self.nbytes -= len(self._mappings.pop(0))


SPARE = Spare()


class Block(Mapping[str, Array]):
    """Arrays in one mapping; each is made when it is asked for, so that nothing else is kept of it."""

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        """Copy the tensors' values."""
        sizes = [tensor.numel() * tensor.element_size() for tensor in tensors.values()]
        self._memory = SPARE.take(max(sum(sizes), 1))
        self._places = {
            name: (str(tensor.dtype).removeprefix("torch."), tuple(tensor.shape), offset)
            for (name, tensor), offset in zip(tensors.items(), accumulate(sizes, initial=0), strict=False)
        }
        for name, tensor in tensors.items():
            np.copyto(self[name], tensor.cpu().numpy())

    def __del__(self) -> None:
        """Leave the mapping to another block, unless some array still shows it."""
        if sys.getrefcount(self._memory) <= _UNSHARED:
            SPARE.give(self._memory)

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
