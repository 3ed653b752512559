"""Traces that wait until somebody looks hold then, bit for bit, what they would have held at once."""

from __future__ import annotations

import copy
import pickle
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import rnnwidgets as rw
from rnnwidgets.errors import RecorderWarning
from rnnwidgets.frame import Frame, Waiting, waits
from rnnwidgets.recorder import step, window
from rnnwidgets.recorder.calls import Calls
from tests.unit.matrix import KINDS, Case
from tests.unit.waiting import recorded, refuse, said, second, sizes

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections:UserWarning")  # torch's own, once a process
SHAPES: dict[str, dict[str, Any]] = {
    "one layer": {},
    "two layers": {"layers": 2},
    "both directions": {"bidirectional": True, "layers": 2},
    "packed": {"packed": True, "lengths": (5, 2, 4)},
    "dropout": {"layers": 3, "dropout": 0.4},
    "batch first, started, on every output": {"batch_first": True, "started": True, "loss_on": "all"},
    "float32 without biases": {"dtype": torch.float32, "bias": False},
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_frame_that_waited_is_the_one_that_did_not(kind, shape, monkeypatch):
    case = Case(kind, **SHAPES[shape])
    waiting = recorded(case)
    assert waits(waiting) is not (kind == "RNN_RELU" and case.layers > 1)
    nbytes, extents = waiting.nbytes, waiting.extents
    refuse(monkeypatch)
    at_once = recorded(case)
    assert not waits(at_once)
    assert said(waiting) == said(at_once)
    assert not waits(waiting)
    assert extents == at_once.extents
    assert sizes(waiting) == at_once.nbytes <= nbytes


@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM])
@pytest.mark.parametrize("units", [4, 8, 16, 28, 40])
def test_what_is_held_while_it_waits_is_counted_and_hardly_more_than_what_comes_of_it(kind, units, monkeypatch):
    class Weighed(Calls):
        def stay(self) -> None:
            super().stay()
            held.append(self.nbytes + sum(weight.nbytes for weight in self._calls[0].used))

    held: list[int] = []
    monkeypatch.setattr(step, "Calls", Weighed)
    rnn = kind(units, units)
    frame = second(lambda: rnn(torch.randn(8, 3, units))[0].square().sum(), rnn)
    assert waits(frame) is (units <= 16)  # more units have more weights
    if waits(frame):
        assert frame.nbytes == max(held[-1], sizes(frame))
        assert (held[-1] > sizes(frame)) is (kind is nn.RNN)
        assert held[-1] <= 1.25 * sizes(frame)
    else:
        assert frame.nbytes == sizes(frame)


def test_a_layer_chosen_by_name_is_the_only_one_that_is_there(monkeypatch):
    case = Case("LSTM", layers=3)
    waiting = recorded(case, layers=["rnn.l1"])
    assert waits(waiting)
    assert list(waiting.traces) == ["rnn.l1"]
    refuse(monkeypatch)
    assert said(waiting) == said(recorded(case, layers=["rnn.l1"]))


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_the_last_times_of_a_long_sequence_wait(kind, monkeypatch):
    monkeypatch.setattr(window, "LONGEST", 30)
    monkeypatch.setattr(window, "_PRODUCTS", 1)

    def trained() -> Frame:
        torch.manual_seed(0)
        rnn = kind(2, 40)
        return second(lambda: rnn(torch.randn(60, 1, 2))[0].square().sum(), rnn)

    waiting = trained()
    assert waits(waiting)
    refuse(monkeypatch)
    at_once = trained()
    assert at_once["l0"].first == 60 - 16
    assert said(waiting) == said(at_once)
    assert 1.25 * sizes(waiting) < waiting.nbytes <= 2 * sizes(waiting)


def second_of_two_calls(lstm: nn.Module) -> Frame:
    """Return the frame of a second step, in which the state of one call is carried on by another."""

    def step() -> Tensor:
        early, state = lstm(torch.randn(6, 2, 3, dtype=torch.float64))
        late, _ = lstm(torch.randn(4, 2, 3, dtype=torch.float64), state)
        loss: Tensor = early.sum() + late.square().sum()
        return loss

    return second(step, lstm)


def test_calls_that_carry_the_state_on_wait_together(monkeypatch):
    def trained() -> Frame:
        torch.manual_seed(0)
        return second_of_two_calls(nn.LSTM(3, 4, dtype=torch.float64))

    waiting = trained()
    assert waits(waiting)
    assert waiting.extents == {"l0": (10, 2, 4)}
    refuse(monkeypatch)
    assert said(waiting) == said(trained())


