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
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate

import numpy as np
import torch
from torch import Tensor

from rnnwidgets.frame import Array

_LEAST = 128 * 1024
_MOST_SPARE = 8 * 2**20
_ALIGNED = 64
_UNSHARED = 2  # references to a mapping that only one holds, one of them the question's own


class Spare:
    """Mappings of blocks that are gone, for blocks of the same size.

    Threads take and give as they come: each change of the list is one that Python makes at once.
    """

    def __init__(self) -> None:
        """Start without any."""
        self._mappings: list[mmap.mmap] = []

    @property
    def nbytes(self) -> int:
        """What they hold together, at most `_MOST_SPARE`."""
        return sum(map(len, tuple(self._mappings)))

    def take(self, size: int) -> mmap.mmap:
        """Return a mapping of that size; what is in it is left over."""
        for memory in tuple(self._mappings):
            if len(memory) == size:
                try:
                    self._mappings.remove(memory)
                except ValueError:  # another thread was quicker
                    continue
                return memory
        return mmap.mmap(-1, size, access=mmap.ACCESS_COPY)

    def give(self, memory: mmap.mmap) -> None:
        """Keep a mapping that nobody reads any more, in the place of older ones if need be."""
        if len(memory) <= _MOST_SPARE:
            self._mappings.append(memory)
            self.shrink(_MOST_SPARE)

    def shrink(self, most: int) -> None:
        """Give the oldest back to the system until at most so many bytes are left."""
        while self.nbytes > most:
            del self._mappings[:1]


SPARE = Spare()


class _Mapped:
    """Has a mapping of its own, which serves another once it is gone itself."""

    _memory: mmap.mmap

    def __del__(self) -> None:
        """Leave the mapping to another, unless some array or tensor still shows it; an interrupt may forestall it."""
        if hasattr(self, "_memory") and sys.getrefcount(self._memory) <= _UNSHARED:
            SPARE.give(self._memory)


class Store(_Mapped):
    """Copies of tensors in one mapping, which serves others once they are gone too."""

    def __init__(self, tensors: Sequence[Tensor]) -> None:
        """Have room for these."""
        self._memory = SPARE.take(sum(map(_room, tensors)) or 1)
        self._end = 0

    def copied(self, tensor: Tensor) -> Tensor:
        """Return a copy that lies here; an empty tensor as it is.

        Contiguous tensors, and those that have time and batch the other way round, are laid out as they were, so that
        products with the copy round alike.
        """
        if not tensor.numel():
            return tensor
        turned = tensor.dim() > 1 and not tensor.is_contiguous() and tensor.transpose(0, 1).is_contiguous()
        values = tensor.transpose(0, 1) if turned else tensor
        copy = torch.frombuffer(self._memory, dtype=tensor.dtype, count=tensor.numel(), offset=self._end)
        self._end += _room(tensor)
        copy = copy.view(values.shape).copy_(values)
        return copy.transpose(0, 1) if turned else copy


def _room(tensor: Tensor) -> int:
    return -(-tensor.nbytes // _ALIGNED) * _ALIGNED


class Block(_Mapped, Mapping[str, Array]):
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
    """Return recurrent weights to keep beside the arrays of their layer; none where they are not kept."""
    return kept(weights) if are_kept(_size(weights), _size(arrays), heavy=heavy) else {}


def are_kept(weights: int, arrays: int, *, heavy: bool) -> bool:
    """Tell whether so many bytes of weights are kept beside the arrays of their layer: more than half of them only
    where `heavy` ones are wanted.
    """
    return heavy or 2 * weights <= arrays


def _size(tensors: Mapping[str, Tensor]) -> int:
    return sum(tensor.nbytes for tensor in tensors.values())
