"""Itemised gradients: they add up to the recorded one, each is autograd's, and none runs ahead of its loss."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

import rnnwidgets as rw
from rnnwidgets.analysis import flow, itemised
from rnnwidgets.errors import RecordingError
from tests.unit.analysed import LOSSES, every_output, fill, frame_of
from tests.unit.frames import make_trace

T, S, INPUTS, H = 15, 3, 4, 5
MODULES = {
    "RNN": lambda **more: nn.RNN(INPUTS, H, dtype=torch.float64, **more),
    "ReLU": lambda **more: nn.RNN(INPUTS, H, nonlinearity="relu", dtype=torch.float64, **more),
    "GRU": lambda **more: nn.GRU(INPUTS, H, dtype=torch.float64, **more),
    "LSTM": lambda **more: nn.LSTM(INPUTS, H, dtype=torch.float64, **more),
}
SHAPES: dict[str, dict[str, Any]] = {
    "one layer": {},
    "no bias": {"bias": False},
    "stacked": {"num_layers": 2},
    "bidirectional, stacked": {"num_layers": 2, "bidirectional": True},
}


def output_at(s: int, result: Any) -> torch.Tensor:
    return torch.as_tensor(result[0][s]).square().sum()


def within(found: Any, wanted: Any, tolerance: float) -> float:
    """Assert equality relative to the largest magnitude, and return the difference."""
    difference = float(np.max(np.abs(np.asarray(found) - np.asarray(wanted))))
    scale = float(np.max(np.abs(np.asarray(wanted))))
    assert difference <= tolerance * max(scale, 1e-300)
    return difference


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", MODULES)
def test_itemised_gradients_add_up_to_the_recorded_one_and_none_runs_ahead_of_its_loss(
    kind: str, shape: str, loss: str
):
    torch.manual_seed(0)
    frame = frame_of(MODULES[kind](**SHAPES[shape]), torch.randn(T, S, INPUTS, dtype=torch.float64), LOSSES[loss])
    earlier = np.tril(np.ones((T, T), dtype=bool))
    for name, trace in frame.traces.items():
        forbidden = earlier.T if name.endswith("_reverse") else earlier
        for sample in range(S):
            items = itemised(trace, sample)
            within(items.h.sum(axis=0), trace["dh"][:, sample], 1e-12)
            assert not items.h[~forbidden].any()
            if items.c is not None:
                within(items.c.sum(axis=0), trace["dc"][:, sample], 1e-12)
                assert not items.c[~forbidden].any()
        within(flow(trace).norms[S - 1], np.linalg.norm(itemised(trace, S - 1).h, axis=-1), 1e-13)


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
def test_projected_gradients_add_up_too():
    torch.manual_seed(1)
    module = nn.LSTM(INPUTS, 7, num_layers=2, proj_size=3, bidirectional=True, dtype=torch.float64)
    frame = frame_of(module, torch.randn(T, S, INPUTS, dtype=torch.float64), LOSSES["last state"])
    for trace in frame.traces.values():
        items = itemised(trace, 1)
        within(items.h.sum(axis=0), trace["dh"][:, 1], 1e-12)
        within(items.c.sum(axis=0) if items.c is not None else 0, trace["dc"][:, 1], 1e-12)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_sequences_of_different_lengths_add_up_within_them_and_hold_nan_past_them(kind: str, bidirectional: bool):
    torch.manual_seed(2)
    lengths = (9, 15, 4)
    packed = pack_padded_sequence(
        torch.randn(T, S, INPUTS, dtype=torch.float64), torch.tensor(lengths), enforce_sorted=False
    )
    frame = frame_of(MODULES[kind](bidirectional=bidirectional), packed, every_output)
    for trace in frame.traces.values():
        norms = flow(trace).norms
        for sample, length in enumerate(lengths):
            items = itemised(trace, sample)
            within(items.h[:length, :length].sum(axis=0), trace["dh"][:length, sample], 1e-12)
            assert np.isnan(items.h[length:]).all()
            assert np.isnan(items.h[:, length:]).all()
            within(norms[sample, :length, :length], np.linalg.norm(items.h[:length, :length], axis=-1), 1e-13)
            assert np.isnan(norms[sample, length:]).all()
            assert np.isnan(norms[sample, :, length:]).all()


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_each_item_is_the_gradient_that_autograd_finds_of_that_loss_alone(kind: str):
    torch.manual_seed(3)
    module, x = MODULES[kind](), torch.randn(T, 1, INPUTS, dtype=torch.float64)
    trace = frame_of(module, x, every_output)["l0"]
    items = itemised(trace).h
    for s in (0, 6, T - 1):
        alone = frame_of(module, x, partial(output_at, s))["l0"]
        within(items[s], alone["dh"][:, 0], 1e-12)


def connectivity(module: nn.RNNBase, head: nn.Linear, x: torch.Tensor, targets: torch.Tensor) -> np.ndarray:
    """Madsen's matrix by autograd: |d logit_s[target_s] / d onehot_t|^2, (loss_time, time)."""
    x = x.clone().requires_grad_()
    logits = head(module(x)[0])[:, 0]
    rows = [
        torch.autograd.grad(logits[s, targets[s]], x, retain_graph=True)[0][:, 0].square().sum(-1) for s in range(T)
    ]
    return np.asarray(torch.stack(rows))


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_the_connectivity_of_a_logit_with_an_input_follows_from_the_items_and_is_zero_above_the_diagonal(kind: str):
    """Madsen 2019: one-hot inputs; what reaches the input is what reaches the preactivations, times W."""
    torch.manual_seed(4)
    module, head = MODULES[kind](), nn.Linear(H, INPUTS, dtype=torch.float64)
    ids = torch.randint(INPUTS, (T,))
    x = nn.functional.one_hot(ids, INPUTS).double()[:, None]
    targets = ids.roll(-1)
    wanted = connectivity(module, head, x, targets)
    assert not np.triu(wanted, 1).any()
    trace = frame_of(module, x, lambda result: head(result[0])[torch.arange(T), 0, targets].sum())["l0"]
    W = next(value for name, value in module.named_parameters() if "weight_ih" in name).detach().numpy()
    items, found = itemised(trace), np.zeros((T, T))
    for t in range(T):
        found[:, t] = np.square(into_input(kind, trace, items, t) @ W).sum(axis=-1)
    within(found, wanted, 1e-12)
    assert not np.triu(found, 1).any()


