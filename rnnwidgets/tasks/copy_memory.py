"""The copy memory problem: read ten symbols, wait, and write them down again.

Shapes: x, y (T + 20, B) int64; T = the delay, B = sample. Symbol 0 is blank, 1 to 8 are to be remembered, 9 says "now".
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from rnnwidgets.tasks.bounds import at_least

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

COPY_SYMBOLS = [".", *"abcdefgh", ">"]
_REMEMBERED = 10
_KINDS = 8
_NOW = 9


def copy_memory(*, delay: int = 30, batch: int = 20, seed: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
    """Endless batches (x, y) of the copy memory problem, the same ones for the same seed.

    x is (T + 20, B) int64: ten symbols from 1 to 8, T - 1 blanks, the sign 9, ten blanks. y is (T + 20, B) int64: T +
    10 blanks, then the ten symbols. `COPY_SYMBOLS` is the text of the ten inputs; the first nine are the classes of
    y. The global random state is neither read nor moved.

    Raises ValueError if `delay` or `batch` is below 1.

    Source: Arjovsky, Shah and Bengio (2016), Unitary Evolution Recurrent Neural Networks, section 5.1
    (doi:10.48550/arXiv.1511.06464), after Hochreiter and Schmidhuber (1997).
    """
    at_least("delay", delay, 1, "time between the symbols and their recall")
    at_least("batch", batch, 1, "sequence")
    return _batches(delay, batch, torch.Generator().manual_seed(seed))


def copy_baseline(delay: int) -> float:
    """The mean cross-entropy, in nats a time, of the best answer without memory: 10 ln 8 / (T + 20).

    It says blank wherever blank is due, and gives each of the eight symbols the same chance at the last ten times.
    """
    return _REMEMBERED * math.log(_KINDS) / (delay + 2 * _REMEMBERED)


def _batches(delay: int, batch: int, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    length = delay + 2 * _REMEMBERED
    while True:
        symbols = torch.randint(1, _KINDS + 1, (_REMEMBERED, batch), generator=generator)
        x = torch.zeros(length, batch, dtype=torch.int64)
        x[:_REMEMBERED] = symbols
        x[delay + _REMEMBERED - 1] = _NOW
        y = torch.zeros_like(x)
        y[-_REMEMBERED:] = symbols
        yield x, y
