"""A stream of token ids, cut into batches for a language model; words and characters both come as one.

Shapes: tokens (N,) int64; batches x, y (T, B) int64; T = time, B = sample.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

from rnnwidgets.tasks.bounds import at_least

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor

UNKNOWN = "<unk>"


@dataclass(frozen=True, eq=False)
class Corpus:
    """A stream of token ids and the tokens they stand for; `brown` and `characters` make it.

    `vocabulary` is the text of each id; `tokens` is the whole text, (N,) int64; `length` and `batch` are the T and B of
    `batches`.
    """

    vocabulary: list[str] = field(repr=False)
    tokens: Tensor = field(repr=False)
    length: int
    batch: int

    @property
    def batches_per_epoch(self) -> int:
        """How many batches one pass over the text gives; what is left over at the end is not used."""
        return (len(self.tokens) - 1) // self.batch // self.length

    def batches(self, epochs: int = 1) -> Iterator[tuple[Tensor, Tensor]]:
        """Batches (x, y), each (T, B) int64, y one token ahead of x, in the same order every time.

        The text is cut into B contiguous streams; batch k holds times kT to kT + T of each, so sample b of one batch
        goes on where sample b of the batch before it ended.
        """
        stream = (len(self.tokens) - 1) // self.batch
        x = self.tokens[: self.batch * stream].view(self.batch, stream).t()
        y = self.tokens[1 : self.batch * stream + 1].view(self.batch, stream).t()
        for _ in range(epochs):
            for k in range(self.batches_per_epoch):
                times = slice(k * self.length, (k + 1) * self.length)
                yield x[times].contiguous(), y[times].contiguous()


def ranked(tokens: Sequence[str]) -> list[str]:
    """The different tokens by falling frequency, ties in alphabetical order."""
    return [token for token, _ in sorted(Counter(tokens).items(), key=lambda item: (-item[1], item[0]))]


def check(length: int, batch: int) -> None:
    """Raise ValueError for a length or batch below 1."""
    at_least("length", length, 1, "time")
    at_least("batch", batch, 1, "sequence")


def encoded(tokens: Sequence[str], vocabulary: list[str], length: int, batch: int) -> Corpus:
    """The corpus of these tokens; one that is not in the vocabulary gets id 0.

    Raises ValueError for a length or batch below 1, or batches larger than the text.
    """
    check(length, batch)
    if length * batch >= len(tokens):
        raise ValueError(
            f"length x batch must be less than the {len(tokens)} tokens of the text, but is {length * batch}"
        )
    ids = {token: k for k, token in enumerate(vocabulary)}
    return Corpus(vocabulary, torch.tensor([ids.get(token, 0) for token in tokens]), length, batch)
