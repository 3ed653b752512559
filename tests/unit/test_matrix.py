"""Layers, directions, projections, packing and initial states: every trace equals unrolled autograd, one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

import rnnwidgets as rw
from rnnwidgets.cells import Start, Weights
from tests.unit.oracle import assert_close, leaves, unrolled

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections:UserWarning")  # torch's own, once a process

KINDS = ("LSTM", "LSTMP", "GRU", "RNN_TANH", "RNN_RELU")
LOSSES = ("output", "h_n", "c_n", "all")
INPUTS, UNITS = 3, 4


@dataclass(frozen=True)
class Case:
    """A module, sequences of some lengths for it, and where the loss attaches."""

    kind: str
    layers: int = 1
    bidirectional: bool = False
    lengths: tuple[int, ...] = (5, 5, 5)
    loss_on: str = "output"
    packed: bool = False
    batch_first: bool = False
    started: bool = False
    bias: bool = True
    dropout: float = 0.0
    dtype: torch.dtype = torch.float64

    def module(self) -> nn.RNNBase:
        options: dict[str, Any] = {
            "num_layers": self.layers,
            "bidirectional": self.bidirectional,
            "bias": self.bias,
            "batch_first": self.batch_first,
            "dtype": self.dtype,
            "dropout": self.dropout,
        }
        if self.kind.startswith("RNN"):
            return nn.RNN(INPUTS, UNITS, nonlinearity=self.kind.removeprefix("RNN_").lower(), **options)
        if self.kind == "LSTMP":
            return nn.LSTM(INPUTS, UNITS, proj_size=UNITS - 1, **options)
        return nn.LSTM(INPUTS, UNITS, **options) if self.kind == "LSTM" else nn.GRU(INPUTS, UNITS, **options)


class Model(nn.Module):
    """A recurrent module, packed or not, and a loss on what it returns."""

    def __init__(self, case: Case) -> None:
        super().__init__()
        torch.manual_seed(len(case.lengths) + sum(case.lengths))
        self.case = case
        self.rnn = case.module()
        rows = case.layers * (1 + case.bidirectional)
        batch, size = len(case.lengths), self.rnn.proj_size or UNITS
        self.x = torch.randn(max(case.lengths), batch, INPUTS, dtype=case.dtype)
        self.h_0 = torch.randn(rows, batch, size, dtype=case.dtype)
        self.c_0 = torch.randn(rows, batch, UNITS, dtype=case.dtype)
        width = (1 + case.bidirectional) * size
        self.targets = {
            "output": torch.randn(max(case.lengths), batch, width, dtype=case.dtype),
            "h_n": torch.randn(rows, batch, size, dtype=case.dtype),
            "c_n": torch.randn(rows, batch, UNITS, dtype=case.dtype),
        }

    @property
    def gated(self) -> bool:
        return self.rnn.mode == "LSTM"

    def loss(self, seen: dict[str, Tensor]) -> Tensor:
        wanted = self.targets if self.case.loss_on == "all" else [self.case.loss_on]
        terms = [(seen[name] * self.targets[name]).sum() for name in wanted if name in seen]
        return torch.stack(terms).sum()

    def forward(self) -> Tensor:
        case = self.case
        padded = self.x.transpose(0, 1) if case.batch_first else self.x
        lengths = torch.tensor(case.lengths)
        packed = pack_padded_sequence(padded, lengths, batch_first=case.batch_first, enforce_sorted=False)
        x = packed if case.packed else padded
        state = ((self.h_0, self.c_0) if self.gated else self.h_0) if case.started else None
        output, last = self.rnn(x, state)
        if isinstance(output, PackedSequence):
            output, _ = pad_packed_sequence(output, batch_first=case.batch_first, total_length=max(case.lengths))
        h_n, c_n = last if self.gated else (last, None)
        seen = {"output": output.transpose(0, 1) if case.batch_first else output, "h_n": h_n}
        return self.loss(seen if c_n is None else {**seen, "c_n": c_n})


Traces = dict[str, dict[str, Tensor]]


def by_autograd(model: Model, masks: list[Tensor]) -> list[Traces]:
    """Return, for each sequence run on its own and unpadded, every layer's states and their gradients."""
    runs = [_run(model, sample, masks) for sample in range(len(model.case.lengths))]
    outputs, h_n, c_n = zip(*(run[1:] for run in runs), strict=True)
    longest = max(model.case.lengths)
    padded = [nn.functional.pad(output, (0, 0, 0, longest - len(output))) for output in outputs]
    seen = {"output": torch.stack(padded, 1), "h_n": torch.stack(h_n, 1)}
    model.loss({**seen, "c_n": torch.stack(c_n, 1)} if model.gated else seen).backward()
    return [_gradients(states, output) for (states, output, _, _) in runs]


