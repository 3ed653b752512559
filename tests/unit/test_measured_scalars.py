"""Scalars that no one has to log: the learning rate, and the spectral radius of each recurrent matrix by gate."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

import rnnwidgets as rw
from rnnwidgets.recorder.spectral import EVERY, LARGEST
from tests.unit.tagger import seeded, train_once


def test_the_learning_rate_is_that_of_each_recorded_step():
    model, optimizer, tokens = seeded(lr=0.5)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    with rw.watch(model, optimizer, every=2, strict=True) as recorder:
        for _ in range(5):
            train_once(model, optimizer, tokens)
            schedule.step()
    steps, rates = recorder.recording.scalars["lr"]
    assert steps.tolist() == [0, 2, 4]
    assert rates.tolist() == [0.5, 0.125, 0.03125]


def test_groups_have_a_learning_rate_each_by_name_or_by_place():
    model, _, tokens = seeded()
    optimizer = torch.optim.SGD(
        [
            {"params": [*model.embedding.parameters(), *model.readout.parameters()], "name": "words", "lr": 0.1},
            {"params": model.lstm.parameters(), "lr": torch.tensor(0.25)},
        ]
    )
    with rw.watch(model, optimizer, strict=True) as recorder:
        train_once(model, optimizer, tokens)
    scalars = recorder.recording[0].scalars
    assert {name: value for name, value in scalars.items() if name.startswith("lr")} == {
        "lr.words": pytest.approx(0.1),
        "lr.1": pytest.approx(0.25),
    }


def test_what_the_user_logs_under_such_a_name_stands():
    model, optimizer, tokens = seeded(lr=0.5)
    with rw.watch(model, strict=True) as recorder:
        model(tokens).square().sum().backward()
        recorder.step(lr=3.0)
    assert recorder.recording[0].scalars["lr"] == 3.0
    with rw.watch(model, optimizer, strict=True) as recorder:
        loss = model(tokens).square().sum()
        recorder.log(lr=loss * 0 + 7)
        loss.backward()
        optimizer.step()
    assert recorder.recording[0].scalars["lr"] == 7.0


def radii(matrices, gates):
    blocks = np.split(matrices.numpy(), len(gates))
    return {gate: np.abs(np.linalg.eigvals(block)).max() for gate, block in zip(gates, blocks, strict=True)}


def recorded_radii(frame, layer):
    prefix = f"spectral_radius.{layer}."
    found = {name: value for name, value in frame.scalars.items() if name.startswith(prefix)}
    return {name.removeprefix(prefix): value for name, value in found.items()}


@pytest.mark.parametrize(("kind", "gates"), [("LSTM", "ifgo"), ("GRU", "rzn"), ("RNN_TANH", "h"), ("RNN_RELU", "h")])
def test_the_spectral_radius_of_each_gate_is_that_of_all_eigenvalues(kind, gates):
    model, optimizer, tokens = seeded(kind)
    wanted = radii(model.lstm.weight_hh_l0.detach().clone(), gates)
    with rw.watch(model, optimizer, strict=True) as recorder:
        train_once(model, optimizer, tokens)
    assert recorded_radii(recorder.recording[0], "lstm.l0") == pytest.approx(wanted, rel=1e-12)


def test_of_a_projected_lstm_it_is_that_of_the_matrix_that_takes_h_to_h():
    torch.manual_seed(0)
    model = nn.LSTM(3, 6, proj_size=4, bidirectional=True).double()
    state = model.state_dict()
    blocks = state["weight_hr_l0_reverse"] @ state["weight_hh_l0_reverse"].view(4, 6, 4)
    wanted = radii(blocks.flatten(0, 1), "ifgo")
    with rw.watch(model, strict=True) as recorder:
        model(torch.randn(5, 2, 3, dtype=torch.float64))[0].sum().backward()
        recorder.step()
    assert recorded_radii(recorder.recording[0], "l0_reverse") == pytest.approx(wanted, rel=1e-12)


def test_each_layer_is_measured_at_first_and_then_by_turns():
    model = nn.GRU(2, 3, num_layers=2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    x = torch.randn(3, 2, 2)
    with rw.watch(model, optimizer, every=1, strict=True) as recorder:
        for _ in range(2 * EVERY):
            model(x)[0].sum().backward()
            optimizer.step()
    scalars = recorder.recording.scalars
    assert scalars["spectral_radius.l0.r"].steps.tolist() == [0, EVERY]
    assert scalars["spectral_radius.l1.r"].steps.tolist() == [0, 8, EVERY + 8]


def test_a_matrix_that_is_not_finite_has_none_and_one_that_is_too_large_is_left_out():
    model, optimizer, tokens = seeded()
    with torch.no_grad():
        model.lstm.weight_hh_l0[0, 0] = math.nan
    with rw.watch(model, optimizer) as recorder:
        train_once(model, optimizer, tokens)
    found = recorded_radii(recorder.recording[0], "lstm.l0")
    assert math.isnan(found["i"])
    assert found["f"] > 0
    large = nn.RNN(2, LARGEST + 1)
    with rw.watch(large) as recorder:
        large(torch.randn(3, 1, 2))[0].sum().backward()
        recorder.step()
    assert recorded_radii(recorder.recording[0], "l0") == {}
