"""A watched model in the hands of PyTorch's other tools, of threads and of processes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.func import functional_call, grad

import rnnwidgets as rw
from rnnwidgets.errors import RecorderWarning
from tests.unit.tagger import V, seeded, train_once

ROOT = Path(__file__).resolve().parents[2]
WORDS = [str(i) for i in range(V)]


def recorded(kind="LSTM", *, steps=1):
    """Return the frames of a model that did nothing but train."""
    model, optimizer, tokens = seeded(kind, lr=0.001)
    with rw.watch(model, optimizer, every=1) as recorder:
        for _ in range(steps):
            train_once(model, optimizer, tokens)
    return list(recorder.recording)


def assert_same(frames, wanted):
    """Compare every array of every frame bit for bit, and what the frames say of themselves."""
    assert len(frames) == len(wanted)
    for frame, other in zip(frames, wanted, strict=True):
        trace, expected = frame["lstm.l0"], other["lstm.l0"]
        assert trace.inexact == expected.inexact
        assert trace.names == expected.names
        assert all(trace[name].tobytes() == expected[name].tobytes() for name in trace.names)


def test_a_model_trained_through_functional_call_is_recorded():
    model, optimizer, tokens = seeded(lr=0.001)
    with rw.watch(model, optimizer, every=1) as recorder:
        functional_call(model, dict(model.named_parameters()), (tokens,)).square().sum().backward()
        optimizer.step()
    assert_same(recorder.recording, recorded())


@pytest.mark.filterwarnings("ignore::UserWarning")  # torch warns of what it finds in any hook that it compiles
def test_a_watched_model_that_is_compiled_is_recorded():
    model, optimizer, tokens = seeded(lr=0.001)
    with rw.watch(model, optimizer, every=1) as recorder:
        compiled = torch.compile(model, backend="eager")
        for _ in range(3):
            train_once(compiled, optimizer, tokens)
    assert_same(recorder.recording, recorded(steps=3))
    assert recorder.health().errors == {}
    torch.compiler.reset()


def python(code: str, *arguments: str) -> str:
    """Run code in a process of its own and return what it prints; it ends well and in time."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, *arguments],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


LOAD = """
import sys, torch
sys.modules["rnnwidgets"] = None
torch.set_num_threads(1)
model, tokens, wanted = torch.load(sys.argv[1], weights_only=False)
print(torch.equal(model(tokens), wanted), any(name.startswith("rnnwidgets.") for name in sys.modules))
"""


FORK = """
import os, torch
torch.set_num_threads(1)
import rnnwidgets as rw
from tests.unit.tagger import seeded, train_once
model, optimizer, tokens = seeded(lr=0.001)
recorder = rw.watch(model, optimizer, every=1)
train_once(model, optimizer, tokens)
child = os.fork()
for _ in range(3):
    loss = train_once(model, optimizer, tokens).item()
recorder.close()
line = f"{loss.hex()} {recorder.recording.steps} {recorder.health().errors}"
if child == 0:
    print("child", line, flush=True)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
print("parent", line)
"""


def test_a_forked_child_trains_on_bit_for_bit_and_records_nothing():
    lines = dict(line.split(" ", 1) for line in python(FORK).splitlines())
    loss, seen = lines["parent"].split(" ", 1)
    assert seen == "[0, 1, 2, 3] {}"
    assert lines["child"] == f"{loss} [0] {{}}"


def test_two_models_trained_in_two_threads_are_recorded_as_if_alone():
    kinds, ready, frames = ("LSTM", "GRU"), threading.Barrier(2), {}
    models = {kind: seeded(kind, lr=0.001) for kind in kinds}

    def train(kind):
        model, optimizer, tokens = models[kind]
        with rw.watch(model, optimizer, every=1, strict=True) as recorder:
            ready.wait()
            for _ in range(20):
                train_once(model, optimizer, tokens)
        frames[kind] = list(recorder.recording)

    threads = [threading.Thread(target=train, args=(kind,)) for kind in kinds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for kind in kinds:
        assert_same(frames[kind], recorded(kind, steps=20))


def test_under_autocast_the_rounding_of_half_precision_is_said_and_losses_keep_their_bits(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(torch.backends.mkldnn, "enabled", False)  # not every processor has its LSTM of half precision
    losses = []
    for watched in (False, True):
        model, optimizer, tokens = seeded(lr=0.001, dtype=torch.float32)
        recorder = rw.watch(model, optimizer, every=1) if watched else None
        for _ in range(3):
            with torch.autocast("cpu", torch.bfloat16):
                loss = model(tokens).float().square().sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    assert recorder is not None
    recorder.close()
    assert losses[:3] == losses[3:]
    trace = recorder.recording[2]["lstm.l0"]
    assert 0 < trace.replay_error < 0.02
    assert trace.inexact.startswith("the replay differs from the module's own output by ")


def test_training_by_torch_func_alone_is_told():
    model, optimizer, tokens = seeded(lr=0.001)
    with rw.watch(model, optimizer, every=1), pytest.warns(RecorderWarning, match="inside a torch.func transform"):
        for _ in range(10):
            named = {name: weight.detach() for name, weight in model.named_parameters()}
            found = grad(lambda weights: functional_call(model, weights, (tokens,)).square().sum())(named)
            for name, weight in model.named_parameters():
                weight.grad = found[name]
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
