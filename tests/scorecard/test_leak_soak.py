"""Row 21: memory is flat once the recording is full, over steps of training and over a million of a recording alone."""

from __future__ import annotations

import gc
from collections.abc import Callable

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
TRAINED, APPENDED = 12_000, 1_000_000
PROMISE = (
    f"once full, {TRAINED} steps of training, and {APPENDED} of a recording alone, let the process grow by less than "
    f"{MOST // 2**20} MB"
)


def resident() -> int:
    gc.collect()
    return int(psutil.Process().memory_info().rss)


def trained(steps: int) -> int:
    """Return by how many bytes the process grows over so many steps of training, once the recording is full."""
    torch.manual_seed(0)
    model = nn.ModuleDict({"embedding": nn.Embedding(9, 4), "lstm": nn.LSTM(4, 8)})
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    tokens = torch.randint(0, 9, (6, 3))
    with rw.watch(model, optimizer, every=1, decode=list("abcdefghi"), memory=MEMORY) as recorder:
        for step in range(400 + steps):
            if step == 400:
                before = resident()
            loss = model["lstm"](model["embedding"](tokens))[0].square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            recorder.log(loss=loss)
        growth = resident() - before
    assert recorder.recording.status.recorded == 400 + steps
    assert recorder.recording.status.thinned > 0
    return growth


def appended(steps: int, logged: int) -> int:
    """Return the same of a recording alone, to which frames and so many scalars a step are given."""
    recording = Recording(memory=MEMORY)
    frames = [make_frame(0, (7, 2, 5)) for _ in range(16)]
    for step in range(5000 + steps):
        if step == 5000:
            before = resident()
        frame = frames[step % 16]
        recording.append(type(frame)(step, frame.samples, frame.traces, {"grad_norm": 0.5}, {}, frame.tokens))
        recording.log(step, {f"loss {k}": float(step) for k in range(logged)})
    growth = resident() - before
    assert sum(recording.ledger.values()) <= 2 * MEMORY
    assert recording.nbytes <= MEMORY
    return growth


SOAKS: dict[str, Callable[[], int]] = {
    "training": lambda: trained(count(600, TRAINED)),
    "1 scalar a step": lambda: appended(count(8000, APPENDED), 1),
    "3 scalars a step": lambda: appended(count(8000, APPENDED), 3),
}


@pytest.mark.parametrize("name", SOAKS)
def test_leak_soak(name: str):
    grown = SOAKS[name]()
    print(f"{name}: {grown / 2**20:+.2f} MB")
    assert grown < MOST
