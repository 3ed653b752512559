"""The temporal order problem: two signs far apart among noise; which came first decides the class.

Shapes: x (T, B) int64, y (B,) int64; T = time, B = sample.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from rnnwidgets.tasks.bounds import at_least

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

ORDER_SYMBOLS = [*"XYabcd"]
_SIGNS = 2


def temporal_order(*, length: int = 50, batch: int = 20, seed: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
    """Endless batches (x, y) of the temporal order problem, the same ones for the same seed.

    x is (T, B) int64, symbols numbered as in `ORDER_SYMBOLS`: a sign, X or Y, at one time of [0.1 T, 0.2 T) and at
    one of [0.5 T, 0.6 T), and everywhere else one of a, b, c, d. y is (B,) int64: 0 for X X, 1 for X Y, 2 for Y X, 3
    for Y Y, each with the chance 1/4. The global random state is neither read nor moved.

    Raises ValueError if `length` is below 10 or `batch` below 1.

    Source: Hochreiter and Schmidhuber (1997), Long Short-Term Memory, section 5.6 (doi:10.1162/neco.1997.9.8.1735), the
    places as in Pascanu, Mikolov and Bengio (2013), On the Difficulty of Training Recurrent Neural Networks, section
    4.1 (doi:10.48550/arXiv.1211.5063).
    """
    at_least("length", length, 10, "times, so that each sign has a place")
    at_least("batch", batch, 1, "sequence")
    return _batches(length, batch, torch.Generator().manual_seed(seed))


def _batches(length: int, batch: int, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    samples = torch.arange(batch)
    places = ((length + 9) // 10, (2 * length + 9) // 10), ((5 * length + 9) // 10, (6 * length + 9) // 10)
    while True:
        x = torch.randint(_SIGNS, len(ORDER_SYMBOLS), (length, batch), generator=generator)
        signs = torch.randint(_SIGNS, (2, batch), generator=generator)
        for sign, (first, past) in zip(signs, places, strict=True):
            x[torch.randint(first, past, (batch,), generator=generator), samples] = sign
        yield x, _SIGNS * signs[0] + signs[1]
