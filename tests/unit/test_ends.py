"""The norms of dh at both ends of the sequence: right, of as many frames as are paid for, and beside training."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import rnnwidgets as rw
from rnnwidgets.frame import waits
from rnnwidgets.recording import Recording
from rnnwidgets.widgets import ends
from rnnwidgets.widgets.beside import THREAD_NAME, AtOnce
from rnnwidgets.widgets.publisher import Publisher
from tests.unit.frames import make_frame

FIRST, LAST = ("l0", "first"), ("l0", "last")
SECONDS = 30.0


class Training:
    """An LSTM that is trained a few steps at a time; `last` has the norms of dh at the last time, by autograd."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self._model = nn.LSTM(3, 8)
        self._optimizer = torch.optim.SGD(self._model.parameters(), lr=0.1)
        self.recorder = rw.watch(self._model, self._optimizer, every=1, samples=2)
        self.recording = self.recorder.recording
        self.last: list[float] = []

    def go_on(self, steps: int) -> None:
        for _ in range(steps):
            self._optimizer.zero_grad()
            y = self._model(torch.randn(9, 2, 3))[0]
            y.retain_grad()
            y[-1].square().sum().backward()
            self._optimizer.step()
            assert y.grad is not None  # only the last output has a loss: there dh is the gradient of that output
            self.last.append(float(y.grad[-1].norm()))


class Chart:
    """Notes the names of the threads on which it is drawn, and looks at no frame."""

    def __init__(self) -> None:
        self.threads: list[str] = []
        self.told = threading.Event()

    def refresh(self) -> None:
        self.threads.append(threading.current_thread().name)
        self.told.set()

    def follow(self, step: int | None) -> None: ...


def steps_of(series: Any) -> list[int]:
    return [int(step) for step in series.bins[0]]


def test_all_that_was_there_before_is_read_and_right():
    training = Training()
    training.go_on(20)
    assert sum(map(waits, training.recording)) == 19  # of the first the spectral radius was measured
    series = ends.Ends(training.recording).read()
    training.recorder.close()
    assert list(series) == [FIRST, LAST]
    assert [steps_of(one) for one in series.values()] == [list(range(20))] * 2
    np.testing.assert_allclose(series[LAST].bins[4], training.last, rtol=1e-5)
    wanted = [float(np.linalg.norm(frame["l0"]["dh"][0].astype(np.float64))) for frame in training.recording]
    np.testing.assert_allclose(series[FIRST].bins[4], wanted, rtol=1e-12)


def test_of_what_comes_later_those_are_read_that_somebody_looked_at_and_as_many_others_as_are_paid_for(
    monkeypatch: pytest.MonkeyPatch,
):
    training = Training()
    read = ends.Ends(training.recording)
    training.go_on(3)
    read.read()
    training.go_on(10)
    assert np.isfinite(training.recording[7]["l0"]["dh"]).all()
    monkeypatch.setattr(ends, "COMPUTING", 0.0)
    assert steps_of(read.read()[LAST]) == [0, 1, 2, 7, 12]
    training.go_on(10)
    monkeypatch.setattr(ends, "COMPUTING", 1000.0)
    assert steps_of(read.read()[LAST]) == [0, 1, 2, 7, 12, *range(13, 23)]
    assert read.read()[LAST].bins.shape[1] == 15
    training.recorder.close()
    assert [frame.step for frame in training.recording if waits(frame)] == [3, 4, 5, 6, 8, 9, 10, 11]


def test_where_nothing_but_a_chart_looks_no_frame_is_computed_for_a_view(monkeypatch: pytest.MonkeyPatch):
    asked: list[Any] = []

    class Asked(AtOnce):
        def __call__(self, work: Any, argument: Any) -> None:
            asked.append((work, argument))

    training = Training()
    publisher, chart = Publisher(training.recording), Chart()
    for worker in ("_compute", "_encode"):
        monkeypatch.setattr(publisher, worker, Asked())
    publisher.join(chart)
    training.go_on(20)
    assert chart.told.wait(SECONDS)
    publisher.leave(chart)
    training.recorder.close()
    assert asked == []
    assert sum(map(waits, training.recording)) == 19


def test_a_chart_is_drawn_by_a_thread_beside_the_one_that_trains():
    recording, chart = Recording(), Chart()
    publisher = Publisher(recording)
    publisher.join(chart)
    recording.append(make_frame(0))
    assert chart.told.wait(SECONDS)
    publisher.leave(chart)
    assert chart.threads[0] == THREAD_NAME
