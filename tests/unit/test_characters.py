"""Gate saturation of a two-layer LSTM that learns to read source code character by character.

Karpathy, Johnson & Fei-Fei 2015 trained on the source of Linux; here it is that of Python's own library, in a few
seconds instead of days. What they saw appears within two hundred steps: the forget gates of the upper layer are
saturated far more than those of the first, many of its units keep nearly always, and none forgets nearly always.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import subprocess
import tarfile
import typing

import numpy as np
import torch
from torch import Tensor, nn

import rnnwidgets as rw
from rnnwidgets.analysis import Saturation, saturation

UNITS, TIMES, BATCH, STEPS = 128, 48, 32, 200
HELD_OUT, LONG = 16, 300


def corpus() -> Tensor:
    """Character ids of the source of five modules."""
    text = "".join(inspect.getsource(module) for module in (argparse, ast, subprocess, tarfile, typing))
    symbols = {symbol: place for place, symbol in enumerate(sorted(set(text)))}
    return torch.tensor([symbols[symbol] for symbol in text])


class Characters(nn.Module):
    def __init__(self, symbols: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(symbols, 32)
        self.lstm = nn.LSTM(32, UNITS, num_layers=2)
        self.head = nn.Linear(UNITS, symbols)
        with torch.no_grad():
            for name, bias in self.lstm.named_parameters():
                if name.startswith("bias_"):
                    bias[UNITS : 2 * UNITS] = float("_ih_" in name)

    def forward(self, ids: Tensor) -> Tensor:
        return torch.as_tensor(self.head(self.lstm(self.embedding(ids))[0]))


def pieces(ids: Tensor, times: int, count: int) -> tuple[Tensor, Tensor]:
    """Random pieces (time, sample) of a text, and the characters that follow."""
    starts = torch.randint(len(ids) - times - 1, (count,))
    places = starts + torch.arange(times)[:, None]
    return ids[places], ids[places + 1]


def forget_gates(model: Characters, ids: Tensor) -> list[Saturation]:
    """How saturated the forget gates of both layers are on held-out text."""
    with rw.watch(model, every=1, samples=HELD_OUT) as recorder:
        read, wanted = pieces(ids, LONG, HELD_OUT)
        nn.functional.cross_entropy(model(read).flatten(0, 1), wanted.flatten()).backward()
        recorder.step()
    return [saturation(trace, "f") for trace in recorder.recording[0].traces.values()]


def test_the_upper_layers_forget_gates_saturate_and_become_integrators():
    torch.manual_seed(0)
    ids = corpus()
    model = Characters(int(ids.max()) + 1)
    first, second = forget_gates(model, ids[-40_000:])
    assert first.right.mean() < 0.01
    assert second.right.mean() < 0.01
    optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
    losses = []
    for _ in range(STEPS):
        read, wanted = pieces(ids[:-40_000], TIMES, BATCH)
        loss = nn.functional.cross_entropy(model(read).flatten(0, 1), wanted.flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        losses.append(loss.item())
    first, second = forget_gates(model, ids[-40_000:])
    integrators = [float(np.mean(layer.right >= 0.9)) for layer in (first, second)]
    forgetful = [float(np.mean(layer.left >= 0.9)) for layer in (first, second)]
    print(
        f"{np.mean(losses[-20:]):.2f} nats; forget gates right-saturated: {first.right.mean():.2f} (layer 1), "
        f"{second.right.mean():.2f} (layer 2); units that keep at 90 % of the times: {integrators[0]:.0%}, "
        f"{integrators[1]:.0%}; that forget: {forgetful[0]:.1%}, {forgetful[1]:.1%}"
    )
    assert second.right.mean() - first.right.mean() > 0.15
    assert integrators[1] >= 0.3
    assert integrators[1] > 2 * integrators[0]
    assert max(forgetful) <= 0.05
