"""What one Explorer sends while its model trains, message by message, taken from the widget's own comm."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import comm
import torch
from comm.base_comm import BaseComm
from torch import nn

import rnnwidgets as rw
from tests.bench.overhead import Batch, language_model, loss_of, numbers, small_model, words

SNAPSHOTS = 5  # from the fourth to the fifth is the last and longest gap
PATIENCE_SECONDS = 120.0


@dataclass(frozen=True)
class Message:
    """The content and buffers of one `comm_msg`, and the seconds since the lesson began."""

    at: float
    content: dict[str, Any]
    buffers: list[bytes]

    @property
    def size(self) -> int:
        """Bytes of the buffers."""
        return sum(map(len, self.buffers))


@dataclass(frozen=True)
class Lesson:
    """The messages of `seconds` of training, the last of which is a snapshot."""

    name: str
    seconds: float
    messages: tuple[Message, ...]

    def __str__(self) -> str:
        """Say what is sent, in figures."""
        snapshot = self.messages[-1].size
        count, size = len(self.messages), sum(message.size for message in self.messages)
        return (
            f"{self.name}: {count / self.seconds:.1f} messages/s, {size / self.seconds / 1e6:.2f} MB/s a student, of "
            f"it a snapshot of {snapshot / 1e6:.2f} MB each {self.seconds:.1f} s"
        )


def lessons() -> Iterator[Lesson]:
    """The word model of the first lesson, and the small model of the one on long memories."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    yield taught("words (128 units, 35 times)", language_model(), words())
    yield taught("adding (64 units, 50 times)", small_model(), numbers())


def taught(name: str, model: nn.Module, batches: Iterator[Batch]) -> Lesson:
    """Train until a snapshot has come `SNAPSHOTS` times; what came after the last but one."""
    sent: list[Message] = []

    class Comm(BaseComm):
        def publish_msg(self, msg_type: str, data: Any = None, *_rest: Any, buffers: Any = None, **_facts: Any) -> None:
            if msg_type == "comm_msg":
                content = {"comm_id": self.comm_id, "data": data or {}}
                sent.append(Message(time.monotonic(), content, list(buffers or [])))

    usual, comm.create_comm = comm.create_comm, Comm
    try:
        _train(model, batches, lambda: len(_snapshots(sent)) >= SNAPSHOTS)
    finally:
        comm.create_comm = usual
    began, ended = _snapshots(sent)[SNAPSHOTS - 2 : SNAPSHOTS]
    start = sent[began].at
    messages = (Message(one.at - start, one.content, one.buffers) for one in sent[began + 1 : ended + 1])
    return Lesson(name, sent[ended].at - start, tuple(messages))


def _train(model: nn.Module, batches: Iterator[Batch], enough: Callable[[], bool]) -> None:
    optimizer = torch.optim.Adam(model.parameters())
    deadline = time.monotonic() + PATIENCE_SECONDS
    with rw.watch(model, optimizer) as recorder:
        view = rw.Explorer(recorder)
        while not enough():
            x, y = next(batches)
            loss = loss_of(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            recorder.log(loss=loss)
            assert time.monotonic() < deadline, "too few snapshots"
    view.close()


def _snapshots(sent: list[Message]) -> list[int]:
    """The positions of those that carry a snapshot."""
    return [place for place, one in enumerate(sent) if ["_snapshot"] in one.content["data"].get("buffer_paths", [])]
