"""Frames whose traces may wait, and all that a frame says, to compare by."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import rnnwidgets as rw
from rnnwidgets.frame import Array, Frame, Trace, waits
from rnnwidgets.recorder.calls import Calls
from tests.unit.matrix import Case, Model


def refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every trace computed at once."""
    monkeypatch.setattr(Calls, "expected", lambda *_, **__: None)


def second(step: Callable[[], Tensor], model: nn.Module, **watch: Any) -> Frame:
    """Return the frame of a second step, after whose end the weights have moved; the first never waits, since its
    spectral radii are measured.
    """
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    with rw.watch(model, optimizer, every=1, **watch) as recorder:
        for _ in range(2):
            optimizer.zero_grad()
            step().backward()
            optimizer.step()
    first, frame = recorder.recording
    assert not waits(first)
    return frame


def recorded(case: Case, **watch: Any) -> Frame:
    """Return a frame of a case, after which its input and the global random state have changed too."""
    model = Model(case)

    def step() -> Tensor:
        torch.manual_seed(5)
        loss: Tensor = model()
        return loss

    frame = second(step, model, samples=len(case.lengths), **watch)
    model.x.zero_()
    torch.rand(7)
    return frame


def said(frame: Frame) -> list[Any]:
    """Return all that the traces of a frame say, arrays as bytes."""
    return [
        (
            *(trace.layer, trace.kind, trace.lengths, trace.first, trace.replay_error, trace.inexact),
            *((name, array.dtype, array.shape, array.tobytes()) for name, array in _held(trace)),
        )
        for trace in frame.traces.values()
    ]


def sizes(frame: Frame) -> int:
    """Return the bytes of all that the traces of a frame hold."""
    return sum(array.nbytes for trace in frame.traces.values() for _, array in _held(trace))


def _held(trace: Trace) -> Iterator[tuple[str, Array]]:
    for held in (trace.arrays, trace.weights, trace.start):
        yield from held.items()
