"""The two small models of the lessons, each one recurrent layer of PyTorch's own between plain layers.

Shapes: time first; T = time, B = sample, V = vocabulary. The state starts at zero in every batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

_CELLS: dict[str, Callable[[int, int], nn.RNNBase]] = {"RNN": nn.RNN, "LSTM": nn.LSTM, "GRU": nn.GRU}


class LanguageModel(nn.Module):
    """Logits (T, B, V) of the next token from int64 ids (T, B): embedding, one recurrent layer, linear readout.

    Its parts are named `embedding`, `lstm` (or `gru`, `rnn`, by `cell`) and `readout`.

    Raises ValueError if `cell` is not "RNN", "LSTM" or "GRU".
    """

    def __init__(self, vocabulary: int, embedding: int = 128, hidden: int = 128, cell: str = "LSTM") -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, embedding)
        self.cell = _add_recurrent(self, cell, embedding, hidden)
        self.readout = nn.Linear(hidden, vocabulary)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits (T, B, V) for ids (T, B)."""
        states, _ = self.get_submodule(self.cell)(self.embedding(tokens))
        logits: Tensor = self.readout(states)
        return logits


class AddingModel(nn.Module):
    """Sums (B,) from sequences (T, B, 2): one recurrent layer and a linear readout of its last state.

    Its parts are named `lstm` (or `gru`, `rnn`, by `cell`) and `readout`.

    Raises ValueError if `cell` is not "RNN", "LSTM" or "GRU".
    """

    def __init__(self, hidden: int = 64, cell: str = "LSTM") -> None:
        super().__init__()
        self.cell = _add_recurrent(self, cell, 2, hidden)
        self.readout = nn.Linear(hidden, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Sums (B,) for sequences (T, B, 2)."""
        states, _ = self.get_submodule(self.cell)(x)
        sums: Tensor = self.readout(states[-1])
        return sums.squeeze(-1)


def _add_recurrent(model: nn.Module, cell: str, inputs: int, hidden: int) -> str:
    """Register a recurrent layer under the cell's lower-case name, and return that name."""
    if cell not in _CELLS:
        raise ValueError(f'cell must be "RNN", "LSTM" or "GRU", but is {cell!r}')
    name = cell.lower()
    model.add_module(name, _CELLS[cell](inputs, hidden))
    return name
