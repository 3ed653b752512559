"""Prints what watching costs with an Explorer open: CPU time of a whole kernel that trains watched against a plain one.

    make bench
    .venv/bin/python tests/bench/explorer.py --seconds 60 --threads 2 --model small

Two kernels train the same model from the same seed in blocks of steps, in the order ABBA; the watched one sends what it
sends in a notebook. Two processes differ by several percent, watched or not, in how their memory lies: so halfway they
change roles, and what is printed is the geometric mean of both halves. All that a kernel uses counts, between blocks
too: the threads of views, of ipykernel and of torch, and the process that analyses frames. With more than one thread,
torch's idle workers spin for some milliseconds after each parallel region: while training is alone at its recorder's
work they still use CPU time, which is in the ratio and not in the recorder's figure. `OMP_WAIT_POLICY=PASSIVE` shows
how much that is.
"""

from __future__ import annotations

import argparse
import math
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from multiprocessing.connection import Client, Listener
from pathlib import Path
from typing import NamedTuple

import psutil
import torch
from jupyter_client.manager import start_new_kernel

import rnnwidgets as rw
from tests.bench import overhead

ROOT = Path(__file__).resolve().parents[2]
BLOCK, WARM_UP = 0.5, 4
MODELS = {
    "reference": (overhead.language_model, overhead.words),
    "small": (overhead.small_model, overhead.numbers),
    "characters": (overhead.character_model, overhead.characters),
    "tiny": (overhead.tiny_model, overhead.tiny_ids),
}


class Block(NamedTuple):
    """Wall seconds of some steps, CPU seconds by thread since the block before, and what the recorder shows."""

    wall: float
    used: dict[str, float]
    shown: float | None
    every: int


class Used:
    """CPU seconds of this process by thread, and of its children."""

    def __init__(self) -> None:
        """Count from now."""
        self._before = self._now()

    def since(self) -> dict[str, float]:
        """Return what was used since the last call."""
        now, before = self._now(), self._before
        self._before = now
        return {name: seconds - before[name] for name, seconds in now.items() if seconds > before[name]}

    def _now(self) -> dict[str, float]:
        process = psutil.Process()
        names = {thread.native_id: thread.name for thread in threading.enumerate()}
        used: dict[str, float] = defaultdict(float)
        for thread in process.threads():
            used[names.get(thread.id, "workers")] += thread.user_time + thread.system_time
        for child in process.children():
            used["analysing process"] += sum(child.cpu_times()[:2])
        used["all"] = time.process_time() + used["analysing process"]
        return used


def serve(address: str, name: str, threads: int) -> None:
    """Train as told, inside a kernel: True and False begin and end watching, a number asks for so many steps."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    make, data = MODELS[name]
    model, batches, told = make(), data(), Client(address)
    optimizer = torch.optim.Adam(model.parameters())
    recorder, view, used = None, None, Used()
    for order in iter(told.recv, None):
        if order is True:
            recorder = rw.watch(model, optimizer, every="auto")
            view = rw.Explorer(recorder)
        elif order is False and recorder is not None and view is not None:
            recorder.close()
            view.close()
            recorder = view = None
        else:
            began = time.monotonic()
            for _ in range(order):
                x, y = next(batches)
                loss = overhead.loss_of(model(x), y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                if recorder is not None:
                    recorder.log(loss=loss)
            status = None if recorder is None else recorder.health().status
            shown, every = (None, 0) if status is None else (status.overhead, status.every)
            told.send(Block(time.monotonic() - began, used.since(), shown, every))


class Kernel:
    """A kernel that trains in turn."""

    def __init__(self, name: str, threads: int) -> None:
        """Start it."""
        self._manager, self._client = start_new_kernel(kernel_name="python3", cwd=str(ROOT))
        listener = Listener()
        code = f"from tests.bench.explorer import serve; serve({listener.address!r}, {name!r}, {threads})"
        self._listening = threading.Thread(target=self._client.execute_interactive, args=(code,), daemon=True)
        self._listening.start()
        self._told = listener.accept()

    def watch(self, *, watched: bool) -> None:
        """Begin or end watching."""
        self._told.send(watched)

    def train(self, steps: int) -> Block:
        """Return what a block of steps used."""
        self._told.send(steps)
        block: Block = self._told.recv()
        return block

    def end(self) -> None:
        """Shut it down."""
        self._told.send(None)
        self._listening.join()
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)


def half(on: Kernel, off: Kernel, steps: int, seconds: float) -> tuple[list[Block], list[Block]]:
    """Return the blocks of a watched and of a plain kernel, trained in turn for so many seconds."""
    on.watch(watched=True)
    watched: list[Block] = []
    plain: list[Block] = []
    ends = time.monotonic() + seconds
    while time.monotonic() < ends or len(plain) <= WARM_UP:
        turns = ((on, watched), (off, plain))
        for kernel, blocks in turns if len(plain) % 2 else turns[::-1]:
            blocks.append(kernel.train(steps))
    on.watch(watched=False)
    return watched[WARM_UP:], plain[WARM_UP:]


def shares(watched: list[Block], plain: list[Block]) -> Iterator[tuple[str, float]]:
    """Yield the name of each thread with what it uses more in a watched kernel, as a share of all that a plain one
    uses.
    """
    more: dict[str, float] = defaultdict(float)
    for blocks, sign in ((watched, 1), (plain, -1)):
        for block in blocks:
            for name, seconds in block.used.items():
                more[name] += sign * seconds
    total = sum(block.used["all"] for block in plain)
    for name, seconds in more.items():
        yield name, seconds / total


def measure(name: str, threads: int, seconds: float) -> None:
    """Print the ratio of one model, with the figure that the recorder shows."""
    one, other = Kernel(name, threads), Kernel(name, threads)
    steps = max(round(10 * BLOCK / max(one.train(10).wall, other.train(10).wall)), 1)
    halves = [half(*pair, steps, seconds / 2) for pair in ((one, other), (other, one))]
    one.end()
    other.end()
    each = [dict(shares(*blocks)) for blocks in halves]
    ratio = math.sqrt(math.prod(1 + more["all"] for more in each)) - 1
    watched = [block for blocks, _ in halves for block in blocks]
    shown = [block.shown for block in watched if block.shown is not None]
    threads_used = {key for more in each for key in more} - {"all"}
    sides = ", ".join(f"{100 * more['all']:.1f} %" for more in each)
    print(
        f"{name}, {threads} threads: watched {100 * ratio:.1f} % more (halves {sides}), "
        f"as shown {100 * sum(shown) / len(shown):.1f} %, every {watched[-1].every}; {len(watched)} blocks of {steps}"
    )
    for key in sorted(threads_used):
        print(f"    {key}: {100 * sum(more.get(key, 0.0) for more in each) / 2:+.2f} %")


def main() -> None:
    """Measure the models asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=MODELS, action="append")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=30.0)
    asked = parser.parse_args()
    for name in asked.model or MODELS:
        measure(name, asked.threads, asked.seconds)


if __name__ == "__main__":
    main()
