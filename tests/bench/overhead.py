"""Prints what watching costs: CPU time of the process, watched against unwatched, paired and interleaved.

    make bench
    .venv/bin/python tests/bench/overhead.py --pairs 60

Two models with the same seed train on the same batches, one watched and one not. Steps alternate in the order ABBA, so
that whatever else the machine does falls on both alike; each pair gives one ratio. The reference is a word-level LSTM
language model: vocabulary 10 000, 128 units, batch 32, 35 times, four samples, every step recorded.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

import rnnwidgets as rw
from rnnwidgets import tasks

WARM_UP = 4


@dataclass(frozen=True)
class Setting:
    """A model to watch, what it reads, and how it is watched."""

    name: str
    model: Callable[[], nn.Module]
    batch: Callable[[], tuple[Tensor, Tensor]]
    options: dict[str, Any]
    shown: bool


def language_model() -> nn.Module:
    return tasks.LanguageModel(10_000)


def words() -> tuple[Tensor, Tensor]:
    x, y = torch.randint(0, 10_000, (2, 35, 32))
    return x, y


def small_model() -> nn.Module:
    return tasks.AddingModel(hidden=64)


def numbers() -> tuple[Tensor, Tensor]:
    return next(iter(tasks.adding(length=50, batch=50)))


def loss_of(prediction: Tensor, y: Tensor) -> Tensor:
    if prediction.dim() == 3:
        return nn.functional.cross_entropy(prediction.flatten(0, 1), y.flatten(), reduction="sum") / y.shape[1]
    return nn.functional.mse_loss(prediction, y)


def trainer(model: nn.Module, after: Callable[[Tensor], None]) -> tuple[Callable[[Tensor, Tensor], float], Any]:
    """Return a function that trains one step and returns its CPU time in seconds, and the optimizer."""
    optimizer = torch.optim.Adam(model.parameters())

    def step(x: Tensor, y: Tensor) -> float:
        began = time.process_time()
        loss = loss_of(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        after(loss)
        return time.process_time() - began

    return step, optimizer


def measure(setting: Setting, pairs: int) -> None:
    """Print the ratios of one setting, with the figure that the recorder itself shows."""
    torch.manual_seed(0)
    watched = setting.model()
    torch.manual_seed(0)
    plain = setting.model()
    recorders: list[rw.Recorder] = []
    step, optimizer = trainer(watched, lambda loss: recorders[0].log(loss=loss))
    recorders.append(rw.watch(watched, optimizer, **setting.options))
    bare, _ = trainer(plain, lambda _loss: None)
    view = rw.Explorer(recorders[0]) if setting.shown else None
    on, off = [], []
    for pair in range(pairs + WARM_UP):
        x, y = setting.batch()
        first = pair % 2 == 0
        if first:
            on.append(step(x, y))
        off.append(bare(x, y))
        if not first:
            on.append(step(x, y))
    status = recorders[0].health().status
    recorders[0].close()
    if view is not None:
        view.close()
    total = sum(on[WARM_UP:]) / sum(off[WARM_UP:]) - 1
    middle = statistics.median(a / b for a, b in zip(on[WARM_UP:], off[WARM_UP:], strict=True)) - 1
    print(
        f"{setting.name:42s} step {1000 * statistics.median(off):7.1f} ms   overhead: sum {100 * total:5.1f} %, "
        f"median {100 * middle:5.1f} %, as shown {100 * (status.overhead or 0):5.1f} %   "
        f"recorded {status.recorded} of {len(on)}"
    )


SETTINGS = (
    Setting("reference LSTM, every step", language_model, words, {"every": 1}, shown=False),
    Setting("reference LSTM, every step, Explorer open", language_model, words, {"every": 1}, shown=True),
    Setting("small LSTM (64 units), auto, budget 5 %", small_model, numbers, {"every": "auto"}, shown=False),
    Setting("small LSTM, auto, Explorer open", small_model, numbers, {"every": "auto"}, shown=True),
)


def main() -> None:
    """Measure every setting, with one thread."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=40)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for setting in SETTINGS:
        many = 1 if setting.model is language_model else 10
        measure(setting, many * arguments.pairs)


if __name__ == "__main__":
    main()
