"""The sockets of many kernels in one process, in which nothing trains: each repeats a lesson from its own moment."""

from __future__ import annotations

import heapq
import json
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import zmq
from jupyter_client.session import Session

from tests.bench.classroom.lesson import Lesson

CHANNELS = {"shell": zmq.ROUTER, "control": zmq.ROUTER, "stdin": zmq.ROUTER, "hb": zmq.REP, "iopub": zmq.PUB}
ANSWER_SECONDS = 0.05


class Kernel:
    """One kernel on the wire: it says who it is, and sends what it is told to."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], facts: Path) -> None:
        """Take the places that the server chose for a kernel, from its connection file."""
        known = json.loads(facts.read_text())
        self.session = Session(key=known["key"].encode())
        self.sockets = {name: context.socket(kind) for name, kind in CHANNELS.items()}
        for name, socket in self.sockets.items():
            socket.linger = 0
            socket.bind(f"tcp://{known['ip']}:{known[f'{name}_port']}")

    def answer(self, name: str) -> None:
        """Answer a question for the kernel's name, as a kernel that is idle does."""
        socket, iopub = self.sockets[name], self.sockets["iopub"]
        sender, question = self.session.recv(socket)
        self.session.send(iopub, "status", {"execution_state": "busy"}, parent=question)
        info = {"status": "ok", "protocol_version": "5.3", "implementation": "none", "language_info": {}}
        self.session.send(socket, "kernel_info_reply", info, parent=question, ident=sender)
        self.session.send(iopub, "status", {"execution_state": "idle"}, parent=question)

    def send(self, lesson: Lesson, place: int) -> None:
        """Send one message of a lesson, with the time in its metadata."""
        message = lesson.messages[place]
        buffers: list[bytes | memoryview[bytes]] = [*message.buffers]
        sent = {"sent": time.monotonic()}
        self.session.send(self.sockets["iopub"], "comm_msg", message.content, metadata=sent, buffers=buffers)


def play(facts: Sequence[Path], lesson: Lesson, told: Connection) -> None:
    """Hold all kernels; begin the lesson when told to, end when told again, and answer with the times of sending."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    context.max_sockets = len(CHANNELS) * len(facts) + 8
    kernels = [Kernel(context, one) for one in facts]
    doors = {kernel.sockets[name]: (kernel, name) for kernel in kernels for name in ("shell", "control")}
    poller = zmq.Poller()
    for socket in doors:
        poller.register(socket, zmq.POLLIN)
    queue: list[tuple[float, int, int]] = []
    times: list[float] = []
    answered = 0.0
    while True:
        now = time.monotonic()
        while queue and queue[0][0] <= now:
            due, index, place = queue[0]
            kernels[index].send(lesson, place)
            times.append(now)
            heapq.heapreplace(queue, _following(lesson, due, index, place))
        if now - answered >= ANSWER_SECONDS:
            answered = now
            for socket, _ in poller.poll(0):
                kernel, name = doors[socket]
                kernel.answer(name)
            if told.poll():
                if told.recv() == "end":
                    break
                queue = _firsts(lesson, len(kernels), now)
        time.sleep(0.001)
    told.send(times)
    context.destroy(linger=0)


def _firsts(lesson: Lesson, kernels: int, now: float) -> list[tuple[float, int, int]]:
    """For each kernel the first message after a moment of the lesson, the moments evenly spread."""
    ats = [message.at for message in lesson.messages]
    queue = []
    for index in range(kernels):
        moment = lesson.seconds * index / kernels
        place = int(np.searchsorted(ats, moment))
        queue.append((now + ats[place] - moment, index, place))
    heapq.heapify(queue)
    return queue


def _following(lesson: Lesson, due: float, index: int, place: int) -> tuple[float, int, int]:
    """The message after one that was due: after the last, the first."""
    then = (place + 1) % len(lesson.messages)
    gap = lesson.messages[then].at - lesson.messages[place].at
    return due + (gap if then else gap + lesson.seconds), index, then
