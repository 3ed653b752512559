"""Gradient norms before the user clips, seen without a change to the loop, beside those that the optimizer uses."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

import rnnwidgets as rw
from tests.unit.tagger import V, seeded, train_once


def norms_of(model):
    return {name: float(weight.grad.norm()) for name, weight in model.named_parameters() if weight.grad is not None}


def assert_norms(frame, before, used):
    assert {name: norm.before_clip for name, norm in frame.norms.items()} == pytest.approx(before, rel=1e-9)
    assert {name: norm.gradient for name, norm in frame.norms.items()} == pytest.approx(used, rel=1e-9)
    assert frame.scalars["grad_norm"] == pytest.approx(math.hypot(*used.values()), rel=1e-9)
    wanted = math.hypot(*before.values())
    assert frame.scalars["grad_norm_before_clip"] == pytest.approx(wanted, rel=1e-9)
    assert frame.scalars["grad_norm_before_clip"] > frame.scalars["grad_norm"]


def once(model, tokens):
    model(tokens).square().sum().backward()


def accumulated(model, tokens):
    for part in (tokens, tokens.flip(0), tokens.roll(1, 0)):
        once(model, part)


def twice_over_one_graph(model, tokens):
    loss = model(tokens).square().sum()
    loss.backward(retain_graph=True)
    loss.backward()


def checkpointed(model, tokens):
    y = checkpoint(lambda x: model.lstm(x)[0] * 2, model.embedding(tokens), use_reentrant=False)
    model.readout(y).square().sum().backward()


def through_no_layer_first(model, tokens):
    model.embedding.weight.square().sum().backward()
    once(model, tokens)


def with_a_slope(model, tokens):
    loss = model(tokens).square().sum()
    torch.autograd.grad(loss, model.readout.bias, retain_graph=True)
    loss.backward()
    torch.autograd.grad(model(tokens).sum(), model.readout.bias)


PASSES = [once, accumulated, twice_over_one_graph, checkpointed, through_no_layer_first, with_a_slope]


@pytest.mark.parametrize("clip", [nn.utils.clip_grad_norm_, nn.utils.clip_grad_value_])
@pytest.mark.parametrize("backward", PASSES)
def test_norms_before_and_after_a_clip_are_those_of_the_gradients_then(backward, clip):
    model, optimizer, tokens = seeded(lr=0.001)
    with rw.watch(model, optimizer, every=1, strict=True) as recorder:
        for step in range(2):
            optimizer.zero_grad()
            backward(model, tokens)
            before = norms_of(model)
            clip(model.parameters(), 0.01)
            used = norms_of(model)
            optimizer.step()
            assert_norms(recorder.recording[step], before, used)


def test_norms_of_scaled_gradients_before_a_clip_are_unscaled():
    model, optimizer, tokens = seeded(lr=0.001, dtype=torch.float32)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)
    with rw.watch(model, optimizer, strict=True) as recorder:
        scaler.scale(model(tokens).square().sum()).backward()
        scaler.unscale_(optimizer)
        before = norms_of(model)
        nn.utils.clip_grad_norm_(model.parameters(), 0.01)
        used = norms_of(model)
        scaler.step(optimizer)
    frame = recorder.recording[0]
    assert {name: norm.before_clip for name, norm in frame.norms.items()} == pytest.approx(before, rel=1e-6)
    assert {name: norm.gradient for name, norm in frame.norms.items()} == pytest.approx(used, rel=1e-6)
    assert frame.scalars["grad_norm_before_clip"] == pytest.approx(math.hypot(*before.values()), rel=1e-6)


def test_norms_in_a_closure_are_those_before_and_after_its_clip():
    model, _, tokens = seeded()
    optimizer = torch.optim.LBFGS(model.parameters())
    seen = []

    def closure():
        optimizer.zero_grad()
        loss = model(tokens).square().sum()
        loss.backward()
        before = norms_of(model)
        nn.utils.clip_grad_norm_(model.parameters(), 0.01)
        seen.append((before, norms_of(model)))
        return loss

    with rw.watch(model, optimizer, strict=True) as recorder:
        optimizer.step(closure)
    assert_norms(recorder.recording[0], *seen[0])


def test_the_steps_that_were_clipped_are_those_with_a_norm_before_the_clip():
    model, optimizer, tokens = seeded(lr=0.0)
    highest = []
    with rw.watch(model, optimizer, every=1, strict=True) as recorder:
        for step in range(8):
            optimizer.zero_grad()
            ((step + 1) * model(tokens).square().sum()).backward()
            highest.append(float(nn.utils.clip_grad_norm_(model.parameters(), 1e9 if step % 4 == 0 else 1e-3)))
            optimizer.step()
    scalars = recorder.recording.scalars
    assert scalars["grad_norm"].steps.tolist() == list(range(8))
    assert scalars["grad_norm_before_clip"].steps.tolist() == [1, 2, 3, 5, 6, 7]
    assert scalars["grad_norm_before_clip"].values.tolist() == pytest.approx(
        [highest[step] for step in (1, 2, 3, 5, 6, 7)], rel=1e-9
    )
    for frame in recorder.recording[::4]:
        assert all(norm.before_clip == norm.gradient for norm in frame.norms.values())


def test_where_a_pass_through_no_layer_came_last_the_norm_before_a_clip_is_not_known():
    model, optimizer, tokens = seeded()
    with rw.watch(model, optimizer, strict=True) as recorder:
        once(model, tokens)
        (1e3 * model.embedding.weight.square().sum()).backward()
        optimizer.step()
    frame = recorder.recording[0]
    assert "grad_norm_before_clip" not in frame.scalars
    assert all(math.isnan(norm.before_clip) for norm in frame.norms.values())


def test_where_a_pass_ran_inside_another_the_norm_before_a_clip_is_not_known():
    model, optimizer, tokens = seeded()
    with rw.watch(model, optimizer, strict=True) as recorder:
        (-1.5 * model.embedding(tokens).square().sum()).backward()
        y = checkpoint(lambda x: model.lstm(x)[0] * 1, model.embedding(tokens), use_reentrant=True)
        (model.readout(y).square().sum() + model.embedding.weight.square().sum()).backward()
        optimizer.step()
    frame = recorder.recording[0]
    assert "dh" in frame["lstm.l0"].names
    assert "grad_norm_before_clip" not in frame.scalars
    assert all(math.isnan(norm.before_clip) for norm in frame.norms.values())


def test_sparse_gradients_have_a_norm_before_the_clip():
    model, _, tokens = seeded()
    model.embedding = nn.Embedding(V, 6, sparse=True).double()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with rw.watch(model, optimizer, strict=True) as recorder:
        once(model, tokens)
        wanted = float(model.embedding.weight.grad.to_dense().norm())
        optimizer.step()
    norm = recorder.recording[0].norms["embedding.weight"]
    assert norm.before_clip == norm.gradient == pytest.approx(wanted, rel=1e-9)


def test_an_error_in_the_backward_pass_leaves_the_next_step_as_it_should_be():
    model, optimizer, tokens = seeded(lr=0.001)
    failing = [True]

    def fail(_gradient):
        if failing.pop():
            raise RuntimeError("once")

    with rw.watch(model, optimizer, every=1, strict=True) as recorder:
        handle = model.lstm.weight_hh_l0.register_hook(fail)
        with pytest.raises(RuntimeError, match="once"):
            train_once(model, optimizer, tokens)
        handle.remove()
        optimizer.zero_grad()
        once(model, tokens)
        before = norms_of(model)
        nn.utils.clip_grad_norm_(model.parameters(), 0.01)
        used = norms_of(model)
        optimizer.step()
    assert_norms(recorder.recording[0], before, used)
