"""The embedded Reber grammar: the second symbol of a string decides its last but one, whatever stands between.

Shapes: x, y (T, B) int64, legal (T, B, 8) bool; T = time, of the longest string of the batch, B = sample. Symbols are
numbered as in `REBER_SYMBOLS`; the eighth is no symbol but fills the place after a string's end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

from rnnwidgets.tasks.bounds import at_least

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

REBER_SYMBOLS = [*"BTPSXVE", "·"]
IGNORED = -100

_NUMBER = {symbol: k for k, symbol in enumerate(REBER_SYMBOLS)}
_PAD = _NUMBER["·"]
_END = -1
_INNER: list[dict[str, int]] = [  # state -> symbol -> next state
    {"B": 1},
    {"T": 2, "P": 3},
    {"S": 2, "X": 4},
    {"T": 3, "V": 5},
    {"X": 3, "S": 6},
    {"P": 4, "V": 6},
    {"E": _END},
]


class ReberBatch(NamedTuple):
    """Strings of the embedded Reber grammar, padded to the longest.

    `x` (T, B) is each symbol, `y` (T, B) the one that follows, or -100, which `nn.functional.cross_entropy` ignores, at
    the last symbol and after it; `legal` (T, B, 8) says which symbols may follow, and is False wherever y is -100.
    """

    x: Tensor
    y: Tensor
    legal: Tensor


def reber(*, batch: int = 16, seed: int = 0) -> Iterator[ReberBatch]:
    """Endless batches (x, y, legal) of strings of the embedded Reber grammar, the same ones for the same seed.

    A string is B, then T or P, a string of Reber's own grammar, the same T or P again, and E: 9 symbols or more. Where
    the grammar goes two ways, both have the chance 1/2. The global random state is neither read nor moved.

    Raises ValueError if `batch` is below 1.

    Source: Hochreiter and Schmidhuber (1997), Long Short-Term Memory, section 5.1 (doi:10.1162/neco.1997.9.8.1735); the
    inner grammar is Reber's (1967), Implicit Learning of Artificial Grammars (doi:10.1016/S0022-5371(67)80149-X).
    """
    at_least("batch", batch, 1, "sequence")
    return _batches(batch, torch.Generator().manual_seed(seed))


def reber_legality(logits: Tensor, batch: ReberBatch) -> tuple[float, float]:
    """How many of the strings are foretold legally throughout, and how many at the long-range symbol: two fractions.

    `logits` is (T, B, K) with K of at least 7 symbols. A string counts where at each of its times the symbol with the
    highest logit is one that may follow; the long-range symbol is the last but one, where a guess is right half the
    time.
    """
    chosen = logits[..., : batch.legal.shape[-1]].argmax(dim=-1, keepdim=True)
    told = batch.legal.gather(-1, chosen).squeeze(-1)
    inside = batch.y != IGNORED
    ends = inside.sum(dim=0) - 2  # the time whose next symbol is the last but one
    throughout = (told | ~inside).all(dim=0)
    at_the_end = told[ends, torch.arange(told.shape[1])]
    return throughout.float().mean().item(), at_the_end.float().mean().item()


def _string(generator: torch.Generator) -> tuple[list[str], list[str]]:
    """One string, and for each symbol but the last the symbols that may follow it."""
    outer = "TP"[_flip(generator)]
    symbols, allowed = ["B", outer], ["TP", "B"]
    state = 0
    while state != _END:
        ways = _INNER[state]
        symbol = list(ways)[_flip(generator) if len(ways) == 2 else 0]
        symbols.append(symbol)
        state = ways[symbol]
        allowed.append(outer if state == _END else "".join(_INNER[state]))
    return [*symbols, outer, "E"], [*allowed, "E"]


def _flip(generator: torch.Generator) -> int:
    return int(torch.randint(2, (), generator=generator))


def _batches(batch: int, generator: torch.Generator) -> Iterator[ReberBatch]:
    while True:
        strings = [_string(generator) for _ in range(batch)]
        length = max(len(symbols) for symbols, _ in strings)
        x = torch.full((length, batch), _PAD)
        y = torch.full((length, batch), IGNORED)
        legal = torch.zeros(length, batch, len(REBER_SYMBOLS), dtype=torch.bool)
        for b, (symbols, allowed) in enumerate(strings):
            numbers = torch.tensor([_NUMBER[symbol] for symbol in symbols])
            x[: len(symbols), b] = numbers
            y[: len(symbols) - 1, b] = numbers[1:]
            for t, following in enumerate(allowed):
                legal[t, b, [_NUMBER[symbol] for symbol in following]] = True
        yield ReberBatch(x, y, legal)
