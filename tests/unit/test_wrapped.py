"""A model inside a wrapper is watched under its own names, whichever of the two is passed, or refused."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import rnnwidgets as rw
from tests.unit.tagger import seeded, train_once
from tests.unit.test_recorder import by_autograd, zeros
from tests.unit.test_styles_values import assert_trace


@pytest.fixture(autouse=True)
def _fresh_compiler():
    torch.compiler.reset()
    yield
    torch.compiler.reset()


def compiled_of(model) -> nn.Module:
    compiled = torch.compile(model, backend="eager")
    assert isinstance(compiled, nn.Module)
    return compiled


@pytest.mark.parametrize("which", ["wrapper", "inside"])
@pytest.mark.parametrize("run_before", [False, True])
def test_a_compiled_model_is_recorded_under_the_names_of_the_model_inside(which, run_before):
    model, optimizer, tokens = seeded(lr=0.001)
    compiled = compiled_of(model)
    if run_before:
        train_once(compiled, optimizer, tokens)
        optimizer.zero_grad()
    wanted = by_autograd(model, tokens, zeros(model, torch.float64), range(4))
    with rw.watch(compiled if which == "wrapper" else model, optimizer, every=1, strict=True) as recorder:
        for _ in range(2):
            train_once(compiled, optimizer, tokens)
    assert recorder.recording.layers == ("lstm.l0",)
    assert set(recorder.recording[0].norms) == dict(model.named_parameters()).keys()
    assert recorder.recording.steps == [0, 1]
    assert_trace(recorder.recording[0]["lstm.l0"], wanted)


def test_the_wrapper_and_the_model_inside_have_one_recorder():
    model, _, _ = seeded()
    compiled = compiled_of(model)
    with rw.watch(compiled) as recorder:
        assert rw.watch(model) is recorder
    assert not model.lstm._forward_hooks


def test_a_model_inside_data_parallel_is_refused_with_the_way_out():
    model, _, _ = seeded()
    with pytest.raises(rw.RecordingError) as refused:
        rw.watch(nn.DataParallel(model))
    assert str(refused.value) == (
        "model: expected one model on one device, or DistributedDataParallel, found DataParallel, which trains copies "
        "that it throws away; use DistributedDataParallel, or watch and train the model inside on one device."
    )
