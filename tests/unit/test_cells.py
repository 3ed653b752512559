"""Gates and gradients of every cell, against an unrolled cell under autograd."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from rnnwidgets.cells import CELLS, Direct, Start, Weights
from tests.unit.oracle import assert_close, leaves, unrolled

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections:UserWarning")  # torch's own, once a process

KINDS = ("LSTM", "LSTMP", "GRU", "RNN_TANH", "RNN_RELU")
LOSSES = ("output", "h_n", "c_n")


def module_of(kind: str, inputs: int, units: int, *, bias: bool, dtype: torch.dtype) -> nn.RNNBase:
    options: dict[str, Any] = {"bias": bias, "dtype": dtype}
    if kind == "LSTMP":
        return nn.LSTM(inputs, units + 2, proj_size=units, **options)
    if kind == "LSTM":
        return nn.LSTM(inputs, units, **options)
    if kind == "GRU":
        return nn.GRU(inputs, units, **options)
    return nn.RNN(inputs, units, nonlinearity=kind.removeprefix("RNN_").lower(), **options)


def weights_of(module: nn.RNNBase) -> Weights:
    found = [weight.detach() for weight in module._flat_weights if weight is not None]
    b_W, b_U = found[2:4] if module.bias else (None, None)
    return Weights(found[0], found[1], b_W, b_U, found[-1] if module.proj_size else None)


@dataclass(frozen=True)
class Case:
    """One module on one seeded input, and where the loss attaches."""

    kind: str
    loss_on: str
    module: nn.RNNBase
    x: Tensor
    start: Start
    target: Tensor

    @classmethod
    def seeded(cls, kind: str, loss_on: str, sizes: tuple[int, int, int, int], bias: bool, dtype: torch.dtype) -> Case:
        times, samples, inputs, units = sizes
        torch.manual_seed(sum(sizes))
        module = module_of(kind, inputs, units, bias=bias, dtype=dtype)
        x = torch.randn(times, samples, inputs, dtype=dtype)
        h = torch.randn(samples, units, dtype=dtype)
        c = torch.randn(samples, module.hidden_size, dtype=dtype) if "LSTM" in kind else None
        target = torch.randn(times, samples, module.hidden_size, dtype=dtype)
        return cls(module.mode, loss_on, module, x, Start(h, c), target)

    def loss(self, output: Tensor, h_n: Tensor, c_n: Tensor | None) -> Tensor:
        seen = {"output": output, "h_n": h_n, "c_n": h_n if c_n is None else c_n}[self.loss_on]
        return (seen * self.target[-seen.shape[0] :, :, : seen.shape[2]]).sum()

    def recorded(self) -> dict[str, Tensor]:
        """Return gates and totals from the fused module's output and the gradients that reach it."""
        h, c = self.start.h, self.start.c
        y, last = self.module(self.x, h[None] if c is None else (h[None], c[None]))
        h_n, c_n = (last, None) if c is None else last
        seen = [value for value in (y, h_n, c_n) if value is not None]
        gradients = torch.autograd.grad(self.loss(y, h_n, c_n), seen, allow_unused=True, materialize_grads=True)
        at_last = [torch.zeros(len(y), *g.shape[1:], dtype=g.dtype) for g in gradients[1:]]
        for plane, gradient in zip(at_last, gradients[1:], strict=True):
            plane[-1] = gradient[0]
        direct = Direct(gradients[0] + at_last[0], None if c is None else at_last[1])
        weights, cell = weights_of(self.module), CELLS[self.kind]
        states = cell.replay(self.x, y.detach(), self.start, weights)
        totals = cell.step_back(states, direct, weights)
        ran = cell.run(self.x, self.start, weights)
        return states | totals | {"dx": cell.into_input(states, totals, weights), "y": ran}

    def oracle(self) -> dict[str, Tensor]:
        """Return the same from the unrolled equations under autograd."""
        x = self.x.clone().requires_grad_()
        states = unrolled(self.kind, x, leaves(self.start), weights_of(self.module))
        last_c = states["c"][-1][None] if "c" in states else None
        self.loss(torch.stack(states["h"]), states["h"][-1][None], last_c).backward()
        found = {name: torch.stack(values).detach() for name, values in states.items()}
        for name in {"h", "c"} & set(states):
            found[f"d{name}"] = torch.stack([gradient_of(v) for v in states[name]])
        return found | {"dx": gradient_of(x), "y": found["h"]}


def gradient_of(value: Tensor) -> Tensor:
    return torch.zeros_like(value) if value.grad is None else value.grad


def check(case: Case, tolerance: float) -> None:
    found, wanted = case.recorded(), case.oracle()
    for name, values in wanted.items():
        assert_close(found[name], values, tolerance)
    assert {"dh", "dc"} & set(found) == {"dh", "dc"} & set(wanted)


CASES = [(kind, loss_on) for kind in KINDS for loss_on in LOSSES if loss_on != "c_n" or "LSTM" in kind]


@pytest.mark.parametrize(("kind", "loss_on"), CASES)
def test_float32_agrees_with_unrolled_autograd_within_1e_5(kind, loss_on):
    check(Case.seeded(kind, loss_on, (35, 4, 16, 32), bias=True, dtype=torch.float32), 1e-5)


@pytest.mark.parametrize(("kind", "loss_on"), CASES)
@settings(max_examples=25, deadline=None)
@given(
    sizes=st.tuples(st.integers(1, 12), st.integers(1, 4), st.integers(1, 6), st.integers(1, 8)),
    bias=st.booleans(),
)
def test_float64_agrees_with_unrolled_autograd_within_1e_12(kind, loss_on, sizes, bias):
    check(Case.seeded(kind, loss_on, sizes, bias=bias, dtype=torch.float64), 1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_five_hundred_times_stay_within_1e_12_in_float64(kind):
    check(Case.seeded(kind, "h_n", (500, 2, 4, 8), bias=True, dtype=torch.float64), 1e-12)
