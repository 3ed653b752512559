"""Row 24: interrupts at random moments leave the hooks where they are, once, and no step holds calls of another.

So do those that come wherever Python looks for a signal while the recorder's lines run, or torch's that it calls to
switch gradients off: at the begin of a function and after a call of one that is not Python's. What `with` switched off
is on again.
"""

from __future__ import annotations

import gc
import random
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from types import FrameType

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.amp import autocast_mode
from torch.autograd import grad_mode

import rnnwidgets as rw
from tests.counts import count

T, B, VOCABULARY = 9, 3, 50
INTERRUPTS = 200
PROMISE = f"{INTERRUPTS} interrupts at random moments: hooks stay, once; no step holds calls of another"
OURS = str(Path(rw.__file__).parent)
SWITCHES = grad_mode.__file__, autocast_mode.__file__


@pytest.fixture(autouse=True)
def a_collection_calls_nothing_of_other_tests() -> Iterator[None]:
    """What is called there, by their tools or at the end of what they left, swallows an interrupt that comes in it."""
    called = gc.callbacks[:]
    gc.callbacks.clear()
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
    gc.callbacks[:] = called


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="timers that interrupt are POSIX's")
def test_interrupt_storm():
    torch.manual_seed(0)
    model = nn.ModuleDict({"embedding": nn.Embedding(VOCABULARY, 6), "lstm": nn.LSTM(6, 16)})
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    randoms, interrupts, wanted, batch = random.Random(0), 0, count(40, INTERRUPTS), 0  # noqa: S311 (times, no secrets)
    recorder = rw.watch(model, optimizer, every=1, decode=str)
    hooks = len(model["lstm"]._forward_hooks), len(optimizer._optimizer_step_pre_hooks)
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)

    def train(seconds: float) -> None:
        nonlocal batch
        signal.setitimer(signal.ITIMER_REAL, seconds)
        given_up = monotonic() + 30 * (1 + seconds)  # an interrupt that is lost is a failure, no standstill
        while monotonic() < given_up:
            batch += 1
            tokens = torch.full((T, B), batch % VOCABULARY)
            loss = model["lstm"](model["embedding"](tokens))[0].square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            recorder.log(batch=batch % VOCABULARY)

    try:
        for _ in range(wanted):
            with pytest.raises(KeyboardInterrupt) as interrupted:
                train(randoms.uniform(0.3, 0.4) if batch == 0 else randoms.uniform(0.001, 0.02))
            interrupts += 1
            ours = any(str(entry.path).startswith(OURS) for entry in interrupted.traceback)
            assert torch.is_grad_enabled() or not ours
            torch.set_grad_enabled(True)  # torch's own optimizers leave it off where the interrupt hits their switching
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert (len(model["lstm"]._forward_hooks), len(optimizer._optimizer_step_pre_hooks)) == hooks
    mixed = 0
    for frame in recorder.recording:
        assert frame.tokens is not None
        texts = {token for sample in frame.tokens for token in sample}
        mixed += len(texts) != 1 or frame["lstm.l0"].lengths != (T,) * B
    frames, errors = len(recorder.recording), dict(recorder.health().errors)
    tokens = torch.full((T, B), 7)
    optimizer.zero_grad()
    model["lstm"](model["embedding"](tokens))[0].square().mean().backward()
    optimizer.step()
    last = recorder.recording[-1]
    recorder.close()
    print(f"{mixed} of {frames} frames mixed, {len(errors)} errors, {interrupts} interrupts in {batch} batches")
    assert (mixed, errors) == (0, {})
    assert last["lstm.l0"].replay_error < 1e-6
    assert last["lstm.l0"].inexact == ""
    assert frames > 0


class Layer(nn.Module):
    """Two layers with dropout between them."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.lstm = nn.Embedding(VOCABULARY, 6), nn.LSTM(6, 16, 2, dropout=0.3)

    def forward(self, tokens: Tensor) -> Tensor:
        output: Tensor = self.lstm(self.embedding(tokens))[0]
        return output


class Cells(nn.Module):
    """A loop over a cell."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.cell = nn.Embedding(VOCABULARY, 6), nn.GRUCell(6, 16)

    def forward(self, tokens: Tensor) -> Tensor:
        h = torch.zeros(tokens.shape[1], 16)
        for time in tokens:
            h = self.cell(self.embedding(time), h)
        return h


class Taps(nn.Module):
    """A cell written by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.inner = nn.Embedding(VOCABULARY, 6), nn.Linear(22, 16)

    def forward(self, tokens: Tensor) -> Tensor:
        h = torch.zeros(tokens.shape[1], 16)
        for time in tokens:
            h = rw.tap("cell.h", torch.tanh(self.inner(torch.cat([self.embedding(time), h], dim=1))))
        return h


class InterruptAt:
    """A profiler that interrupts at one of the places, counted from 1, where Python looks for a signal in our lines."""

    def __init__(self, place: int) -> None:
        self.left = place

    def __call__(self, frame: FrameType, event: str, _argument: object) -> None:
        if event in ("call", "c_return") and self._is_ours(frame):
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt

    def _is_ours(self, frame: FrameType | None) -> bool:
        while frame is not None and frame.f_code.co_filename in SWITCHES:
            frame = frame.f_back
        return frame is not None and frame.f_code.co_filename.startswith(OURS)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Python's, of a generator it closes
@pytest.mark.parametrize("make", [Layer, Cells, Taps])
def test_an_interrupt_wherever_python_sees_one_leaves_torch_and_the_next_step_as_they_are(make: type[nn.Module]):
    torch.manual_seed(0)
    model = make()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    recorder = rw.watch(model, optimizer, every=1, decode=str)
    batch = 0

    def train() -> Tensor:
        nonlocal batch
        batch += 1
        output: Tensor = model(torch.full((T, B), batch % VOCABULARY))
        optimizer.zero_grad()
        output.square().mean().backward()
        optimizer.step()
        recorder.log(batch=batch)
        return output.detach()

    def hooks() -> list[int]:
        modules = [len(module._forward_hooks) + len(module._forward_pre_hooks) for module in model.modules()]
        return [*modules, len(optimizer._optimizer_step_pre_hooks), len(optimizer._optimizer_step_post_hooks)]

    for _ in range(3):
        train()
    attached, place, last = hooks(), 1, False
    while not last:
        interrupt = InterruptAt(place)
        sys.setprofile(interrupt)
        try:
            train()
            last = interrupt.left > 0
        except KeyboardInterrupt:
            pass
        finally:
            sys.setprofile(None)
        assert torch.is_grad_enabled(), place
        assert torch.autocast_increment_nesting() == 1, place
        assert torch.autocast_decrement_nesting() == 0, place
        output = train()
        frame = recorder.recording[-1]
        assert frame.scalars["batch"] == batch, place
        texts = {token for sample in frame.tokens or () for token in sample}
        assert texts == (set() if make is Taps else {str(batch % VOCABULARY)}), place
        assert [trace.lengths for trace in frame.traces.values()] == [(T,) * B] * len(frame.traces), place
        *_, top = frame.traces.values()
        last_h = output.reshape(-1, B, 16)[-1].numpy()
        assert np.allclose(top["h"][-1], last_h, atol=1e-6), place
        assert np.allclose(top["dh"][-1], 2 * last_h / output.numel(), atol=1e-7), place
        assert hooks() == attached, place
        place += count(29, 1)
    assert place > 500
    assert recorder.health().errors == {}
    recorder.close()
