"""Cells in users' own loops: one trace a cell and step, every number of which equals autograd's."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

import rnnwidgets as rw
from rnnwidgets.errors import RecorderWarning
from rnnwidgets.recorder import step as steps
from tests.counts import count
from tests.unit.loops import INPUTS, KINDS, STYLES, UNITS, Case, check

cases = st.builds(
    Case,
    kind=st.sampled_from(KINDS),
    style=st.sampled_from(STYLES),
    times=st.integers(1, 9),
    batch=st.integers(1, 4),
    started=st.booleans(),
    bias=st.booleans(),
)


@settings(max_examples=count(60, 300), deadline=None)
@given(case=cases)
def test_every_loop_agrees_with_autograd_within_1e_12(case):
    check(case, 1e-12)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_loop_agrees_with_autograd_in_float32_within_1e_5(kind, style):
    check(Case(kind, style, times=20, dtype=torch.float32), 1e-5)


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_two_thousand_calls_agree_with_autograd_within_1e_12(kind):
    check(Case(kind, "last", times=2000, batch=2), 1e-12)


class Stacked(nn.Module):
    """Two cells stacked by hand, in a submodule, over whole sequences."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.decoder = nn.ModuleDict({"low": nn.GRUCell(INPUTS, UNITS), "high": nn.LSTMCell(UNITS, UNITS)})

    def forward(self, x: Tensor, change: nn.Module | None = None) -> Tensor:
        low, high, outputs = None, None, []
        for now in x:
            low = self.decoder["low"](now, low)
            high = self.decoder["high"](low, high)
            outputs.append(high[0])
            if change is not None:
                low = change(low)
        return torch.stack(outputs)


def recorded(model: nn.Module, *inputs: Tensor, samples: int | list[int] = 4) -> rw.Frame:
    with rw.watch(model, samples=samples, strict=True) as recorder:
        torch.stack([model(x).square().sum() for x in inputs]).sum().backward()
        recorder.step()
    return recorder.recording[0]


def test_cells_stacked_by_hand_are_layers_named_by_their_paths():
    model, x = Stacked(), torch.randn(6, 3, INPUTS)
    frame = recorded(model, x)
    assert frame.layers == ("decoder.low", "decoder.high")
    assert [trace.kind for trace in frame.traces.values()] == ["GRU", "LSTM"]
    assert [trace["h"].shape for trace in frame.traces.values()] == [(6, 3, UNITS)] * 2
    assert torch.equal(torch.from_numpy(frame["decoder.high"]["h"]), model(x).detach())


def test_a_cell_that_is_the_model_itself_is_named_cell():
    cell = nn.RNNCell(INPUTS, UNITS)
    with rw.watch(cell) as recorder:
        cell(torch.ones(2, INPUTS)).sum().backward()
        recorder.step()
    assert recorder.recording[0].layers == ("cell",)
    assert recorder.recording[0]["cell"].names == ("h", "dh", "dy")


def test_the_samples_chosen_are_those_of_the_batch_in_the_order_asked_for():
    model, x = Stacked(), torch.randn(6, 5, INPUTS)
    frame, whole = recorded(model, x, samples=[4, 1]), recorded(model, x, samples=5)
    assert frame.samples == (4, 1)
    for name in ("h", "dh", "dy", "z"):
        assert (frame["decoder.low"][name] == whole["decoder.low"][name][:, [4, 1]]).all()


def test_of_several_sequences_in_one_step_the_last_is_kept_and_the_others_are_counted():
    model, first, last = Stacked(), torch.randn(4, 2, INPUTS), torch.randn(6, 2, INPUTS)
    both, alone = recorded(model, first, last)["decoder.low"], recorded(model, last)["decoder.low"]
    assert both.inexact == "the last of 2 sequences of calls in this step"
    assert both.lengths == (6, 6)
    for name in alone.names:
        assert torch.allclose(torch.from_numpy(both[name]), torch.from_numpy(alone[name]))


def test_sequences_whose_calls_take_turns_are_kept_apart():
    cell = nn.GRUCell(INPUTS, UNITS)
    one, other = torch.randn(2, 5, 3, INPUTS)
    with rw.watch(cell) as recorder:
        h = g = torch.zeros(3, UNITS)
        for x, y in zip(one, other, strict=True):
            h, g = cell(x, h), cell(y, g)
        (h.sum() + g.sum()).backward()
        recorder.step()
    trace = recorder.recording[0]["cell"]
    assert trace.lengths == (5, 5, 5)
    assert torch.equal(torch.from_numpy(trace["h"][-1]), g.detach())


def test_a_state_changed_between_calls_goes_on_and_its_direct_gradient_is_left_out():
    model, x = Stacked(), torch.randn(6, 3, INPUTS)
    with rw.watch(model) as recorder:
        model(x, nn.Dropout(0.5)).sum().backward()
        recorder.step()
    changed, same = recorder.recording[0].traces.values()
    assert changed.lengths == (6, 6, 6)
    assert changed.names == ("r", "z", "n", "h", "dh")
    assert changed.inexact == "the state was changed between two calls, so that the direct gradient is not known"
    assert "dy" in same.names
    assert same.inexact == ""


