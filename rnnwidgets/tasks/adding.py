"""The adding problem: remember two marked numbers across a long sequence and give their sum.

Shapes: x (T, B, 2) float32, y (B,) float32; T = time, B = sample. It is generated, needs no download, and separates the
cells: a plain RNN fails where an LSTM learns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from rnnwidgets.tasks.bounds import at_least

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor


def adding(*, length: int = 50, batch: int = 50, seed: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
    """Endless batches (x, y) of the adding problem, the same ones for the same seed.

    x is (T, B, 2) float32: x[..., 0] uniform on [0, 1), x[..., 1] a mark that is 1 at one time of the first half
    (t < T // 2) and at one of the second half, else 0. y is (B,) float32, the sum of the two marked numbers, so that
    always answering 1 has a mean squared error of 1/6. The global random state is neither read nor moved.

    Raises ValueError if `length` is below 2 or `batch` below 1.

    Source: Hochreiter and Schmidhuber (1997), Long Short-Term Memory, section 5.4, with the marks placed as in Le,
    Jaitly and Hinton (2015), A Simple Way to Initialize Recurrent Networks of Rectified Linear Units, section 4.1
    (doi:10.1162/neco.1997.9.8.1735, doi:10.48550/arXiv.1504.00941).
    """
    at_least("length", length, 2, "times, one marked number in each half")
    at_least("batch", batch, 1, "sequence")
    return _batches(length, batch, torch.Generator().manual_seed(seed))


def _batches(length: int, batch: int, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    half, samples = length // 2, torch.arange(batch)
    while True:
        values = torch.rand(length, batch, generator=generator)
        marks = torch.zeros(length, batch)
        marks[torch.randint(half, (batch,), generator=generator), samples] = 1.0
        marks[torch.randint(half, length, (batch,), generator=generator), samples] = 1.0
        yield torch.stack((values, marks), dim=-1), (values * marks).sum(dim=0)
