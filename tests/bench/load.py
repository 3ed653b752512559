"""Prints how many students one Jupyter server carries, and what a browser that stops reading costs it.

    make bench
    .venv/bin/python tests/bench/load.py --students 25 50 100 150 --seconds 20

What is real: the server, a `jupyter_server` in a process of its own with its default settings; the bytes, sent by an
Explorer of a model that trained here, live messages and snapshots at the times at which they came; the sockets from
kernel to server and from server to browser, on the loopback. What is simulated: nothing trains in 200 kernels, which no
small machine could hold. One process holds the sockets of all kernels, and repeats those ten seconds of messages, each
kernel from a moment of its own; another holds the websockets of all browsers, and reads what comes without drawing it.
A message's way is timed from before its sending to after its reading, by the clock that all processes share. Costs are
CPU time of the server's process: where others use the same cores too, that and not the clock is to be believed. With
170 kernels one server runs out of the 1 023 sockets that its ZeroMQ context may hold.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from tests.bench.classroom.browsers import read
from tests.bench.classroom.kernels import play
from tests.bench.classroom.lesson import Lesson, lessons
from tests.e2e.lab import Lab, environment, free_port, stop_process, wait_for_answer

KERNEL = {"argv": ["sleep", "3600"], "display_name": "held by another process", "language": "python"}
SETTLE_SECONDS, DRAIN_SECONDS, JOIN_SECONDS = 3.0, 1.0, 60.0
FULL = 0.95
LOST = 0.01
HELD_BYTES = 3e9
ADDRESS_BYTES = 16 * 2**30
FORGETFUL = "--MappingKernelManager.buffer_offline_messages=False"
RESTS = {"reads on after 60 s": (60.0,), "never reads again": (1e6,), "the same, nothing kept": (1e6, FORGETFUL)}
REST_SECONDS = 150


@dataclass(frozen=True)
class Class:
    """A server with the kernels and browsers of a class; `browsers` and `kernels` are told by these."""

    server: psutil.Process
    kernels: Connection
    browsers: Connection

    def end(self) -> tuple[list[float], np.ndarray]:
        """End the lesson: the times of sending, and (sent, received, bytes) of what was received."""
        self.kernels.send("end")
        times: list[float] = self.kernels.recv()
        self.browsers.send("end")
        return times, np.array(self.browsers.recv())


@dataclass(frozen=True)
class Load:
    """What the server did in a stretch of time."""

    students: int
    messages: float
    megabytes: float
    core: float
    lost: float
    p50: float
    p95: float
    held: float

    def __str__(self) -> str:
        """Say it in one line."""
        return (
            f"  {self.students:3} students: {self.messages:6.0f} messages/s {self.megabytes:6.1f} MB/s, "
            f"{self.core:4.0%} of a core, {1e3 * self.core / self.messages:.2f} ms a message, kernel to browser "
            f"p50 {self.p50:.0f} ms p95 {self.p95:.0f} ms, {self.lost:.1%} lost, server {self.held:.0f} MB"
        )


@contextlib.contextmanager
def served(folder: Path, *settings: str) -> Iterator[tuple[Lab, psutil.Process]]:
    """A server that answers, whose kernels are processes that sleep."""
    spec = folder / "jupyter_data_dir" / "kernels" / "held"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text(json.dumps(KERNEL))
    lab = Lab(f"http://127.0.0.1:{free_port()}", "load", folder)
    port = lab.url.rpartition(":")[2]
    command = (
        *(sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"),
        *(f"--ServerApp.port={port}", f"--ServerApp.root_dir={folder}", f"--IdentityProvider.token={lab.token}"),
        "--MappingKernelManager.default_kernel_name=held",
    )
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            (*command, *settings), env=environment(folder), cwd=folder, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            wait_for_answer(f"{lab.url}/api/status?token={lab.token}", process, log)
            resource.prlimit(process.pid, resource.RLIMIT_AS, (ADDRESS_BYTES, ADDRESS_BYTES))
            yield lab, psutil.Process(process.pid)
        finally:
            stop_process(process)


@contextlib.contextmanager
def attended(lesson: Lesson, students: int, rest: float, *settings: str) -> Iterator[Class]:
    """A class whose lesson has begun; the browser of one student does not read for `rest` seconds."""
    with tempfile.TemporaryDirectory() as place, served(Path(place), *settings) as (lab, server):
        ids = [lab.request("POST", "kernels")["id"] for _ in range(students)]
        facts = [Path(place, "jupyter_runtime_dir", f"kernel-{one}.json") for one in ids]
        urls = [f"{lab.url.replace('http', 'ws')}/api/kernels/{one}/channels?session_id={one}" for one in ids]
        with beside(play, facts, lesson) as kernels, beside(read, urls, lab.token, rest) as browsers:
            assert browsers.recv() == "open"
            kernels.send("begin")
            yield Class(server, kernels, browsers)


@contextlib.contextmanager
def beside(work: Callable[..., None], *given: Any) -> Iterator[Connection]:
    """A process that works, and the connection to it; it ends with the block."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=work, args=(*given, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours
    finally:
        process.join(JOIN_SECONDS if sys.exc_info()[0] is None else 0)
        process.kill()


