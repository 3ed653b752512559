"""Row 22: all that is held for a recording stays under its cap, and what was given up is counted."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import torch
from torch import nn

import rnnwidgets as rw
from rnnwidgets import schema
from rnnwidgets.recorder.keep import SPARE, Block
from tests.counts import count

CLAIMED = 10_000, 4096, 64 * 2**20
T, H, CAP = count((2500, 256, 4 * 2**20), CLAIMED)
OBJECTS = 8192  # bytes of Python's own around the arrays of a frame, which no ledger counts
PROMISE = (
    f"T={CLAIMED[0]}, H={CLAIMED[1]}: at most {CLAIMED[2] // 2**20} MB held, and {OBJECTS // 1024} KB a frame "
    "around them; what is given up is counted"
)
SHORT, MORE = T // 100, 30  # a hundredth of the times fills what a frame may hold, or nearly
# A projection spares 10 000 times of 4096 units the products with all recurrent weights, not their gates; the weights,
# which each frame keeps, come with fewer times.
RUNS: dict[str, tuple[Callable[[], nn.LSTM], list[int]]] = {
    "projected": (lambda: nn.LSTM(4, H, proj_size=H // 64), [T, *[SHORT] * MORE]),
    "two layers": (lambda: nn.LSTM(4, H // 4, 2), [T, *[SHORT] * MORE]),
    "whole": (lambda: nn.LSTM(4, H), [2 * SHORT, *[SHORT] * 6]),
}


def mapped(recorder: rw.Recorder) -> int:
    """Bytes that tracemalloc does not see: the mappings of frames, and the spare ones."""
    blocks = [
        held
        for frame in recorder.recording
        for trace in frame.traces.values()
        for held in (trace.arrays, trace.weights, trace.start)
        if isinstance(held, Block)
    ]
    return SPARE.nbytes + sum(array.nbytes for block in blocks for array in block.values())


@contextmanager
def traced() -> Iterator[None]:
    """Count what Python allocates."""
    tracemalloc.start()
    try:
        yield
    finally:
        tracemalloc.stop()


def most_held(name: str) -> tuple[int, schema.Status]:
    """Return the most bytes that tracemalloc and mappings ever have of a recorder, and what it says in the end."""
    make, lengths = RUNS[name]
    torch.manual_seed(0)
    lstm = make()
    recorder = rw.watch(lstm, every=1, memory=CAP)
    seen = 0
    with traced():
        for times in lengths:
            lstm(torch.randn(times, 2, 4))[0].square().mean().backward()
            recorder.step()
            lstm.zero_grad()
            ledger = recorder.health().memory
            now = tracemalloc.get_traced_memory()[0] + mapped(recorder)
            assert now <= CAP + OBJECTS * len(recorder.recording), (name, times)
            seen = max(seen, now)
            assert sum(ledger.values()) <= CAP, ledger
    recorder.close()
    status = recorder.recording.status
    assert status.recorded == len(lengths)
    assert status.recorded - status.thinned == len(recorder.recording) > 0
    assert status.thinned > 0
    assert set(ledger) == {"frames", "curves", "running step", "spare memory"}
    assert any("last" in note for note in status.notes) or T not in lengths
    return seen, status


@pytest.mark.filterwarnings("ignore:LSTM with projections:UserWarning")  # torch's own, once a process
@pytest.mark.parametrize("name", RUNS)
def test_hard_memory_cap(name: str):
    seen, status = most_held(name)
    print(f"{name}: at most {seen / 2**20:.1f} of {CAP / 2**20:.0f} MB, {status.thinned} of {status.recorded} given up")
