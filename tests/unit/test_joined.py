"""Calls of one step that carry the state on are one sequence; others are counted."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import rnnwidgets as rw
from tests.unit.matrix import INPUTS, KINDS, UNITS, Case
from tests.unit.oracle import assert_close

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections:UserWarning")  # torch's own, once a process


class Decoder(nn.Module):
    """One time a call, as decoders run: the state is carried by the user's own loop."""

    def __init__(self, kind: str, layers: int) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.rnn = Case(kind, layers).module()

    def forward(self, x: Tensor) -> Tensor:
        state, outputs = None, []
        for now in x:
            output, state = self.rnn(now[None], state)
            outputs.append(output)
        return torch.cat(outputs)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_calls_that_carry_the_state_on_join_along_time_and_equal_one_call(kind, layers):
    decoder = Decoder(kind, layers)
    x, target = torch.randn(7, 2, INPUTS, dtype=torch.float64), torch.randn(7, 2, UNITS, dtype=torch.float64)
    frames = []
    for run in (decoder, lambda x: decoder.rnn(x)[0]):
        with rw.watch(decoder) as recorder:
            output = run(x)
            (output * target[:, :, : output.shape[2]]).sum().backward()
            recorder.step()
        frames.append(recorder.recording[0])
    stepped, whole = frames
    assert stepped.layers == whole.layers
    for name, trace in stepped.traces.items():
        assert trace.lengths == (7, 7)
        assert trace.inexact == ""
        for letter in trace.names:
            assert_close(torch.from_numpy(trace[letter].copy()), torch.from_numpy(whole[name][letter].copy()), 1e-12)


def test_calls_that_do_not_carry_the_state_on_are_counted_and_the_last_is_kept():
    decoder = Decoder("GRU", 1)
    x = torch.randn(2, 4, 2, INPUTS, dtype=torch.float64)
    with rw.watch(decoder) as recorder:
        (decoder.rnn(x[0])[0].sum() + decoder.rnn(x[1])[0].sum()).backward()
        recorder.step()
    trace = recorder.recording[0]["rnn.l0"]
    assert trace.inexact == "the last of 2 calls in this step"
    assert_close(torch.from_numpy(trace["h"].copy()), decoder.rnn(x[1])[0].detach(), 1e-12)


def test_calls_without_a_given_state_are_never_joined_even_where_the_state_is_zero():
    decoder = Decoder("RNN_RELU", 1)
    with torch.no_grad():
        for weight in decoder.rnn.parameters():
            weight.fill_(-1)
    x = torch.ones(3, 2, INPUTS, dtype=torch.float64)
    with rw.watch(decoder) as recorder:
        (decoder.rnn(x)[0].sum() + decoder.rnn(x)[0].sum()).backward()
        recorder.step()
    trace = recorder.recording[0]["rnn.l0"]
    assert not trace["h"].any()
    assert trace.lengths == (3, 3)
