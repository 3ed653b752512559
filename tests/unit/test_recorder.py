"""What a watched model leaves in the recording equals what autograd gives for the unrolled model."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import rnnwidgets as rw
from rnnwidgets.cells import Start, Weights
from rnnwidgets.errors import RecorderWarning
from tests.unit.oracle import assert_close, leaves, unrolled
from tests.unit.tagger import B, H, T, seeded, train_once

TOLERANCE = {torch.float64: 1e-12, torch.float32: 1e-5}


def by_autograd(model, tokens, start, keep):
    """Return every state and its total gradient from the unrolled equations, before the weights move."""
    weights = Weights(*(weight.detach() for weight in model.lstm._flat_weights))
    x = model.embedding(tokens).detach()
    kind = model.lstm.mode
    states = unrolled(kind, x, leaves(start), weights)
    output = torch.stack(states["h"])
    seen = {"output": output, "h_n": output[-1:], "c_n": states.get("c", states["h"])[-1][None]}[model.loss_on]
    model.readout(seen).square().sum().backward()
    found = {name: torch.stack(values).detach()[:, keep] for name, values in states.items()}
    for name in {"h", "c"} & set(states):
        gradients = [torch.zeros_like(v) if v.grad is None else v.grad for v in states[name]]
        found[f"d{name}"] = torch.stack(gradients)[:, keep]
    model.zero_grad()
    return found


def zeros(model, dtype):
    zero = torch.zeros(B, H, dtype=dtype)
    return Start(zero, zero if model.lstm.mode == "LSTM" else None)


def assert_trace(trace, wanted, dtype):
    for name, values in wanted.items():
        assert_close(torch.from_numpy(trace[name].copy()), values, TOLERANCE[dtype])
        assert trace[name].dtype == {torch.float64: np.float64, torch.float32: np.float32}[dtype]


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(
    ("kind", "loss_on"),
    [
        ("LSTM", "output"), ("LSTM", "h_n"), ("LSTM", "c_n"), ("GRU", "output"), ("GRU", "h_n"),
        ("RNN_TANH", "output"), ("RNN_TANH", "h_n"), ("RNN_RELU", "output"), ("RNN_RELU", "h_n"),
    ],
)  # fmt: skip
def test_every_quantity_of_a_trace_equals_unrolled_autograd(kind, loss_on, dtype):
    model, optimizer, tokens = seeded(kind, dtype=dtype, loss_on=loss_on)
    wanted = by_autograd(model, tokens, zeros(model, dtype), [1, 3])
    with rw.watch(model, optimizer, samples=[1, 3]) as recorder:
        train_once(model, optimizer, tokens)
    frame = recorder.recording[0]
    assert_trace(frame["lstm.l0"], wanted, dtype)
    assert frame.samples == (1, 3)
    assert frame["lstm.l0"].kind == kind
    assert frame["lstm.l0"].inexact == ""
    assert frame["lstm.l0"].replay_error < TOLERANCE[dtype]
    assert frame["lstm.l0"].lengths == (T, T)


def test_direct_gradient_of_a_loss_on_h_n_is_that_of_the_last_time():
    model, optimizer, tokens = seeded(loss_on="h_n")
    with rw.watch(model, optimizer) as recorder:
        train_once(model, optimizer, tokens)
    trace = recorder.recording[0]["lstm.l0"]
    assert not trace["dy"][:-1].any()
    np.testing.assert_array_equal(trace["dy"][-1], trace["dh"][-1])
    assert (np.abs(trace["dh"]).max(axis=(1, 2)) > 0).all()


@pytest.mark.parametrize("direction", ["", "_reverse"])
def test_direct_gradient_of_a_packed_batch_reaches_each_last_time(direction: str):
    torch.manual_seed(0)
    model = nn.GRU(3, 4, num_layers=2, bidirectional=True, dtype=torch.float64)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    x, lengths = torch.randn(6, 3, 3, dtype=torch.float64), [6, 4, 1]
    weight = torch.randn(4, 3, 4, dtype=torch.float64)
    with rw.watch(model, optimizer, every=1) as recorder:
        _, h_n = model(nn.utils.rnn.pack_padded_sequence(x, lengths))
        (h_n * weight).sum().backward()
        optimizer.step()
    found = recorder.recording[0][f"l1{direction}"]["dy"]
    wanted = np.zeros((6, 3, 4))
    for sample, length in enumerate(lengths):
        wanted[0 if direction else length - 1, sample] = weight[3 if direction else 2, sample].numpy()
        wanted[length:, sample] = np.nan
    np.testing.assert_allclose(found, wanted, atol=1e-15)


def weighted(y: Tensor, state: Any, on_y: Tensor, on_h: Tensor) -> Tensor:
    """Return a loss on the output and on h_n, with these gradients."""
    h_n: Tensor = state[0] if isinstance(state, tuple) else state
    return (y * on_y).sum() + (h_n * on_h).sum()


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
def test_direct_gradient_of_a_lower_layer_equals_autograd(kind):
    torch.manual_seed(0)
    model = kind(3, 4, num_layers=2, bidirectional=True, batch_first=True, dtype=torch.float64)
    lower, upper = (kind(size, 4, bidirectional=True, batch_first=True, dtype=torch.float64) for size in (3, 8))
    for single, level in ((lower, "l0"), (upper, "l1")):
        named = {name: model.get_parameter(name.replace("l0", level)).detach() for name, _ in single.named_parameters()}
        single.load_state_dict(named)
    x, on_y, on_h = (torch.randn(shape, dtype=torch.float64) for shape in ((2, 6, 3), (2, 6, 8), (4, 2, 4)))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with rw.watch(model, optimizer, every=1, samples=2) as recorder:
        y, state = model(x)
        weighted(y, state, on_y, on_h).backward()
        optimizer.step()
    between = lower(x)[0].detach().requires_grad_()
    y, state = upper(between)
    weighted(y, state, on_y, on_h[2:]).backward()
    assert between.grad is not None
    ends = {"l0": (between.grad, on_h[:2]), "l1": (on_y, on_h[2:])}
    for level, (direct, last) in ends.items():
        for direction, suffix in enumerate(("", "_reverse")):
            wanted = direct.chunk(2, dim=-1)[direction].transpose(0, 1).clone()
            wanted[0 if direction else -1] += last[direction]
            assert_trace(recorder.recording[0][f"{level}{suffix}"], {"dy": wanted}, torch.float64)


def test_batch_first_is_recorded_with_time_first():
    model, optimizer, tokens = seeded(batch_first=True)
    wanted = by_autograd(model, tokens, zeros(model, torch.float64), [0, 1])
    with rw.watch(model, optimizer, samples=2) as recorder:
        train_once(model, optimizer, tokens.T.contiguous())
    assert_trace(recorder.recording[0]["lstm.l0"], wanted, torch.float64)


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_a_given_initial_state_and_keyword_calls_are_recorded_alike(kind):
    model, optimizer, tokens = seeded(kind)
    h, c = torch.randn(2, B, H, dtype=torch.float64)
    start = Start(h, c if kind == "LSTM" else None)
    wanted = by_autograd(model, tokens, start, [0, 1, 2, 3])
    state = (h[None], c[None]) if kind == "LSTM" else h[None]
    with rw.watch(model, optimizer) as recorder:
        train_once(model, optimizer, tokens, state, by_name=True)
    assert_trace(recorder.recording[0]["lstm.l0"], wanted, torch.float64)


def test_unbatched_input_is_a_batch_of_one():
    model, optimizer, tokens = seeded()
    wanted = by_autograd(model, tokens[:, :1], Start(*torch.zeros(2, 1, H, dtype=torch.float64)), [0])
    with rw.watch(model, optimizer) as recorder:
        train_once(model, optimizer, tokens[:, 0])
    assert_trace(recorder.recording[0]["lstm.l0"], wanted, torch.float64)


def test_without_an_optimizer_step_ends_the_training_step():
    model, optimizer, tokens = seeded()
    wanted = by_autograd(model, tokens, zeros(model, torch.float64), [0])
    recorder = rw.watch(model, every=1, samples=1)
    loss = model(tokens).square().sum()
    loss.backward()
    recorder.step(loss=loss)
    optimizer.step()
    recorder.close()
    assert recorder.recording.steps == [0]
    assert recorder.recording[0].scalars["loss"] == loss.item()
    assert_trace(recorder.recording[0]["lstm.l0"], wanted, torch.float64)


def test_a_weight_that_moved_before_step_is_said_and_never_replayed():
    model, optimizer, tokens = seeded()
    recorder = rw.watch(model, every=1)
    model(tokens).square().sum().backward()
    optimizer.step()
    with pytest.warns(RecorderWarning, match=r"weights of lstm\.l0 changed before recorder\.step\(\)"):
        recorder.step()
    recorder.close()
    trace = recorder.recording[0]["lstm.l0"]
    assert trace.names == ("h", "dy")
    assert "changed between the forward pass and step()" in trace.inexact


def test_norms_are_those_of_the_gradients_that_the_optimizer_will_use():
    model, optimizer, tokens = seeded()
    with rw.watch(model, optimizer) as recorder:
        model(tokens).square().sum().backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        gradients = {name: float(p.grad.norm()) for name, p in model.named_parameters() if p.grad is not None}
        weights = {name: float(p.detach().norm()) for name, p in model.named_parameters()}
        optimizer.step()
    frame = recorder.recording[0]
    assert frame.scalars["grad_norm"] == pytest.approx(0.5, rel=1e-5)
    for name, norm in frame.norms.items():
        assert norm.gradient == pytest.approx(gradients[name])
        assert norm.weight == pytest.approx(weights[name])
    assert set(frame.norms) == set(gradients)


def test_evaluation_without_gradients_is_not_taken_for_training():
    model, optimizer, tokens = seeded()
    with rw.watch(model, optimizer, every=1) as recorder:
        wanted = by_autograd(model, tokens, zeros(model, torch.float64), [0])
        loss = model(tokens).square().sum()
        loss.backward()
        with torch.no_grad():
            model(torch.zeros_like(tokens))
        optimizer.step()
    assert_close(torch.from_numpy(recorder.recording[0]["lstm.l0"]["dh"][:, :1].copy()), wanted["dh"], 1e-12)


def test_of_several_calls_in_one_step_the_last_is_kept_and_said():
    model, optimizer, tokens = seeded()
    with rw.watch(model, optimizer) as recorder:
        for part in (tokens, tokens.flip(0)):
            model(part).square().sum().backward()
        optimizer.step()
    trace = recorder.recording[0]["lstm.l0"]
    assert trace.inexact == "the last of 2 calls in this step"
    optimizer.zero_grad()


def test_an_output_changed_in_place_by_the_user_is_recorded_as_the_module_gave_it():
    model, optimizer, tokens = seeded("GRU")
    wanted = by_autograd(model, tokens, zeros(model, torch.float64), [0])
    with rw.watch(model, optimizer, samples=1) as recorder:
        output, _ = model.lstm(model.embedding(tokens))
        output.mul_(0)
        output.sum().backward()
        optimizer.step()
    assert_close(torch.from_numpy(recorder.recording[0]["lstm.l0"]["h"].copy()), wanted["h"], 1e-12)


def test_a_non_finite_gradient_is_recorded_not_dropped():
    model, optimizer, tokens = seeded()
    with rw.watch(model, optimizer) as recorder:
        (model(tokens).sum() * math.inf).backward()
        optimizer.step()
    assert not math.isfinite(recorder.recording[0].scalars["grad_norm"])
    assert not np.isfinite(recorder.recording[0]["lstm.l0"]["dh"]).all()
