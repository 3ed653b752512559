"""Any recurrent module with a loss, and what unrolled autograd gives for every layer of it, sequence by sequence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

import rnnwidgets as rw
from rnnwidgets.cells import Start, Weights
from tests.unit.oracle import assert_close, leaves, unrolled

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
