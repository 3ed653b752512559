"""Training with and without a recorder is the same, bit for bit."""

from __future__ import annotations

import hashlib

import pytest
import torch
from torch import nn

import rnnwidgets as rw
from rnnwidgets import tasks

STEPS = 100


def digest(cell: str, *, watched: bool) -> str:
    """Train for 100 steps of Adam and return a digest of every loss, weight, moment and of the random state."""
    torch.manual_seed(0)
    model = tasks.LanguageModel(50, embedding=8, hidden=12, cell=cell)
    optimizer = torch.optim.Adam(model.parameters())
    found = hashlib.sha256()
    recorder = rw.watch(model, optimizer, every=1, decode=[str(i) for i in range(50)]) if watched else None
    for _ in range(STEPS):
        x, y = torch.randint(0, 50, (2, 11, 6))
        loss = nn.functional.cross_entropy(nn.functional.dropout(model(x), 0.2).flatten(0, 1), y.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if recorder is not None:
            recorder.log(loss=loss)
        found.update(loss.detach().numpy().tobytes())
    if recorder is not None:
        recorder.close()
        assert recorder.recording.status.recorded == STEPS
    for tensor in model.state_dict().values():
        found.update(tensor.numpy().tobytes())
    for state in optimizer.state_dict()["state"].values():
        found.update(state["exp_avg_sq"].numpy().tobytes())
    found.update(torch.get_rng_state().numpy().tobytes())
    return found.hexdigest()


@pytest.mark.parametrize("cell", ["LSTM", "GRU", "RNN"])
def test_losses_weights_and_random_state_are_bit_identical_with_and_without_watch(cell):
    assert digest(cell, watched=True) == digest(cell, watched=False)
