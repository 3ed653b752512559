"""Prints what watching costs: CPU time of a process that trains watched against one that does not, paired.

    make bench
    .venv/bin/python tests/bench/overhead.py --pairs 60 --only word

Two processes with the same seed train on the same batches with one thread each, one watched and one not. They step in
turn, in the order ABBA, so that other load on the machine falls on both. Each pair of steps gives one ratio. Separate
processes do not share an allocator or caches. With a view, an Explorer is shown and its messages are serialised as a
kernel does; the CPU time of the analysis process is only in the figure that the recorder shows.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

import comm
import torch
from comm.base_comm import BaseComm
from jupyter_client.session import Session
from torch import Tensor, nn

import rnnwidgets as rw
from rnnwidgets import tasks
from tests.scorecard.pairs import Language

WARM_UP = 40
LONG, LONG_STEPS = 10_000, 8
Batch = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Setting:
    """A model and its data, and how it is watched; `watch` is None where it is not."""

    name: str
    model: Callable[[], nn.Module]
    batches: Callable[[], Iterator[Batch]]
    steps: int
    watch: dict[str, Any] | None = field(default_factory=dict)
    paused: bool = False
    view: bool = False


def language_model() -> nn.Module:
    return tasks.LanguageModel(10_000)


def words() -> Iterator[Batch]:
    random = torch.Generator().manual_seed(0)
    while True:
        x, y = torch.randint(0, 10_000, (2, 35, 32), generator=random)
        yield x, y


def small_model() -> nn.Module:
    return tasks.AddingModel(hidden=64)


def numbers() -> Iterator[Batch]:
    return iter(tasks.adding(length=50, batch=50))


def tiny_model() -> nn.Module:
    return Language(16, 32)


def word_model() -> nn.Module:
    return Language(1000, 256, layers=2)


def ids(vocabulary: int, times: int, batch: int) -> Iterator[Batch]:
    random = torch.Generator().manual_seed(0)
    while True:
        x, y = torch.randint(0, vocabulary, (2, times, batch), generator=random)
        yield x, y


def character_model() -> nn.Module:
    return Language(64, 128)


def characters() -> Iterator[Batch]:
    return ids(64, 100, 16)


def tiny_ids() -> Iterator[Batch]:
    return ids(16, 50, 32)


def word_ids() -> Iterator[Batch]:
    return ids(1000, 35, 20)


def loss_of(prediction: Tensor, y: Tensor) -> Tensor:
    if prediction.dim() == 3:
        return nn.functional.cross_entropy(prediction.flatten(0, 1), y.flatten(), reduction="sum") / y.shape[1]
    return nn.functional.mse_loss(prediction, y)


def show(recorder: rw.Recorder) -> Any:
    """Return an Explorer whose messages are serialised as in a kernel, and go nowhere."""
    session = Session(key=b"0123456789abcdef")

    class Serialised(BaseComm):
        def publish_msg(
            self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **_: Any
        ) -> None:
            session.serialize(session.msg(msg_type, {"comm_id": self.comm_id, "data": data or {}}, metadata=metadata))
            for buffer in buffers or []:
                bytes(buffer)

    comm.create_comm = Serialised
    return rw.Explorer(recorder)


def train(setting: Setting, turn: Connection) -> None:
    """Train one step each time it is this process's turn, and answer with its CPU time in seconds."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = setting.model()
    optimizer = torch.optim.Adam(model.parameters())
    recorder = None if setting.watch is None else rw.watch(model, optimizer, **setting.watch)
    if recorder is not None and setting.paused:
        recorder.pause()
    view = show(recorder) if recorder is not None and setting.view else None
    batches = setting.batches()
    while turn.recv():
        began = time.process_time()
        x, y = next(batches)
        loss = loss_of(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if recorder is not None:
            recorder.log(loss=loss)
        turn.send(time.process_time() - began)
    turn.send(None if recorder is None else recorder.health().status)
    if view is not None:
        view.close()
    if recorder is not None:
        recorder.close()


class Trainer:
    """A process that trains in turn."""

    def __init__(self, setting: Setting) -> None:
        """Start it."""
        context = multiprocessing.get_context("spawn")
        self._turn, theirs = context.Pipe()
        self._process = context.Process(target=train, args=(setting, theirs), daemon=True)
        self._process.start()

    def step(self) -> float:
        """Return the CPU time of one training step, in seconds."""
        self._turn.send(True)
        return float(self._turn.recv())

    def end(self) -> Any:
        """Return what the recorder says of itself, once the process is over."""
        self._turn.send(False)
        status = self._turn.recv()
        self._process.join()
        return status


def measure(setting: Setting) -> None:
    """Print the ratios of one setting, with the figure that the recorder itself shows."""
    watched = Trainer(setting)
    plain = Trainer(Setting(setting.name, setting.model, setting.batches, setting.steps, watch=None))
    on, off = [], []
    for pair in range(setting.steps + WARM_UP):
        if pair % 2:
            on.append(watched.step())
            off.append(plain.step())
        else:
            off.append(plain.step())
            on.append(watched.step())
    status = watched.end()
    plain.end()
    total = sum(on[WARM_UP:]) / sum(off[WARM_UP:]) - 1
    middle = statistics.median(a / b for a, b in zip(on[WARM_UP:], off[WARM_UP:], strict=True)) - 1
    print(
        f"{setting.name:42s} step {1000 * statistics.median(off):6.1f} ms   overhead: sum {100 * total:5.1f} %, "
        f"median {100 * middle:5.1f} %, as shown {100 * (status.overhead or 0):5.1f} %   "
        f"recorded {status.recorded} of {len(on)}",
        flush=True,
    )


def long_sequence() -> None:
    """Print the recorder's own CPU time in a step of a very long sequence; the first step is not counted."""
    torch.set_num_threads(1)
    lstm, x = nn.LSTM(16, 256), torch.randn(LONG, 8, 16)
    costs = []
    with rw.watch(lstm, every=1) as recorder:
        spent = recorder._training.budget.recording
        for _ in range(1 + LONG_STEPS):
            spent.reset()
            lstm(x)[0].square().mean().backward()
            seen, began = spent.seconds, time.thread_time()
            recorder.step()
            costs.append(seen + time.thread_time() - began)
            lstm.zero_grad()
    times = recorder.recording[-1]["l0"].lengths[0]
    print(
        f"{LONG} times of 256 units, batch 8: {1000 * statistics.median(costs[1:]):.1f} ms a recorded step "
        f"(least {1000 * min(costs[1:]):.1f} ms), of which the last {times} times are kept; the promise is 5 ms"
    )


def settings(pairs: int) -> Iterator[Setting]:
    """Yield every setting; the first shows what a watched model costs between recorded steps, noise included."""
    every_step = {"every": 1}
    yield Setting("reference LSTM, only the first step", language_model, words, pairs, {"every": 1_000_000})
    yield Setting("reference LSTM, paused", language_model, words, pairs, every_step, paused=True)
    yield Setting("small LSTM (64 units), auto", small_model, numbers, 5 * pairs)
    for name, model, batches, factor in (
        ("reference LSTM", language_model, words, 1),
        ("characters", character_model, characters, 2),
        ("word-level, 2 x 256", word_model, word_ids, 1),
        ("tiny LSTM (32 units)", tiny_model, tiny_ids, 10),
    ):
        for view in (False, True):
            seen = ", with a view" if view else ""
            yield Setting(f"{name}, every step{seen}", model, batches, factor * pairs, every_step, view=view)
            yield Setting(f"{name}, auto{seen}", model, batches, 2 * factor * pairs, view=view)


def main() -> None:
    """Measure every setting, or those with a word in their name."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=60)
    parser.add_argument("--only", default="", help="measure only settings whose name contains this")
    arguments = parser.parse_args()
    for setting in settings(arguments.pairs):
        if arguments.only in setting.name:
            measure(setting)
    if not arguments.only:
        long_sequence()


if __name__ == "__main__":
    main()