def test_the_gradients_of_a_scaled_loss_are_those_of_the_loss(monkeypatch):
    def trained() -> Frame:
        torch.manual_seed(0)
        lstm = nn.LSTM(3, 4)
        optimizer = torch.optim.SGD(lstm.parameters(), lr=0.5)
        scaler = torch.amp.GradScaler("cpu", init_scale=256.0)
        with rw.watch(lstm, optimizer, every=1) as recorder:
            for _ in range(2):
                optimizer.zero_grad()
                scaler.scale(lstm(torch.randn(6, 2, 3))[0].sum()).backward()
                scaler.step(optimizer)
                scaler.update()
        return recorder.recording[1]

    waiting = trained()
    assert waits(waiting)
    assert (waiting["l0"]["dy"] == 1).all()
    refuse(monkeypatch)
    assert said(waiting) == said(trained())


@pytest.mark.parametrize("bad", ["input", "gradient"])
def test_a_value_that_is_not_finite_is_news_at_once(bad):
    lstm, x = nn.LSTM(3, 4, 2), torch.randn(6, 2, 3)
    factor = 1.0
    with rw.watch(lstm, every=1) as recorder:
        for turn in range(2):
            if turn and bad == "input":
                x[3, 1, 0], x[3, 1, 1] = torch.inf, -torch.inf
            elif turn:
                factor = 3e38
            lstm.zero_grad()
            (lstm(x)[0].sum() * factor * factor).backward()
            recorder.step()
    first, frame = recorder.recording
    assert np.isfinite(first["l1"]["dh"]).all()
    assert not waits(frame)
    assert recorder.health().nonfinite > 0
    assert any("first non-finite value" in note for note in recorder.recording.status.notes)


class Tapping(nn.Module):
    """A layer whose output is tapped too."""

    def __init__(self, layer: nn.LSTM) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Any:
        y, last = self.layer(x)
        return rw.tap("other.h", y), last


def frozen(layer: nn.LSTM) -> nn.Module:
    return layer.requires_grad_(requires_grad=False)


def as_it_is(layer: nn.LSTM) -> nn.Module:
    return layer


@pytest.mark.parametrize("change", [frozen, Tapping, as_it_is])
def test_what_may_hold_more_than_its_own_weights_tell_is_computed_at_once(change):
    model, x = change(nn.LSTM(3, 4)), torch.randn(6, 2, 3, requires_grad=True)
    frame = second(lambda: model(x)[0].square().sum(), model)
    assert waits(frame) is (change is as_it_is)
    assert frame[frame.layers[0]]["dh"].any()


def test_gradients_asked_of_autograd_are_not_known_to_be_finite_and_computed_at_once():
    lstm, x = nn.LSTM(3, 4), torch.randn(6, 2, 3)
    with rw.watch(lstm, every=1) as recorder:
        for _ in range(2):
            torch.autograd.grad(lstm(x)[0].square().sum(), tuple(lstm.parameters()))
            recorder.step()
    frame = recorder.recording[1]
    assert not waits(frame)
    assert frame["l0"]["dh"].any()


def test_calls_whose_weights_are_computed_anew_each_time_are_replayed_each_with_its_own(monkeypatch):
    def trained() -> Frame:
        torch.manual_seed(0)
        lstm = nn.LSTM(3, 4, dtype=torch.float64)
        return second_of_two_calls(nn.utils.parametrizations.spectral_norm(lstm, "weight_hh_l0"))

    found = trained()
    assert found.extents == {"l0": (10, 2, 4)}
    assert found["l0"].replay_error < 1e-12
    refuse(monkeypatch)
    assert said(found) == said(trained())


def test_a_weight_moved_before_the_end_of_the_step_is_told_at_once():
    lstm = nn.LSTM(3, 4)
    with rw.watch(lstm, every=1) as recorder:
        for _ in range(2):
            lstm(torch.randn(6, 2, 3))[0].sum().backward()
            with torch.no_grad():
                lstm.get_parameter("weight_hh_l0").mul_(2)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RecorderWarning)  # tests/unit/test_no_silence.py asserts it
                recorder.step()
    frame = recorder.recording[1]
    assert not waits(frame)
    assert "a weight changed" in frame["l0"].inexact


def test_names_and_sizes_are_known_without_computing():
    def find() -> Any:
        raise AssertionError

    waiting = Waiting({"l0": (5, 2, 4), "l1": (5, 2, 4)}, 77, find)
    frame = Frame(3, (0, 1), waiting)
    assert "l0" in waiting
    assert "l2" not in waiting
    assert (list(waiting), len(waiting)) == (["l0", "l1"], 2)
    assert "l0, l1, which wait" in repr(frame)
    assert (frame.layers, frame.nbytes, frame.extents["l1"]) == (("l0", "l1"), 77, (5, 2, 4))
    with pytest.raises(KeyError, match="a recorded layer"):
        frame["l2"]
    with pytest.raises(KeyError):
        waiting["l2"]


def through_pickle(frame: Frame) -> Frame:
    found: Frame = pickle.loads(pickle.dumps(frame))  # noqa: S301 # just made
    return found


@pytest.mark.parametrize("copied", [copy.deepcopy, through_pickle])
def test_a_frame_is_copied_and_pickled_with_its_traces(copied):
    frame = recorded(Case("LSTM"))
    assert waits(frame)
    other = copied(frame)
    assert not waits(other)
    assert said(other) == said(frame)
