"""Cells in users' own loops, each loop written once: run with a cell, and with the papers' equations under autograd.

What a loop hands on to the next call and what it uses besides are two copies of h for the equations, one and the same
tensor for the cell; so the gradient of the second copy is the direct gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

import rnnwidgets as rw
from rnnwidgets.cells import Start, Weights
from tests.unit.oracle import unrolled

KINDS = ("LSTM", "GRU", "RNN_TANH", "RNN_RELU")
STYLES = (
    "plain",
    "by name",
    "unbatched",
    "last",
    "cell state",
    "detached",
    "attention",
    "scheduled sampling",
    "masked",
    "shrinking",
)
INPUTS, UNITS = 3, 4


class State(NamedTuple):
    """What a call returned: h and c to hand on, and the same h and c to use."""

    h: Tensor
    c: Tensor | None
    seen: Tensor
    seen_c: Tensor | None

    def map(self, change: Callable[[Tensor], Tensor]) -> State:
        c, seen_c = (None if value is None else change(value) for value in (self.c, self.seen_c))
        return State(change(self.h), c, change(self.seen), seen_c)

    def where(self, inside: Tensor, other: State) -> State:
        """Take this where inside, else the other."""
        return State(
            torch.where(inside, self.h, other.h),
            None if self.c is None or other.c is None else torch.where(inside, self.c, other.c),
            torch.where(inside, self.seen, other.seen),
            None if self.seen_c is None or other.seen_c is None else torch.where(inside, self.seen_c, other.seen_c),
        )


Call = Callable[[Tensor, State | None], State]


@dataclass(frozen=True)
class Case:
    """A cell in a loop, and how often and on how much it runs."""

    kind: str
    style: str
    times: int = 6
    batch: int = 3
    started: bool = True
    bias: bool = True
    dtype: torch.dtype = torch.float64

    def cell(self) -> nn.RNNCellBase:
        options: dict[str, Any] = {"bias": self.bias, "dtype": self.dtype}
        if self.kind.startswith("RNN"):
            return nn.RNNCell(INPUTS, UNITS, nonlinearity=self.kind.removeprefix("RNN_").lower(), **options)
        return (nn.LSTMCell if self.kind == "LSTM" else nn.GRUCell)(INPUTS, UNITS, **options)


class Model(nn.Module):
    """One cell and all that a loop may need besides."""

    def __init__(self, case: Case) -> None:
        super().__init__()
        torch.manual_seed(case.times * 31 + case.batch)
        self.case, self.cell = case, case.cell()
        self.readout = nn.Linear(UNITS, INPUTS, dtype=case.dtype)
        self.mix = nn.Linear(2 * INPUTS, INPUTS, dtype=case.dtype)
        shape = (case.batch,) if case.style != "unbatched" else ()
        self.x = torch.randn(case.times, *shape, INPUTS, dtype=case.dtype)
        self.target = torch.randn(case.times, *shape, INPUTS, dtype=case.dtype)
        self.memory = torch.randn(5, *shape, UNITS, dtype=case.dtype)
        h, c = (torch.randn(*shape, UNITS, dtype=case.dtype, requires_grad=True) for _ in range(2))
        self.start = State(h, c if case.kind == "LSTM" else None, h, c) if case.started else None
        self.lengths = torch.randint(1, case.times + 1, (case.batch, 1)).sort(0, descending=True).values
        self.coins = torch.rand(case.times) < 0.5

    def call(self, x: Tensor, state: State | None) -> State:
        """Call the cell: positionally, or with every argument by name."""
        given = None if state is None else (state.h, state.c) if state.c is not None else state.h
        found = self.cell(input=x, hx=given) if self.case.style == "by name" else self.cell(x, given)
        h, c = found if isinstance(found, tuple) else (found, None)
        return State(h, c, h, c)

    def forward(self, call: Call) -> Tensor:
        loop: Callable[[Call], list[Tensor]] = getattr(self, f"_{self.case.style.replace(' ', '_')}")
        pairs = zip(loop(call), self.target, strict=False)
        return torch.stack([((one - wanted[: len(one)]) ** 2).sum() for one, wanted in pairs]).sum()

    def _plain(self, call: Call) -> list[Tensor]:
        state, outputs = self.start, []
        for x in self.x:
            state = call(x, state)
            outputs.append(self.readout(state.seen))
        return outputs

    _by_name = _unbatched = _plain

    def _last(self, call: Call) -> list[Tensor]:
        return self._plain(call)[-1:]

    def _cell_state(self, call: Call) -> list[Tensor]:
        """A loss on the last c; on the last h of a cell that has none."""
        state = self.start
        for x in self.x:
            state = call(x, state)
        assert state is not None
        return [self.readout(state.seen if state.seen_c is None else state.seen_c)]

    def _detached(self, call: Call) -> list[Tensor]:
        state, outputs = self.start, []
        for time, x in enumerate(self.x):
            state = call(x, state)
            outputs.append(self.readout(state.seen))
            if time % 3 == 1:
                state = state.map(Tensor.detach)
        return outputs

    def _attention(self, call: Call) -> list[Tensor]:
        """Look into a memory between the steps, and feed what was found back."""
        state, outputs, fed = self.start, [], self.x[0]
        for x in self.x:
            state = call(self.mix(torch.cat((x, fed), -1)), state)
            weights = torch.softmax((self.memory * state.seen).sum(-1, keepdim=True), 0)
            fed = self.readout((weights * self.memory).sum(0))
            outputs.append(self.readout(state.seen) + fed)
        return outputs

    def _scheduled_sampling(self, call: Call) -> list[Tensor]:
        """Feed the target back or, as a coin falls, the output itself."""
        state, outputs, fed = self.start, [], self.x[0]
        for coin, wanted in zip(self.coins, self.target, strict=True):
            state = call(fed, state)
            outputs.append(self.readout(state.seen))
            fed = wanted if coin else outputs[-1]
        return outputs

    def _masked(self, call: Call) -> list[Tensor]:
        """Keep the old state where a sequence has ended; the loss sees the last state of each."""
        state = call(self.x[0], self.start)
        for time, x in enumerate(self.x[1:], start=1):
            state = call(x, state).where(time < self.lengths, state)
        return [self.readout(state.seen)]

    def _shrinking(self, call: Call) -> list[Tensor]:
        """Go on with the sequences that have not ended, the longest first."""
        state, outputs = self.start, []
        for time, x in enumerate(self.x):
            count = int((time < self.lengths).sum())
            if count:
                state = call(x[:count], None if state is None else state.map(partial(_first, count)))
                outputs.append(self.readout(state.seen))
        return outputs


def _first(count: int, value: Tensor) -> Tensor:
    return value[:count]


class Oracle:
    """The papers' equations, with everything that reaches them kept."""

    def __init__(self, model: Model) -> None:
        weights = list(model.cell.parameters())
        b_W, b_U = weights[2:] if model.case.bias else (None, None)
        self._weights = Weights(weights[0], weights[1], b_W, b_U)
        self._kind = model.case.kind
        self._times: list[dict[str, Tensor]] = []

    def __call__(self, x: Tensor, state: State | None) -> State:
        batched = x.dim() > 1
        rows = x if batched else x[None]
        before = State(*[rows.new_zeros(len(rows), UNITS)] * 4) if state is None else state
        before = before if batched or state is None else before.map(lambda value: value[None])
        found = unrolled(self._kind, rows[None], Start(before.h, before.c), self._weights)
        now = {letter: values[0] for letter, values in found.items()}
        now["on"], now["seen"] = now["h"].clone(), now["h"].clone()
        now["seen"].retain_grad()
        self._times.append(now)
        passed = State(now["on"], now.get("c"), now["seen"], now.get("c"))
        return passed if batched else passed.map(lambda value: value[0])

    def quantity(self, name: str, count: int) -> Tensor:
        """Return one gate, state or gradient (T, S, H), NaN where a batch has shrunk."""
        letter = "seen" if name == "dy" else name.removeprefix("d")
        found = []
        for time in self._times:
            value = time[letter]
            shown = value.detach() if letter == name else torch.zeros_like(value) if value.grad is None else value.grad
            found.append(nn.functional.pad(shown, (0, 0, 0, count - len(shown)), value=torch.nan))
        return torch.stack(found)


def check(case: Case, tolerance: float) -> None:
    """Compare everything that is recorded of the cell with the equations."""
    model = Model(case)
    with rw.watch(model, samples=1 if case.style == "unbatched" else case.batch, strict=True) as recorder:
        model(model.call).backward()
        recorder.step()
    trace = recorder.recording[0]["cell"]
    oracle = Oracle(model)
    model(oracle).backward()
    assert trace.inexact == ""
    assert trace.replay_error <= tolerance
    assert {"dh", "dy"} < set(trace.names)
    for name in trace.names:
        found = torch.from_numpy(trace[name].copy())
        wanted = oracle.quantity(name, found.shape[1])
        assert torch.equal(found.isnan(), wanted.isnan())
        scale = oracle.quantity("dh", found.shape[1]).nan_to_num() if name == "dy" else wanted.nan_to_num()
        assert found.shape == wanted.shape
        assert_near(found.nan_to_num(), wanted.nan_to_num(), tolerance * float(scale.abs().max()))
        if name == "dy":
            assert not found[wanted == 0].any(), "a direct gradient where none came from outside"


def assert_near(found: Tensor, wanted: Tensor, margin: float) -> None:
    assert float((found - wanted).abs().max()) <= margin