def _run(model: Model, sample: int, masks: list[Tensor]) -> tuple[Any, Tensor, Tensor, Tensor]:
    case, weights = model.case, [weight.detach() for weight in model.rnn._flat_weights if weight is not None]
    directions, length = 1 + case.bidirectional, case.lengths[sample]
    each = len(weights) // (case.layers * directions)
    below = model.x[:length, [sample]]
    states, h_n, c_n = {}, [], []
    for layer in range(case.layers):
        outputs = []
        for direction in range(directions):
            row = layer * directions + direction
            own = weights[row * each : (row + 1) * each]
            b_W, b_U = own[2:4] if case.bias else (None, None)
            w = Weights(own[0], own[1], b_W, b_U, own[-1] if model.rnn.proj_size else None)
            h_0, c_0 = (state[row, [sample]] * case.started for state in (model.h_0, model.c_0))
            start = Start(h_0, c_0 if model.gated else None)
            found = unrolled(model.rnn.mode, below.flip(0) if direction else below, leaves(start), w)
            h_n.append(found["h"][-1][0])
            c_n.append(found.get("c", found["h"])[-1][0])
            states[f"rnn.l{layer}{'_reverse' * direction}"] = found
            outputs.append(torch.stack(found["h"][::-1] if direction else found["h"]))
        below = torch.cat(outputs, -1)
        below.retain_grad()
        top = below
        if layer < len(masks):
            below = below * masks[layer][:length, [sample]]
    return states, top[:, 0], torch.stack(h_n), torch.stack(c_n)


def _gradients(states: Any, _output: Tensor) -> Traces:
    traces = {}
    for name, found in states.items():
        turn = -1 if name.endswith("_reverse") else 1
        traces[name] = {letter: torch.stack(values[::turn])[:, 0].detach() for letter, values in found.items()}
        for letter in {"h", "c"} & set(found):
            gradients = [torch.zeros_like(v) if v.grad is None else v.grad for v in found[letter][::turn]]
            traces[name][f"d{letter}"] = torch.stack(gradients)[:, 0]
    return traces


def check(case: Case, tolerance: float) -> None:
    model = Model(case)
    masks = dropout_masks(model)
    with rw.watch(model, samples=len(case.lengths)) as recorder:
        torch.manual_seed(5)
        model().backward()
        recorder.step()
    wanted = by_autograd(model, masks)
    frame = recorder.recording[0]
    assert list(frame.layers) == list(wanted[0])
    for name, trace in frame.traces.items():
        assert trace.inexact == ""
        assert trace.lengths == case.lengths
        for sample, length in enumerate(case.lengths):
            for letter, values in wanted[sample][name].items():
                found = torch.from_numpy(trace[letter][:, sample].copy())
                assert_close(found[:length], values, tolerance)
                assert found[length:].isnan().all()


def dropout_masks(model: Model) -> list[Tensor]:
    """Return the masks that the kernel will draw after the seed of `check`."""
    case = model.case
    if case.dropout == 0:
        return []
    torch.manual_seed(5)
    ones = torch.ones(*model.targets["output"].shape, dtype=case.dtype)
    return [nn.functional.dropout(ones, case.dropout) for _ in range(case.layers - 1)]


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
        recorder._step.random = _Forgetful()
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
