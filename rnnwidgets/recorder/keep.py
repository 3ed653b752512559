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
import weakref
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import accumulate

import numpy as np
import torch
from torch import Tensor

from rnnwidgets.frame import Array

_LEAST = 128 * 1024
SPARE_PART = 8  # of a recording's memory may be spare: what a frame needs, not more
_SIZES = 2  # of mappings that one model needs: what it waits with, and what comes of it
_POWERS = 48  # of two of bytes, more than any machine has
_ALIGNED = 64
_UNSHARED = 2  # references to a mapping that only one holds, one of them the question's own


class _Held(weakref.ref["Block | Store"]):
    """What holds a mapping for its holder, and for nobody in particular once that is gone."""

    __slots__ = ("memory",)
    memory: mmap.mmap


class Spare:
    """Mappings whose holders are gone, for holders that need as much.

    A holder may go at any moment of any thread. What is called then is no Python, in which an interrupt would be lost
    and training would go on: deques take them whose length is bounded, one for each power of two of bytes.
    """

    def __init__(self) -> None:
        """Start without any, and with room for none."""
        self._most = 0
        self._gone = [deque[_Held](maxlen=0)] * _POWERS

    @property
    def nbytes(self) -> int:
        """What they hold together."""
        return sum(len(held.memory) for gone in self._gone for held in gone.copy())

    def bound(self, most: int) -> None:
        """Have at most so many bytes, now and after whatever goes: of each size half of them."""
        if most != self._most:
            self._most = most
            self._gone = [deque(gone, maxlen=most // _SIZES >> power) for power, gone in enumerate(self._gone)]
        self.shrink(most)

    def take(self, size: int, holder: Block | Store) -> _Held:
        """Return a mapping of that size for a holder; what is in it is left over."""
        gone = self._gone[(size - 1).bit_length()]
        held = _Held(holder, gone.append)
        held.memory = _unshared(gone, size) or _fresh(size)
        return held

    def shrink(self, most: int) -> None:
        """Give back to the system, the largest first and of those the oldest, until at most so many bytes are left."""
        for gone in reversed(self._gone):
            while gone and self.nbytes > most:
                gone.popleft()


def _unshared(gone: deque[_Held], size: int) -> mmap.mmap | None:
    """Take out one of that size that no array shows any more; each change is one that Python makes at once."""
    for _ in range(len(gone)):
        try:
            held = gone.popleft()
        except IndexError:  # another thread was quicker
            break
        if len(held.memory) == size and sys.getrefcount(held.memory) <= _UNSHARED:
            return held.memory
        gone.append(held)
    return None


def _fresh(size: int) -> mmap.mmap:
    """Return a new mapping, in large pages where it is as large: filling it takes half the time then or less."""
    memory = mmap.mmap(-1, size, access=mmap.ACCESS_COPY)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        with suppress(OSError):  # a Linux without them
            memory.madvise(mmap.MADV_HUGEPAGE)
    return memory


SPARE = Spare()


class Store:
    """Copies of tensors in one mapping, which serves others once they are gone too; small ones on the heap."""

    def __init__(self, tensors: Sequence[Tensor]) -> None:
        """Have room for these."""
        size = sum(map(_room, tensors))
        self._held = SPARE.take(size, self) if size >= _LEAST else None
        self._end = 0

    def copied(self, tensor: Tensor) -> Tensor:
        """Return a copy that lies here; an empty tensor as it is.

        Contiguous tensors, and those that have time and batch the other way round, are laid out as they were, so that
        products with the copy round alike.
        """
        if not tensor.numel():
            return tensor
        turned = tensor.dim() > 1 and not tensor.is_contiguous() and tensor.transpose(0, 1).is_contiguous()
        copy = self._copied(tensor.transpose(0, 1) if turned else tensor)
        return copy.transpose(0, 1) if turned else copy

    def _copied(self, values: Tensor) -> Tensor:
        if self._held is None:
            return values.clone(memory_format=torch.contiguous_format)
        memory, offset = self._held.memory, self._end
        self._end += _room(values)
        copy = torch.frombuffer(memory, dtype=values.dtype, count=values.numel(), offset=offset)
        return copy.view(values.shape).copy_(values)


def _room(tensor: Tensor) -> int:
    return -(-tensor.nbytes // _ALIGNED) * _ALIGNED


class Block(Mapping[str, Array]):
    """Arrays in one mapping; each is made when it is asked for, so that nothing else is kept of it."""

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        """Copy the tensors' values."""
        sizes = [tensor.numel() * tensor.element_size() for tensor in tensors.values()]
        self._held = SPARE.take(sum(sizes), self)
        self._places = {
            name: (str(tensor.dtype).removeprefix("torch."), tuple(tensor.shape), offset)
            for (name, tensor), offset in zip(tensors.items(), accumulate(sizes, initial=0), strict=False)
        }
        for name, tensor in tensors.items():
            np.copyto(self[name], tensor.cpu().numpy())

    def __getitem__(self, name: str) -> Array:
        """Return a view of one array's memory."""
        dtype, shape, offset = self._places[name]
        return np.frombuffer(self._held.memory, dtype, math.prod(shape), offset).reshape(shape)

    def __iter__(self) -> Iterator[str]:
        """Yield the names."""
        return iter(self._places)

    def __len__(self) -> int:
        """Return the number of arrays."""
        return len(self._places)

    def __reduce__(self) -> tuple[type, tuple[dict[str, Array]]]:
        """Be copied and pickled as arrays of their own."""
        return dict, ({name: array.copy() for name, array in self.items()},)


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
