"""Row 21: memory is flat once the recording is full, over steps of training and over a million of a recording alone."""

from __future__ import annotations

import gc

import psutil
import pytest
import torch
from torch import nn

import rnnwidgets as rw
from rnnwidgets.recording import Recording
from tests.counts import count
from tests.unit.frames import make_frame

MEMORY = 2**18
MOST = 2**20


def resident() -> int:
    gc.collect()
    return int(psutil.Process().memory_info().rss)


def report(what: str, steps: int, growth: int) -> None:
    print(f"{what}: {steps:,} steps, {growth / 2**20:+.2f} MB resident")
    assert growth < MOST


def test_leak_soak():
    torch.manual_seed(0)
    model = nn.ModuleDict({"embedding": nn.Embedding(9, 4), "lstm": nn.LSTM(4, 8)})
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    tokens, steps = torch.randint(0, 9, (6, 3)), count(600, 12_000)
    with rw.watch(model, optimizer, every=1, decode=list("abcdefghi"), memory=MEMORY) as recorder:
        for step in range(400 + steps):
            if step == 400:
                before = resident()
            loss = model["lstm"](model["embedding"](tokens))[0].square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            recorder.log(loss=loss)
        report("training", steps, resident() - before)
    assert recorder.recording.status.recorded == 400 + steps
    assert recorder.recording.status.thinned > 0


@pytest.mark.parametrize("logged", [1, 3])
def test_a_recording_alone_is_flat_too(logged: int):
    recording, steps = Recording(memory=MEMORY), count(8000, 1_000_000)
    frames = [make_frame(0, (7, 2, 5)) for _ in range(16)]
    for step in range(5000 + steps):
        if step == 5000:
            before = resident()
        frame = frames[step % 16]
        recording.append(type(frame)(step, frame.samples, frame.traces, {"grad_norm": 0.5}, {}, frame.tokens))
        recording.log(step, {f"loss {k}": float(step) for k in range(logged)})
    report(f"recording with {logged} scalars", steps, resident() - before)
    assert sum(recording.ledger.values()) <= 2 * MEMORY
    assert recording.nbytes <= MEMORY
