"""A watched and a plain model that train in turn in one process, each step timed by CPU time.

They step in the order ABBA, so that whatever else the machine does falls on both alike. The recorder measures the
process, in which another model trains too: its clock leaves that one's time out.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn

import rnnwidgets as rw
from rnnwidgets.recorder import budget

WARM_UP = 5
READ = 25  # pairs from one look at what is shown to the next: it is of the latest periods, of which one may be dear


@dataclass
class Clock:
    """CPU time of the process without that of the plain model."""

    elsewhere: float = 0.0

    def process_time(self) -> float:
        return time.process_time() - self.elsewhere

    def thread_time(self) -> float:
        return time.thread_time()

    def perf_counter(self) -> float:
        return time.perf_counter()


@dataclass
class Costs:
    """CPU seconds of each step of a pair, and what the recorder shows, in the middle of looks all along."""

    watched: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)
    shown: float = 0.0
    recorded: int = 0
    every: int = 1

    @property
    def total(self) -> float:
        """All steps together, as a fraction beyond the plain ones."""
        return sum(self.watched) / sum(self.plain) - 1

    @property
    def median(self) -> float:
        """The pair in the middle, as a fraction beyond its plain step."""
        return statistics.median(map(float.__truediv__, self.watched, self.plain)) - 1

    @property
    def least(self) -> float:
        """The cheapest step of each, which nothing disturbed, as a fraction beyond the plain one."""
        return min(self.watched) / min(self.plain) - 1

    def __str__(self) -> str:
        """Say all in one line."""
        shares = {"total": self.total, "median": self.median, "cheapest": self.least, "as shown": self.shown}
        text = ", ".join(f"{name} {100 * share:.2f} %" for name, share in shares.items())
        return f"{text}; {self.recorded} steps recorded"


class Trainer:
    """One model in training: next-token prediction of random ids."""

    def __init__(self, model: nn.Module, batch: tuple[int, int, int], watch: dict[str, Any] | None) -> None:
        """Set up; `batch` is (vocabulary, times, batch)."""
        vocabulary, *shape = batch
        self.model = model
        self.optimizer = torch.optim.Adam(model.parameters())
        self.recorder = None if watch is None else rw.watch(model, self.optimizer, **watch)
        self.x, self.y = torch.randint(0, vocabulary, (2, *shape))

    def step(self) -> float:
        """Train one step and return its CPU time."""
        began = time.process_time()
        logits: Tensor = self.model(self.x)
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), self.y.flatten())
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        if self.recorder is not None:
            self.recorder.log(loss=loss)
        return time.process_time() - began


class Language(nn.Module):
    """Embedding, LSTM, readout."""

    def __init__(self, vocabulary: int, hidden: int, layers: int = 1) -> None:
        """Make the three modules."""
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, hidden)
        self.lstm = nn.LSTM(hidden, hidden, layers)
        self.readout = nn.Linear(hidden, vocabulary)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return logits (time, batch, word)."""
        logits: Tensor = self.readout(self.lstm(self.embedding(tokens))[0])
        return logits


def compare(
    make: Callable[[], nn.Module],
    batch: tuple[int, int, int],
    watch: dict[str, Any],
    pairs: int,
    *,
    paused: bool = False,
    warm_up: int = WARM_UP,
) -> Costs:
    """Return what so many pairs of steps cost, after a warm-up that is not counted."""
    costs, clock, shown = Costs(), Clock(), []
    with patch.object(budget, "time", clock):
        watched, plain = Trainer(make(), batch, watch), Trainer(make(), batch, None)
        assert watched.recorder is not None
        if paused:
            watched.recorder.pause()
        for pair in range(pairs + warm_up):
            turns = ((watched, costs.watched), (plain, costs.plain))
            for trainer, spent in turns if pair % 2 else turns[::-1]:
                seconds = trainer.step()
                clock.elsewhere += seconds if trainer is plain else 0.0
                if pair >= warm_up:
                    spent.append(seconds)
            if pair >= warm_up and (pairs + warm_up - 1 - pair) % READ == 0:
                shown.append(watched.recorder.recording.status.overhead or 0.0)
        status = watched.recorder.health().status
        costs.shown, costs.recorded, costs.every = statistics.median(shown), status.recorded, status.every
        watched.recorder.close()
    return costs
