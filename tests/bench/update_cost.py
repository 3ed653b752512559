"""Prints what one view update costs the training thread, in a real kernel, against JSON of the same numbers.

    make bench
    .venv/bin/python tests/bench/update_cost.py --pairs 200

Each pair times one recorded step that is sent to one Explorer (append, log, encode, hand to the kernel) and one
`json.dumps` of the same arrays, the way of tools that draw from lists; their order alternates. Time is CPU time of the
training thread: the frame is encoded and sent by a thread beside it, which computes those whose traces wait too, as
most of training's do. The snapshot of the run, which a live view gets every ten seconds, costs another thread
what is printed of it: its steps are encoded, those anew that the last one did not hold, and then training waits at most
for the latest step, the curves and the sending.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
import weakref
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from jupyter_client.manager import start_new_kernel

from rnnwidgets.frame import Frame, Waiting
from rnnwidgets.recording import Recording
from rnnwidgets.widgets import Explorer, publisher
from rnnwidgets.widgets.lanes import RUNNING_BYTES
from tests.unit.browser import Clock
from tests.unit.frames import make_frame

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = {"128 units x 35 times x 4 samples": (35, 4, 128), "128 units x 100 times x 1 sample": (100, 1, 128)}
SNAPSHOTS, BETWEEN = 10, 20


def cpu(work: Callable[[], object]) -> float:
    """CPU time of this thread, in milliseconds."""
    began = time.thread_time()
    work()
    return (time.thread_time() - began) * 1e3


def as_json(frame: Frame) -> str:
    return json.dumps({name: array.tolist() for name, array in frame["lstm.l0"].arrays.items()})


def waiting(frame: Frame) -> Frame:
    """Return the frame as training leaves it, its traces still to be computed."""
    return replace(frame, traces=Waiting(frame.extents, frame.nbytes, lambda: frame.traces))


def until_sent(told: publisher.Publisher) -> None:
    while told._compute.busy:
        time.sleep(0.001)


def record(recording: Recording, frame: Frame) -> None:
    recording.append(frame)
    recording.log(frame.step, {"loss": 1.0})


def measure(pairs: int) -> None:
    """Time every setting; runs inside a kernel, where there is something to send to."""
    for name, shape in SETTINGS.items():
        clock = Clock()
        recording = Recording()
        told = publisher.Publisher(recording, clock)
        publisher._publishers[recording] = weakref.ref(told)
        view = Explorer(recording)
        updates, lists, waited = [], [], []
        for pair in range(pairs):
            frame = make_frame(pair, shape, {"grad_norm": 0.5})
            update = partial(record, recording, frame)
            for way in (0, 1) if pair % 2 else (1, 0):
                if way:
                    clock.now += 0.3  # no earlier: while JSON is written, what says things again would send it
                    updates.append(cpu(update))
                    until_sent(told)
                else:
                    lists.append(cpu(partial(as_json, frame)))
        for step in range(pairs, 2 * pairs):
            clock.now += 0.3
            waited.append(cpu(partial(record, recording, waiting(make_frame(step, shape, {"grad_norm": 0.5})))))
            until_sent(told)
        encodings, snapshots = [], []
        for step in range(2 * pairs, 2 * pairs + SNAPSHOTS * BETWEEN):
            recording.append(make_frame(step, shape))
            if (step + 1 - 2 * pairs) % BETWEEN == 0:
                encodings.append(cpu(partial(told._durable.prepare, recording[:-1])))
                snapshots.append(cpu(partial(told._write, clock.now, RUNNING_BYTES)))
        size = len(told._live.delta({}, recording[-1], 1, lambda _room: b""))
        plane = recording[-1]["lstm.l0"]["h"][:, :1].size
        print(f"{name}, {told._live.seq - 1} updates sent in {2 * pairs} steps")
        print(f"  update: median {statistics.median(updates):.2f} ms, {size:,} bytes ({plane:,} a plane and sample)")
        print(f"  update with a frame that waits: median {statistics.median(waited):.2f} ms on the training thread")
        print(f"  JSON:   median {statistics.median(lists):.2f} ms, {len(as_json(recording[-1])):,} bytes")
        print(f"  ratio:  {statistics.median(map(float.__truediv__, updates, lists)):.3f}")
        print(f"  snapshot after {BETWEEN} more steps: encoding median {statistics.median(encodings):.2f} ms,", end=" ")
        print(f"sending median {statistics.median(snapshots):.2f} ms, {len(view._snapshot):,} bytes")
        view.close()


def main() -> None:
    """Measure in a kernel of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=100)
    code = f"from tests.bench.update_cost import measure; measure({parser.parse_args().pairs})"
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(ROOT))
    try:
        reply = client.execute_interactive(code, timeout=600)
        if reply["content"]["status"] != "ok":
            raise SystemExit(1)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


if __name__ == "__main__":
    main()
