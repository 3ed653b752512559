"""A small model to watch: an embedding, one recurrent layer, a readout."""

from __future__ import annotations

import torch
from torch import Tensor, nn

T, B, V, E, H = 9, 5, 30, 6, 7


class Tagger(nn.Module):
    """An embedding, one recurrent layer, a readout: on every output, on the last state, or on the last cell."""

    def __init__(self, kind: str = "LSTM", *, loss_on: str = "output", batch_first: bool = False) -> None:
        super().__init__()
        self.embedding = nn.Embedding(V, E)
        options = {"batch_first": batch_first}
        self.lstm: nn.RNNBase
        if kind.startswith("RNN"):
            self.lstm = nn.RNN(E, H, nonlinearity=kind.removeprefix("RNN_").lower(), **options)
        else:
            self.lstm = {"LSTM": nn.LSTM, "GRU": nn.GRU}[kind](E, H, **options)
        self.readout = nn.Linear(H, V)
        self.loss_on = loss_on

    def forward(self, tokens: Tensor, state: object = None, *, by_name: bool = False) -> Tensor:
        x = self.embedding(tokens)
        output, last = self.lstm(input=x, hx=state) if by_name else self.lstm(x, state)
        h_n, c_n = last if isinstance(last, tuple) else (last, None)
        seen: Tensor = {"output": output, "h_n": h_n, "c_n": c_n}[self.loss_on]
        logits: Tensor = self.readout(seen)
        return logits


def seeded(kind="LSTM", *, dtype=torch.float64, lr=0.1, **options):
    torch.manual_seed(3)
    model = Tagger(kind, **options).to(dtype)
    return model, torch.optim.SGD(model.parameters(), lr=lr), torch.randint(0, V, (T, B))


def train_once(model, optimizer, tokens, state=None, **options):
    loss = model(tokens, state, **options).square().sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss
