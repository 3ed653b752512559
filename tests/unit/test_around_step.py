"""However a training step is made, its frame holds what autograd gave for the gradients that the optimizer used."""

from __future__ import annotations

import math
import warnings

import pytest
import torch
from torch.utils.checkpoint import checkpoint

import rnnwidgets as rw
from rnnwidgets.errors import RecorderWarning
from tests.unit.oracle import assert_close
from tests.unit.tagger import seeded, train_once
from tests.unit.test_recorder import by_autograd, zeros


def recorded(frame, name):
    return torch.from_numpy(frame["lstm.l0"][name].copy())


def wanted_of(model, tokens):
    return by_autograd(model, tokens, zeros(model, torch.float64), [0, 1, 2, 3])


def assert_exact(frame, wanted):
    for name, values in wanted.items():
        assert_close(recorded(frame, name), values, 1e-12)
    assert frame["lstm.l0"].inexact == ""


@pytest.mark.parametrize("optimizer", [torch.optim.LBFGS, torch.optim.Adam])
@pytest.mark.parametrize("by_name", [False, True])
def test_a_step_with_a_closure_is_the_closures_first_run(optimizer, by_name):
    model, _, tokens = seeded()
    stepper = optimizer(model.parameters())
    runs = []

    def closure():
        stepper.zero_grad()
        loss = model(tokens).square().sum()
        loss.backward()
        runs.append(loss.item())
        return loss

    wanted = []
    with rw.watch(model, stepper, every=1, strict=True) as recorder:
        for _ in range(2):
            wanted.append(wanted_of(model, tokens))
            stepper.step(closure=closure) if by_name else stepper.step(closure)
            recorder.log(loss=runs[-1])
    assert len(runs) == 2 if optimizer is torch.optim.Adam else len(runs) > 4
    assert recorder.recording.steps == [0, 1]
    for frame, states in zip(recorder.recording, wanted, strict=True):
        assert_exact(frame, states)
    assert recorder.recording[0].norms["lstm.weight_hh_l0"].update_ratio > 0


def test_a_closure_that_is_interrupted_leaves_the_recorder_listening():
    model, _, tokens = seeded()
    stepper = torch.optim.LBFGS(model.parameters())
    runs = []

    def closure():
        runs.append(1)
        if len(runs) == 3:
            raise KeyboardInterrupt
        stepper.zero_grad()
        loss = model(tokens).square().sum()
        loss.backward()
        return loss

    recorder = rw.watch(model, stepper, every=1, strict=True)
    with pytest.raises(KeyboardInterrupt):
        stepper.step(closure)
    stepper.state.clear()
    wanted = wanted_of(model, tokens)
    stepper.step(closure)
    recorder.close()
    assert recorder.recording.steps == [0, 1]
    assert_exact(recorder.recording[1], wanted)


def test_of_two_optimizers_the_given_one_ends_the_step_and_norms_are_of_all_parameters():
    model, _, tokens = seeded()
    first = torch.optim.SGD(model.lstm.parameters(), lr=0.1)
    second = torch.optim.SGD([*model.embedding.parameters(), *model.readout.parameters()], lr=0.1)
    wanted = wanted_of(model, tokens)
    with rw.watch(model, first, every=1, strict=True) as recorder:
        model(tokens).square().sum().backward()
        second.step()
        first.step()
    frame = recorder.recording[0]
    assert_exact(frame, wanted)
    assert set(frame.norms) == dict(model.named_parameters()).keys()
    assert frame.norms["lstm.weight_ih_l0"].update_ratio > 0
    assert math.isnan(frame.norms["readout.weight"].update_ratio)


@pytest.mark.parametrize("reentrant", [False, True])
@pytest.mark.parametrize("goes_on", [False, True])
def test_a_checkpointed_layer_is_recorded_once_and_exactly(reentrant, goes_on):
    model, optimizer, tokens = seeded()
    wanted = wanted_of(model, tokens)

    def region(x):
        return model.lstm(x)[0] * 1 if goes_on else model.lstm(x)[0]

    with rw.watch(model, optimizer, every=1, strict=True) as recorder:
        output = checkpoint(region, model.embedding(tokens), use_reentrant=reentrant)
        model.readout(output).square().sum().backward()
        optimizer.step()
    assert_exact(recorder.recording[0], wanted)


@pytest.mark.parametrize("to_none", [False, True])
@pytest.mark.parametrize("cleared_before_forward", [False, True])
@pytest.mark.parametrize("after", ["forward", "backward"])
def test_an_interrupted_iteration_leaves_nothing_in_the_next_step(to_none, cleared_before_forward, after):
    model, optimizer, tokens = seeded(lr=0.001)

    def train(ids, stop=""):
        if cleared_before_forward:
            optimizer.zero_grad(set_to_none=to_none)
        loss = model(ids).square().sum()
        if stop == "forward":
            raise KeyboardInterrupt
        if not cleared_before_forward:
            optimizer.zero_grad(set_to_none=to_none)
        loss.backward()
        if stop == "backward":
            raise KeyboardInterrupt
        optimizer.step()

    recorder = rw.watch(model, optimizer, every=1, strict=True)
    train(tokens)
    with pytest.raises(KeyboardInterrupt):
        train(tokens.flip(0), after)
    wanted = wanted_of(model, tokens)
    train(tokens)
    recorder.close()
    assert recorder.recording.steps == [0, 1]
    assert_exact(recorder.recording[1], wanted)
    assert sum(recorder.health().skipped.values()) == (after == "backward")


def test_an_evaluation_that_forgot_no_grad_is_not_taken_for_training():
    model, optimizer, tokens = seeded()
    wanted = wanted_of(model, tokens)
    with rw.watch(model, optimizer, strict=True) as recorder:
        model(tokens).square().sum().backward()
        model.eval()
        model(tokens.flip(0))
        optimizer.step()
    assert_exact(recorder.recording[0], wanted)


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_forward_passes_without_gradients_are_not_recorded(mode):
    model, optimizer, tokens = seeded()
    with rw.watch(model, optimizer, strict=True) as recorder:
        with mode():
            model(tokens)
        wanted = wanted_of(model, tokens)
        model(tokens).square().sum().backward()
        optimizer.step()
    assert_exact(recorder.recording[0], wanted)


@pytest.mark.parametrize(("detached", "told"), [(True, 0), (False, 1)])
def test_a_carried_state_that_is_not_detached_is_told_once(detached, told):
    model, _, tokens = seeded()
    state = None
    recorder = rw.watch(model, every=1)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        for _ in range(4):
            output, state = model.lstm(model.embedding(tokens), state)
            model.readout(output).square().sum().backward(retain_graph=True)
            state = tuple(part.detach() for part in state) if detached else state
            recorder.step()
    recorder.close()
    assert [one.category for one in seen] == [RecorderWarning] * told
    assert all("pass state.detach() to cut it" in str(one.message) for one in seen)
    assert recorder.recording.steps == [0, 1, 2, 3]


def test_a_state_that_an_encoder_hands_to_a_decoder_in_one_step_is_no_reason_to_warn():
    model, optimizer, tokens = seeded()
    with rw.watch(model, optimizer, every=1, strict=True) as recorder:
        for _ in range(2):
            _, state = model.lstm(model.embedding(tokens))
            model.lstm(model.embedding(tokens), state)[0].sum().backward()
            optimizer.step()
    assert recorder.recording.status.notes == ()


def test_a_frozen_layer_is_recorded_with_the_gradients_that_pass_through_it():
    model, optimizer, tokens = seeded()
    wanted = wanted_of(model, tokens)
    model.lstm.requires_grad_(False)
    with rw.watch(model, optimizer, strict=True) as recorder:
        train_once(model, optimizer, tokens)
    assert_exact(recorder.recording[0], wanted)
    assert not [name for name in recorder.recording[0].norms if name.startswith("lstm")]


def test_a_gradient_that_is_differentiated_again_is_said():
    model, optimizer, tokens = seeded("RNN_TANH")
    with rw.watch(model, optimizer) as recorder:
        output, _ = model.lstm(model.embedding(tokens))
        loss = model.readout(output).square().sum()
        (slope,) = torch.autograd.grad(loss, model.embedding.weight, create_graph=True)
        (loss + slope.square().sum()).backward()
        optimizer.step()
    trace = recorder.recording[0]["lstm.l0"]
    assert trace.inexact.startswith("a gradient was differentiated again")
    assert "dh" in trace.names
    optimizer.zero_grad()