def loaded(lesson: Lesson, students: int, seconds: float) -> Load:
    """Let a class attend a lesson."""
    with attended(lesson, students, 0.0) as these:
        time.sleep(SETTLE_SECONDS)
        began, used = time.monotonic(), _cpu(these.server)
        while time.monotonic() < began + seconds and these.server.memory_info().rss < HELD_BYTES:
            time.sleep(0.1)
        ended, used = time.monotonic(), _cpu(these.server) - used
        held = these.server.memory_info().rss / 1e6
        time.sleep(DRAIN_SECONDS)
        times, notes = these.end()
    took = ended - began
    sent = sum(began <= one < ended for one in times)
    within = notes[(notes[:, 0] >= began) & (notes[:, 0] < ended)]
    p50, p95 = np.percentile(within[:, 1] - within[:, 0], (50, 95)) * 1e3
    lost = 1 - len(within) / sent
    return Load(students, len(within) / took, within[:, 2].sum() / took / 1e6, used / took, lost, p50, p95, held)


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def unread(name: str, lesson: Lesson, rest: float, *settings: str) -> str:
    """Let a class of one attend whose browser stops reading: what the server held, over time."""
    with attended(lesson, 1, rest, *settings) as these:
        held = []
        for _ in range(REST_SECONDS):
            held.append(these.server.memory_info().rss / 1e6)
            time.sleep(1)
        _, notes = these.end()
    late = (notes[:, 1] - notes[:, 0]).max()
    kept = ", ".join(f"{held[at]:.0f} MB at {at} s" for at in (0, 30, 59, 75, 90, 120, REST_SECONDS - 1))
    growth = (held[59] - held[10]) / 49
    return f"  {name}: {kept}; {growth:.2f} MB/s meanwhile; {len(notes)} messages read, the latest after {late:.0f} s"


def ramp(lesson: Lesson, students: Sequence[int], seconds: float) -> list[Load]:
    """Let ever larger classes attend, until the server has no time left, or loses what it is sent."""
    print(lesson)
    loads = []
    for count in students:
        loads.append(loaded(lesson, count, seconds))
        print(loads[-1], flush=True)
        if loads[-1].core >= FULL or loads[-1].lost >= LOST:
            break
    return loads


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, nargs="+", default=[25, 50, 100, 150])
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    taught = list(lessons())
    for lesson in taught:
        ramp(lesson, options.students, options.seconds)
    print("a browser that stops reading:")
    said: list[str] = []
    idle = [
        threading.Thread(target=lambda name=name, how=how: said.append(unread(name, taught[0], *how)))
        for name, how in RESTS.items()
    ]
    for one in idle:
        one.start()
    for one in idle:
        one.join()
    print("\n".join(said))


if __name__ == "__main__":
    main()
