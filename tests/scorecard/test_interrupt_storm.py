"""Row 24: interrupts at random moments leave the hooks where they are, once, and no step holds calls of another."""

from __future__ import annotations

import random
import signal

import pytest
import torch
from torch import nn

import rnnwidgets as rw
from tests.counts import count

T, B, VOCABULARY = 9, 3, 50
INTERRUPTS = 200
PROMISE = f"{INTERRUPTS} interrupts at random moments: hooks stay, once; no step holds calls of another"


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
        while True:
            batch += 1
            tokens = torch.full((T, B), batch % VOCABULARY)
            loss = model["lstm"](model["embedding"](tokens))[0].square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            recorder.log(batch=batch % VOCABULARY)

    try:
        for _ in range(wanted):
            with pytest.raises(KeyboardInterrupt):
                train(randoms.uniform(0.3, 0.4) if batch == 0 else randoms.uniform(0.001, 0.02))
            interrupts += 1
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
