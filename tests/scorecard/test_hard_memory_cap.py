"""Row 22: all that is held for a recording stays under its cap, and what was given up is counted."""

from __future__ import annotations

import tracemalloc

import pytest
import torch
from torch import nn

import rnnwidgets as rw
from rnnwidgets.recorder.keep import SPARE, Block
from tests.counts import TRUST

T, H, CAP = (10_000, 4096, 64 * 2**20) if TRUST else (2500, 256, 4 * 2**20)
MORE = 30  # steps after the longest one: a hundredth of its times fills what a frame may hold, or nearly


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


@pytest.mark.parametrize("shape", [{}, {"num_layers": 2}])
def test_hard_memory_cap(shape: dict[str, int]):
    torch.manual_seed(0)
    lstm = nn.LSTM(4, H // 4 if shape else H, **shape)
    recorder = rw.watch(lstm, every=1, memory=CAP)
    tracemalloc.start()
    most = seen = 0
    for times in (T, *[T // 100] * MORE):
        before = tracemalloc.get_traced_memory()[0]
        lstm(torch.randn(times, 2, 4))[0].square().mean().backward()
        recorder.step()
        lstm.zero_grad()
        ledger = recorder.health().memory
        most = max(most, sum(ledger.values()))
        seen = max(seen, tracemalloc.get_traced_memory()[0] - before + mapped(recorder))
        assert sum(ledger.values()) <= CAP, ledger
    tracemalloc.stop()
    recorder.close()
    status = recorder.recording.status
    print(
        f"cap {CAP / 2**20:.0f} MB, T={T}, H={lstm.hidden_size}: ledger at most {most / 2**20:.1f} MB, tracemalloc and "
        f"mappings at most {seen / 2**20:.1f} MB; {status.recorded} recorded, {status.thinned} given up"
    )
    assert seen <= CAP
    assert status.recorded == 1 + MORE
    assert status.recorded - status.thinned == len(recorder.recording) > 0
    assert status.thinned > 0
    assert set(ledger) == {"frames", "curves", "running step", "spare memory"}
    assert any("last" in note for note in status.notes)
