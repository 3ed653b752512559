"""A model of one's own, without a layer of PyTorch's, that is tapped."""

from __future__ import annotations

import torch
from torch import Tensor, nn

import rnnwidgets as rw

INPUTS, UNITS = 3, 4


class Own(nn.Module):
    """A gated cell of one's own (the minimal gated unit), tapped once a time; `whole` taps whole sequences besides."""

    def __init__(self, name: str = "cell", *, whole: bool = False) -> None:
        super().__init__()
        torch.manual_seed(4)
        self.name, self.whole = name, whole
        self.W = nn.Linear(INPUTS, 2 * UNITS, dtype=torch.float64)
        self.U = nn.Linear(UNITS, UNITS, dtype=torch.float64)
        self.states: dict[str, list[Tensor]] = {"z": [], "h": []}

    def forward(self, x: Tensor) -> Tensor:
        h = x.new_zeros(*x.shape[1:-1], UNITS)
        self.states = {"z": [], "h": []}
        for now in x:
            a, b = self.W(now).chunk(2, -1)
            z = torch.sigmoid(a + self.U(h))
            h = (1 - z) * h + z * torch.tanh(b)
            for letter, value in (("z", z), ("h", h)):
                same = value if self.whole else rw.tap(f"{self.name}.{letter}", value)
                assert same is value
                self.states[letter].append(value)
                if value.requires_grad:
                    value.retain_grad()
        output = torch.stack(self.states["h"])
        return rw.tap(f"{self.name}.h", output) if self.whole else output


def x(times: int = 5, batch: int = 3) -> Tensor:
    return torch.randn(times, batch, INPUTS, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def array(trace: rw.Trace, name: str) -> Tensor:
    return torch.from_numpy(trace[name].copy())
