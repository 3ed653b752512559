"""Forward passes without gradients: a frame of their own where nothing drives the steps, left out of training's."""

from __future__ import annotations

import contextlib

import pytest
import torch
from torch import nn

import rnnwidgets as rw
from tests.unit.loops import INPUTS, UNITS
from tests.unit.tagger import seeded, train_once

WAYS = {"no_grad": torch.no_grad, "inference_mode": torch.inference_mode, "eval": contextlib.nullcontext}


class Loop(nn.Module):
    """A cell called once a time."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.cell = nn.LSTMCell(INPUTS, UNITS)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        state, outputs = None, []
        for now in x:
            state = self.cell(now, state)
            outputs.append(state[0])
        return torch.stack(outputs)


@pytest.mark.parametrize("way", WAYS)
def test_a_step_after_a_forward_pass_alone_is_a_frame_of_gates_without_gradients(way):
    model, _, tokens = seeded(dtype=torch.float32)
    model.eval()
    with rw.watch(model, strict=True) as recorder:
        with WAYS[way]():
            wanted = model.lstm(model.embedding(tokens))[0]
        recorder.step(accuracy=0.5)
    frame = recorder.recording[0]
    assert (frame.mode, dict(frame.norms), frame.scalars["accuracy"]) == ("forward", {}, 0.5)
    assert "grad_norm" not in frame.scalars
    assert frame["lstm.l0"].names == ("i", "f", "g", "o", "c", "h")
    assert frame["lstm.l0"].replay_error <= 1e-6
    assert torch.equal(torch.from_numpy(frame["lstm.l0"]["h"].copy()), wanted[:, :4].detach().clone())


@pytest.mark.parametrize("way", WAYS)
def test_calls_of_a_cell_without_gradients_join_along_time(way):
    model, x = Loop().eval(), torch.randn(5, 3, INPUTS)
    with rw.watch(model, strict=True) as recorder:
        with WAYS[way]():
            wanted = model(x)
        recorder.step()
    trace = recorder.recording[0]["cell"]
    assert (recorder.recording[0].mode, trace.lengths, trace.inexact) == ("forward", (5, 5, 5), "")
    assert torch.equal(torch.from_numpy(trace["h"].copy()), wanted.detach().clone())
    assert trace.names == ("i", "f", "g", "o", "c", "h")


def test_two_layers_with_dropout_are_replayed_under_no_grad_too():
    model = nn.GRU(INPUTS, UNITS, num_layers=2, dropout=0.5, bidirectional=True)
    with rw.watch(model) as recorder:
        with torch.no_grad():
            model(torch.randn(6, 2, INPUTS))
        recorder.step()
    frame = recorder.recording[0]
    assert (frame.mode, len(frame.layers), frame["l1"].inexact) == ("forward", 4, "")
    assert frame["l1"].replay_error <= 1e-6


def test_gradients_left_over_from_training_are_not_those_of_a_forward_pass():
    model, x = Loop(), torch.randn(5, 3, INPUTS)
    with rw.watch(model) as recorder:
        model(x).sum().backward()
        recorder.step()
        model.eval()
        with torch.no_grad():
            model(x)
        recorder.step()
    trained, shown = recorder.recording
    assert (trained.mode, shown.mode) == ("training", "forward")
    assert "grad_norm" in trained.scalars
    assert dict(shown.norms) == {}
    assert "grad_norm" not in shown.scalars
    assert (shown["cell"]["h"] == trained["cell"]["h"]).all()


def test_a_frozen_layer_that_is_trained_around_is_training():
    model = nn.Sequential(nn.RNN(INPUTS, UNITS))
    model.requires_grad_(False)
    with rw.watch(model) as recorder:
        model(torch.randn(5, 3, INPUTS))
        recorder.step()
    assert recorder.recording[0].mode == "training"


def test_an_evaluation_before_the_step_of_a_training_pass_stays_out_of_its_frame():
    model, x = Loop(), torch.randn(5, 3, INPUTS)
    with rw.watch(model) as recorder:
        model(x).sum().backward()
        with torch.no_grad():
            model(torch.zeros(9, 3, INPUTS))
        recorder.step()
    frame = recorder.recording[0]
    assert (frame.mode, frame["cell"].lengths, frame["cell"].inexact) == ("training", (5, 5, 5), "")
    assert "dh" in frame["cell"].names


@pytest.mark.parametrize("way", ["no_grad", "inference_mode"])
def test_evaluations_between_the_steps_of_an_optimizer_are_counted_and_make_no_frame(way):
    model, optimizer, tokens = seeded()
    with rw.watch(model, optimizer, every=1, strict=True) as recorder:
        for _ in range(3):
            model.train()
            train_once(model, optimizer, tokens)
            model.eval()
            with WAYS[way]():
                model(tokens)
                model(tokens)
    assert [frame.mode for frame in recorder.recording] == ["training"] * 3
    assert all("dh" in frame["lstm.l0"].names for frame in recorder.recording)
    assert recorder.health().skipped == {"made without gradients": 6}
