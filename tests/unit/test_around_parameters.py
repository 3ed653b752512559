"""What a frame says of every parameter, and of values that are not finite."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

import rnnwidgets as rw
from rnnwidgets.recorder.norms import MOVEMENT_EVERY
from tests.unit.tagger import H, V, seeded, train_once


def test_update_ratios_are_those_of_the_weights_before_and_after():
    model, _, tokens = seeded()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    with rw.watch(model, optimizer) as recorder:
        before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
        train_once(model, optimizer, tokens)
    for name, weight in model.named_parameters():
        ratio = float((weight.detach() - before[name]).norm() / before[name].norm())
        assert recorder.recording[0].norms[name].update_ratio == pytest.approx(ratio, rel=1e-12)


def test_the_update_ratio_of_a_large_parameter_is_measured_on_entries_of_every_row_and_column():
    model = nn.Sequential(nn.LSTM(3, H))
    model.table = nn.Parameter(torch.randn(1000, 128))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    before = model.table.detach().clone()
    with rw.watch(model, optimizer) as recorder:
        (model(torch.randn(5, 2, 3))[0].sum() + model.table.square().sum()).backward()
        optimizer.step()
    ratio = float((model.table.detach() - before).norm() / before.norm())
    assert recorder.recording[0].norms["table"].update_ratio == pytest.approx(ratio, rel=0.05)


def test_without_an_optimizer_the_update_is_measured_at_the_next_step():
    model, optimizer, tokens = seeded(lr=0.001)
    recorder = rw.watch(model, every=1)
    for _ in range(2):
        before = model.readout.weight.detach().clone()
        optimizer.zero_grad()
        model(tokens).square().sum().backward()
        recorder.step()
        optimizer.step()
        ratio = float((model.readout.weight.detach() - before).norm() / before.norm())
        assert math.isnan(recorder.recording[-1].norms["readout.weight"].update_ratio)
        if len(recorder.recording) == 1:
            first = ratio
    recorder.close()
    assert recorder.recording[0].norms["readout.weight"].update_ratio == pytest.approx(first, rel=1e-12)


@pytest.mark.parametrize("more", range(0, 40, 3))
def test_copies_of_weights_whose_update_is_to_be_measured_are_within_the_memory_however_full_it_is(more: int):
    torch.manual_seed(0)
    lstm = nn.LSTM(4, 48)
    with rw.watch(lstm, every=1, memory=300_000 + more * 1000) as recorder:
        for step in range(20):
            lstm(torch.randn(10, 2, 4))[0].square().mean().backward()
            recorder.step(loss=float(step))
            lstm.zero_grad()
            ledger = recorder.health().memory
            assert (ledger["running step"] > 0) == (step % MOVEMENT_EVERY == 0)
            assert sum(ledger.values()) <= recorder.recording.memory, (step, ledger)
    assert recorder.recording.status.thinned > 0


def test_the_first_value_that_is_not_finite_is_named_and_all_are_counted():
    model, optimizer, tokens = seeded()
    with rw.watch(model, optimizer, every=1) as recorder:
        train_once(model, optimizer, tokens)
        x = model.embedding(tokens).detach()
        x[4, 2, 0] = math.nan
        output, _ = model.lstm(x)
        output[:2].sum().backward()
        optimizer.step()
    said = "first non-finite value: nan in i of lstm.l0, unit 0, time 4, sample 2, at step 1"
    assert said in recorder.recording.status.notes
    arrays = [array for frame in recorder.recording for array in frame["lstm.l0"].arrays.values()]
    count = sum(int((~np.isfinite(array)).sum()) for array in arrays)
    assert recorder.health().nonfinite == count
    assert count > 6 * H


def test_a_run_of_finite_values_names_none():
    model, optimizer, tokens = seeded()
    with rw.watch(model, optimizer, every=1) as recorder:
        train_once(model, optimizer, tokens)
    assert recorder.health().nonfinite == 0
    assert recorder.recording.status.notes == ()
    assert model.readout.out_features == V
