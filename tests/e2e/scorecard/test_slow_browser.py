"""Row 38: a browser that stops reading costs the kernel nothing: its memory does not grow, and steps are no dearer.

What waits for the browser waits in the server. The training thread's CPU time is compared with that of a plain model
that trains step by step in turn with the watched one, so that what else the machine does falls on both.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from itertools import compress, pairwise
from operator import not_
from statistics import median
from typing import TYPE_CHECKING

import websocket

from tests.counts import count
from tests.e2e.kernel import Kernel
from tests.e2e.traffic import Message

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.lab import Lab

STOPPED, DEARER = 60, 0.03
SECONDS = count(12, STOPPED)  # a running cell's snapshots are ten seconds apart
SNAPSHOTS = 4
QUEUE_BYTES = 5e6
SHARE = count(0.15, DEARER)
PROMISE = (
    f"a browser reads nothing for {STOPPED} s: the kernel grows by at most {QUEUE_BYTES / 1e6:.0f} MB, a step is "
    f"at most {DEARER:.0%} dearer, no message is lost"
)
PROTOCOL = "v1.kernel.websocket.jupyter.org"
RECEIVE_BUFFER = (socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)

MODEL = """
import os
os.chdir({folder!r})
import json, time
from array import array
from pathlib import Path
import psutil
import torch
from torch import nn
import rnnwidgets as rw

torch.set_num_threads(1)

class Training:
    def __init__(self):
        self.model = nn.LSTM(32, 96)
        self.optimizer = torch.optim.Adam(self.model.parameters())

    def step(self):
        began = time.thread_time()
        loss = self.model(torch.randn(30, 8, 32))[0].square().mean()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return time.thread_time() - began

watched, plain = Training(), Training()
recorder = rw.watch(watched.model, watched.optimizer, every=1, samples=2, memory=12 * 2**20)
explorer = rw.Explorer(recorder)
process = psutil.Process()
steps, sizes = array("d"), []  # three numbers a step, so that what is noted hardly grows the process
"""
TRAIN = """
step = 0
while not Path("stop").exists():
    step += 1
    pair = (watched, plain) if step % 2 else (plain, watched)
    spent = {training: training.step() for training in pair}
    steps.extend((time.time(), spent[watched], spent[plain]))
    if not sizes or time.time() - sizes[-1][0] > 0.1:
        sizes.append((time.time(), process.memory_info().rss, sum(recorder.recording.ledger.values())))
        if recorder.health().status.thinned:
            Path("full").touch()
"""
TELL = """
told = list(zip(steps[::3], steps[1::3], steps[2::3]))
print(json.dumps(dict(steps=told, sizes=sizes, errors=dict(recorder.health().errors))))
"""


class Browser:
    """A websocket that reads what a kernel says while it is `awake`."""

    def __init__(self, lab: Lab, kernel: str) -> None:
        self.read: list[tuple[float, int]] = []
        self.awake = threading.Event()
        self.awake.set()
        self._over = False
        address = f"{lab.url.replace('http', 'ws')}/api/kernels/{kernel}/channels?token={lab.token}"
        self._socket = websocket.create_connection(address, subprotocols=[PROTOCOL], sockopt=[RECEIVE_BUFFER])
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def numbers(self) -> list[int]:
        """The numbers of the live messages read."""
        return [number for _, number in self.read]

    def _run(self) -> None:
        while self.awake.wait() and not self._over:
            message = Message.decode(self._socket.recv())
            if message.type == "comm_msg" and message.content["data"]["method"] == "custom":
                self.read.append((time.time(), message.content["data"]["content"]["seq"]))

    def hang_up(self, kernel: Kernel) -> None:
        """Read one more message, and no other."""
        self._over = True
        kernel.read("")
        self._thread.join()
        self._socket.close()


def test_slow_browser(lab: Lab, tmp_path: Path):
    with Kernel.served(lab) as (name, kernel):
        kernel.read(MODEL.format(folder=str(tmp_path)))
        browser = Browser(lab, name)
        cell = kernel.client.execute(TRAIN)
        kernel.listen(lambda: (tmp_path / "full").exists() and len(kernel.widgets("update")) > SNAPSHOTS)
        began = kernel.pass_by(SECONDS)
        browser.awake.clear()
        rested = kernel.pass_by(SECONDS)
        awoke, missed = time.time(), last(kernel) - browser.numbers[-1]
        browser.awake.set()
        kernel.pass_by(SECONDS)
        (tmp_path / "stop").touch()
        kernel.listen(lambda: kernel.is_over(cell))
        told = json.loads(kernel.read(TELL))
        kernel.listen(lambda: browser.numbers[-1] == last(kernel))
        browser.hang_up(kernel)
    during = [rested <= at < awoke for at, *_ in told["steps"]]
    ratios = [watched / plain for _, watched, plain in told["steps"]]
    share = median(compress(ratios, during)) / median(compress(ratios, map(not_, during))) - 1
    grown, kept = (
        median(size[which] for size in told["sizes"] if awoke - SECONDS / 4 <= size[0] < awoke)
        - median(size[which] for size in told["sizes"] if began <= size[0] < rested)
        for which in (1, 2)
    )
    print(
        f"memory {grown / 1e6:+.1f} MB, of it the ledger {kept / 1e6:+.1f} MB; a step's CPU time {100 * share:+.1f} %; "
        f"{missed} messages behind, then none"
    )
    assert missed > 0
    assert {later - before for before, later in pairwise(browser.numbers)} == {1}
    assert max(grown, kept) <= QUEUE_BYTES
    assert share <= SHARE
    assert told["errors"] == {}


def last(kernel: Kernel) -> int:
    """The number of the last live message that the kernel sent."""
    number: int = kernel.widgets("custom")[-1]["content"]["seq"]
    return number