def test_a_cell_held_under_two_names_is_recorded_once_and_its_other_name_is_told():
    cell = nn.LSTMCell(INPUTS, UNITS)
    model = nn.ModuleDict({"encoder": cell, "decoder": cell})
    with rw.watch(model) as recorder:
        model["decoder"](torch.ones(1, INPUTS), model["encoder"](torch.ones(1, INPUTS)))[0].sum().backward()
        recorder.step()
    assert recorder.recording[0].layers == ("encoder",)
    assert recorder.recording[0]["encoder"].lengths == (2,)
    assert recorder.health().aliases == {"encoder": ("decoder",)}


def test_weights_computed_anew_at_each_call_leave_states_and_their_gradients():
    cell = nn.LSTMCell(INPUTS, UNITS)
    nn.utils.parametrizations.spectral_norm(cell, "weight_hh")
    state = dict(cell.named_buffers())["parametrizations.weight_hh.0._u"]
    power = state.clone()
    with rw.watch(cell) as recorder:
        cell(torch.ones(2, INPUTS))[0].sum().backward()
        seen = state.clone()
        recorder.step()
    trace = recorder.recording[0]["cell"]
    assert trace.names == ("c", "h", "dh", "dc")
    assert trace.inexact == "the weights are computed anew at each call, so that the gates cannot be replayed"
    assert not torch.equal(power, seen)
    assert torch.equal(seen, state)


def test_weights_that_a_wrapper_sets_before_each_call_are_those_replayed():
    cell = nn.GRUCell(INPUTS, UNITS)
    raw = nn.Parameter(cell.weight_hh.detach().clone())
    del cell.weight_hh
    cell.register_parameter("weight_hh_raw", raw)
    with rw.watch(cell) as recorder:
        cell.weight_hh = nn.functional.dropout(raw, 0.5)
        x = torch.randn(5, 2, INPUTS)
        h = None
        for now in x:
            h = cell(now, h)
        assert h is not None
        h.sum().backward()
        recorder.step()
    trace = recorder.recording[0]["cell"]
    assert trace.inexact == ""
    assert trace.replay_error <= 1e-6
    assert raw.grad is not None


def test_weights_that_moved_before_the_step_ended_are_not_replayed():
    cell = nn.RNNCell(INPUTS, UNITS)
    with rw.watch(cell) as recorder:
        cell(torch.ones(2, INPUTS)).sum().backward()
        with torch.no_grad():
            cell.weight_hh.mul_(0.5)
        with pytest.warns(RecorderWarning, match="the weights of cell changed before"):
            recorder.step()
    trace = recorder.recording[0]["cell"]
    assert trace.names == ("h", "dh")
    assert trace.inexact.startswith("a weight changed between the forward pass and step()")


def test_more_calls_than_one_step_keeps_are_counted(monkeypatch):
    monkeypatch.setattr(steps, "MOST_TIMES", 4)
    model, x = Stacked(), torch.randn(6, 3, INPUTS)
    with rw.watch(model) as recorder:
        model(x).sum().backward()
        recorder.step()
    trace = recorder.recording[0]["decoder.low"]
    assert trace.lengths == (4, 4, 4)
    assert trace.inexact == "the first 4 of 6 calls in this step"
    assert list(recorder.health().skipped.values()) == [4]


def test_a_state_carried_from_an_earlier_step_on_its_graph_is_told():
    cell = nn.GRUCell(INPUTS, UNITS)
    with rw.watch(cell) as recorder, pytest.warns(match=r"was given the state of an earlier training step"):
        h = cell(torch.ones(1, INPUTS))
        h.sum().backward(retain_graph=True)
        recorder.step()
        cell(torch.ones(1, INPUTS), h).sum().backward()
        recorder.step()
    assert len(recorder.recording) == 2


@pytest.mark.parametrize("batch_first", [False, True])
def test_token_ids_read_one_a_call_are_decoded(batch_first):
    class Reader(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding, self.cell = nn.Embedding(9, INPUTS), nn.GRUCell(INPUTS, UNITS)

        def forward(self, ids: Tensor) -> Tensor:
            h = torch.zeros(ids.shape[0 if batch_first else 1], UNITS)
            for now in ids.unbind(1 if batch_first else 0):
                h = self.cell(self.embedding(now), h)
            return h

    ids = torch.tensor([[1, 2, 3], [4, 5, 6]])
    model = Reader()
    with rw.watch(model, decode=[str(i) for i in range(9)]) as recorder:
        model(ids if batch_first else ids.T).sum().backward()
        recorder.step()
    assert recorder.recording[0].tokens == (("1", "2", "3"), ("4", "5", "6"))


@pytest.mark.parametrize("batch_first", [False, True])
def test_token_ids_that_are_embedded_all_at_once_are_decoded(batch_first):
    class Reader(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding, self.cell = nn.Embedding(9, INPUTS), nn.LSTMCell(INPUTS, UNITS)

        def forward(self, ids: Tensor) -> Tensor:
            state = None
            for now in self.embedding(ids).unbind(1 if batch_first else 0):
                state = self.cell(now, state)
            assert state is not None
            last: Tensor = state[0]
            return last

    ids = torch.tensor([[1, 2, 3], [4, 5, 6]])
    model = Reader()
    with rw.watch(model, samples=[1], decode=[str(i) for i in range(9)]) as recorder:
        model(ids if batch_first else ids.T).sum().backward()
        recorder.step()
    assert recorder.recording[0].tokens == (("4", "5", "6"),)
