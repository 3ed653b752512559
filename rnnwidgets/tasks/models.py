"""The small models of the lessons, each with recurrent layers of PyTorch's own between plain ones.

Shapes: time first; T = time, B = sample, V = vocabulary. The state starts at zero in every batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

_CELLS: dict[str, Callable[[int, int, int], nn.RNNBase]] = {"RNN": nn.RNN, "LSTM": nn.LSTM, "GRU": nn.GRU}


class LanguageModel(nn.Module):
    """Logits (T, B, V) of the next token from int64 ids (T, B): embedding, recurrent layers, linear readout.

    Its parts are named `embedding`, `lstm` (or `gru`, `rnn`, by `cell`) and `readout`.

    Raises ValueError if `cell` is not "RNN", "LSTM" or "GRU".
    """

    def __init__(
        self, vocabulary: int, embedding: int = 128, hidden: int = 128, cell: str = "LSTM", layers: int = 1
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, embedding)
        self.cell = _add_recurrent(self, cell, embedding, hidden, layers)
        self.readout = nn.Linear(hidden, vocabulary)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits (T, B, V) for ids (T, B)."""
        states, _ = self.get_submodule(self.cell)(self.embedding(tokens))
        logits: Tensor = self.readout(states)
        return logits


class SymbolModel(nn.Module):
    """Logits (T, B, K) at each time from int64 symbols (T, B): one-hot input, one recurrent layer, linear readout.

    `symbols` counts the different inputs, `classes` the K different answers, as many where it is left out. Its parts
    are named `lstm` (or `gru`, `rnn`, by `cell`) and `readout`. For the copy memory problem, Reber's strings and, by
    the logits of the last time, the temporal order problem.

    Raises ValueError if `cell` is not "RNN", "LSTM" or "GRU".
    """

    def __init__(self, symbols: int, hidden: int = 40, cell: str = "LSTM", classes: int | None = None) -> None:
        super().__init__()
        self.symbols = symbols
        self.cell = _add_recurrent(self, cell, symbols, hidden)
        self.readout = nn.Linear(hidden, symbols if classes is None else classes)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (T, B, K) for symbols (T, B)."""
        states, _ = self.get_submodule(self.cell)(nn.functional.one_hot(x, self.symbols).to(self.readout.weight.dtype))
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


def set_forget_bias(lstm: nn.LSTM, bias: float) -> nn.LSTM:
    """The LSTM itself, its forget gates' bias now `bias` in all layers and directions.

    PyTorch adds two biases; the first is set to `bias` and the second to 0, so that their sum is `bias`.

    Source: Gers, Schmidhuber and Cummins (2000), Learning to Forget (doi:10.1162/089976600300015015); Jozefowicz,
    Zaremba and Sutskever (2015), An Empirical Exploration of Recurrent Network Architectures.
    """
    forget = slice(lstm.hidden_size, 2 * lstm.hidden_size)
    for name, parameter in lstm.named_parameters():
        if name.startswith("bias_"):
            parameter.data[forget] = bias if name.startswith("bias_ih") else 0.0
    return lstm


def _add_recurrent(model: nn.Module, cell: str, inputs: int, hidden: int, layers: int = 1) -> str:
    """Register recurrent layers under the cell's lower-case name, and return that name."""
    if cell not in _CELLS:
        raise ValueError(f'cell must be "RNN", "LSTM" or "GRU", but is {cell!r}')
    name = cell.lower()
    model.add_module(name, _CELLS[cell](inputs, hidden, layers))
    return name
