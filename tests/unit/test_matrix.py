"""Layers, directions, projections, packing and initial states: every trace equals unrolled autograd, one by one."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

import rnnwidgets as rw
from tests.unit.matrix import INPUTS, KINDS, LOSSES, UNITS, Case, Model, check

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections:UserWarning")  # torch's own, once a process

cases = st.builds(
    Case,
    kind=st.sampled_from(KINDS),
    layers=st.integers(1, 3),
    bidirectional=st.booleans(),
    lengths=st.lists(st.integers(1, 7), min_size=1, max_size=4).map(tuple),
    loss_on=st.sampled_from(LOSSES),
    packed=st.just(value=True),
    batch_first=st.booleans(),
    started=st.booleans(),
    bias=st.booleans(),
)


def possible(case: Case) -> bool:
    return case.loss_on != "c_n" or "LSTM" in case.kind


@settings(max_examples=150, deadline=None)
@given(case=cases.filter(possible))
def test_packed_sequences_in_any_order_agree_with_autograd_within_1e_12(case):
    check(case, 1e-12)


@settings(max_examples=40, deadline=None)
@given(case=cases.filter(possible), times=st.integers(1, 9), batch=st.integers(1, 4))
def test_padded_sequences_of_any_layout_agree_with_autograd_within_1e_12(case, times, batch):
    check(replace(case, packed=False, lengths=(times,) * batch), 1e-12)


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_two_thousand_times_agree_with_autograd_within_1e_12(kind):
    check(Case(kind, 1, True, (2000,), "all", packed=True), 1e-12)


@pytest.mark.parametrize("loss_on", LOSSES)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_padded_sequences_agree_with_autograd_within_1e_12(kind, layers, bidirectional, loss_on):
    case = Case(kind, layers, bidirectional, loss_on=loss_on if "LSTM" in kind or loss_on != "c_n" else "h_n")
    check(case, 1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_float32_agrees_within_1e_5(kind):
    check(Case(kind, 2, True, (9, 30, 14), "all", packed=True, started=True, dtype=torch.float32), 1e-5)


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_dropout_between_layers_is_repeated_exactly_on_the_cpu(kind, batch_first):
    check(Case(kind, 3, True, (6, 6), "all", batch_first=batch_first, dropout=0.4), 1e-12)


def test_a_layer_may_be_recorded_without_the_others():
    model = Model(Case("GRU", 3, True))
    with rw.watch(model, layers=["rnn.l1_reverse"]) as recorder:
        model().backward()
        recorder.step()
    assert recorder.recording[0].layers == ("rnn.l1_reverse",)


def test_an_unknown_dropout_mask_is_said_and_nothing_is_made_up():
    model = Model(Case("LSTM", 2, dropout=0.5))
    with rw.watch(model) as recorder:
        recorder._training.step.random = _Forgetful()
        model().backward()
        recorder.step()
    (trace,) = recorder.recording[0].traces.values()
    assert trace.layer == "rnn.l1"
    assert trace.names == ("h", "dy")
    assert trace.inexact == "the dropout mask between the layers is not known, so that the gates cannot be replayed"


class _Forgetful(dict[str, Tensor]):
    """Keeps nothing, as on a device whose random state cannot be read."""

    def __setitem__(self, _key: str, _value: Tensor) -> None:
        """Forget it."""


def test_tokens_of_packed_sequences_are_found_and_end_with_their_sequence():
    class Reader(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(9, INPUTS)
            self.rnn = nn.GRU(INPUTS, UNITS, batch_first=True)

        def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
            packed = pack_padded_sequence(self.embedding(ids), lengths, batch_first=True, enforce_sorted=False)
            last: Tensor = self.rnn(packed)[1]
            return last

    model = Reader()
    with rw.watch(model, decode=[str(i) for i in range(9)]) as recorder:
        model(torch.tensor([[1, 2, 0, 0], [3, 4, 5, 6]]), torch.tensor([2, 4])).sum().backward()
        recorder.step()
    assert recorder.recording[0].tokens == (("1", "2", "", ""), ("3", "4", "5", "6"))
