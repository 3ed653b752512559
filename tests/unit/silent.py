"""Training of small models, and a check that a recorder warns exactly once."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import nn

import rnnwidgets as rw

STEPS = 60


def loss_of(model: nn.Module) -> torch.Tensor:
    output: torch.Tensor = model(torch.randn(7, 2, 3))[0]
    return output.square().mean()


def step(model: nn.Module, optimizer: torch.optim.Optimizer) -> torch.Tensor:
    optimizer.zero_grad()
    loss = loss_of(model)
    loss.backward()
    optimizer.step()
    return loss


def descend(model: nn.Module) -> torch.Tensor:
    """One step without an optimizer, as in PyTorch's word language model."""
    model.zero_grad()
    loss = loss_of(model)
    loss.backward()
    with torch.no_grad():
        for weight in model.parameters():
            weight.sub_(0.1 * (weight.grad if weight.grad is not None else 0))
    return loss


def logged(recorder: rw.Recorder) -> int:
    """How many training steps a loss is known of."""
    return len(recorder.recording.scalars["loss"].steps)


class Silent:
    """Expects one warning of the recorder within so many steps of training, and no other."""

    def __init__(self, match: str, within: int) -> None:
        self.match, self.within = match, within

    def run(self, recorder: rw.Recorder, train: Any, steps: int = STEPS) -> None:
        """Call `train` for each step, log the loss that it returns, and check the warnings."""
        told: list[int] = []
        for number in range(1, steps + 1):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                recorder.log(loss=train())
            for warning in caught:
                assert self.match in str(warning.message)
                told.append(number)
        assert len(told) == 1
        assert told[0] <= self.within
        assert any(self.match in note for note in recorder.recording.status.notes)