def into_input(kind: str, trace: rw.Trace, items: Any, t: int) -> np.ndarray:
    """What reaches the preactivations at t from each loss, (loss_time, G*H), by the papers' derivatives."""
    D = items.h[:, t]
    if kind == "RNN":
        return np.asarray(D * (1 - trace["h"][t, 0] ** 2))
    if kind == "GRU":
        r, z, n = (trace[name][t, 0] for name in "rzn")
        h = trace["h"][t - 1, 0] if t else trace.start["h"][0]
        m = trace.weights["W_hh"][2 * H :] @ h + trace.weights["b_hh"][2 * H :]
        by_n = D * (1 - z) * (1 - n * n)
        return np.concatenate((by_n * m * r * (1 - r), D * (h - n) * z * (1 - z), by_n), axis=-1)
    i, f, g, o, c = (trace[name][t, 0] for name in "ifgoc")
    before = trace["c"][t - 1, 0] if t else trace.start["c"][0]
    d = items.c[:, t]
    parts = (d * g * i * (1 - i), d * before * f * (1 - f), d * i * (1 - g * g), D * np.tanh(c) * o * (1 - o))
    return np.asarray(np.concatenate(parts, axis=-1))


def test_nothing_crosses_where_the_user_detached_the_state_and_all_of_it_where_not():
    torch.manual_seed(5)
    module = nn.GRU(INPUTS, H, dtype=torch.float64)
    x = torch.randn(8, 2, INPUTS, dtype=torch.float64)
    for detached in (True, False):
        with rw.watch(module, every=1) as recorder:
            first, state = module(x[:5])
            second, _ = module(x[5:], state.detach() if detached else state)
            (first.square().sum() + second.square().sum()).backward()
            recorder.step()
        trace = recorder.recording[0]["l0"]
        items = itemised(trace, 1).h
        within(items.sum(axis=0), trace["dh"][:, 1], 1e-12)
        assert items[5:, :5].any() != detached
        assert items[5:, 5:].any()


def test_strides_leave_out_losses_and_samples_and_say_so():
    torch.manual_seed(6)
    trace = frame_of(nn.LSTM(INPUTS, H), torch.randn(T, S, INPUTS), every_output)["l0"]
    whole, some = flow(trace), flow(trace, stride=(2, 4))
    assert (some.stride, some.full, some.norms.shape) == ((2, 4, 1), (S, T, T), (2, 4, T))
    np.testing.assert_allclose(some.norms, whole.norms[::2, ::4], rtol=1e-4)


def test_what_vanishes_keeps_its_magnitude_in_float32_beyond_its_range():
    torch.manual_seed(7)
    module = nn.RNN(1, 16)
    fill(module, weight_hh=0.1 * torch.eye(16), weight_ih=0.0, bias_ih=0.0, bias_hh=0.0)
    trace = frame_of(module, torch.zeros(100, 1, 1), lambda result: result[0][-1].sum())["l0"]
    norms = flow(trace).norms[0, -1]
    np.testing.assert_allclose(np.log10(norms), np.log10(4) - np.arange(99, -1, -1), atol=1e-4)
    assert trace["dh"][0].max() == 0


def test_a_nan_stays_where_it_came_in_and_before():
    torch.manual_seed(8)
    trace = frame_of(nn.GRU(INPUTS, H), torch.randn(T, S, INPUTS), every_output)["l0"]
    trace["n"][6, 1, 2] = np.nan
    norms = flow(trace).norms
    assert np.isfinite(norms[[0, 2]]).all()
    assert np.isfinite(norms[1, :, 6:]).all()
    assert np.isnan(norms[1, 8:, :6]).all()


def test_a_trace_without_what_it_takes_is_refused_in_one_sentence():
    with pytest.raises(RecordingError, match="recurrent weights, found no W_hh; take a training step's frame"):
        flow(make_trace())
