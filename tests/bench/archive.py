"""What recording to disk costs: appended bytes a second beside plain writes, and the training thread's time.

    python tests/bench/archive.py

Appending and plain writing take turns in the same run: in wall time, since it is the disk that is measured, and in CPU
time, which tells what a busy machine adds. What the training thread pays for a frame is CPU time of that thread.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from rnnwidgets.archive import Entry, Kind, Writer, facts_of, to_json
from rnnwidgets.recording import Recording
from tests.unit.frames import make_frame

SHAPE = (35, 4, 128)
FRAMES, ROUNDS = 100, 5


Seconds = tuple[float, float]


def timed(work: Callable[[], None]) -> Seconds:
    """Wall and CPU seconds of some work."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def plain(path: Path, data: bytes) -> None:
    """Write so many frames' bytes, one call each, and sync them."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for _ in range(FRAMES):
        os.write(descriptor, data)
    os.fsync(descriptor)
    os.close(descriptor)


def append(path: Path) -> None:
    """Encode, append, sync and seal so many frames."""
    frame = make_frame(0, SHAPE, {"loss": 1.0})
    writer = Writer.opened(path, "run")
    for step in range(FRAMES):
        writer.write([Entry(Kind.FRAME, step, frame.to_bytes()), Entry(Kind.FACTS, step, to_json(facts_of(frame)))])
        if writer.full:
            writer.seal()
    writer.close()


def training_thread(path: Path | None) -> list[float]:
    """Seconds of CPU time that appending each frame takes from the thread that trains."""
    recording = Recording()
    if path is not None:
        recording.record_to(path)
    frames = [make_frame(step, SHAPE, {"loss": 1.0}) for step in range(FRAMES)]
    spent = []
    for frame in frames:
        began = time.thread_time()
        recording.append(frame)
        recording.log(frame.step, {"lr": 0.1})
        spent.append(time.thread_time() - began)
        time.sleep(0.005)
    recording.close()
    return spent


def main() -> None:
    """Print the figures."""
    data = make_frame(0, SHAPE).to_bytes()
    megabytes = FRAMES * len(data) / 1e6
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        rounds = [
            (timed(partial(plain, here / "plain", data)), timed(partial(append, here / f"{number}")))
            for number in range(ROUNDS)
        ]
        alone, kept = training_thread(None), training_thread(here / "kept")
    print(f"frames of {len(data) / 1e6:.2f} MB, {FRAMES} in each of {ROUNDS} rounds, medians")
    for place, clock in enumerate(("wall", "CPU")):
        machine, ours = (statistics.median(megabytes / one[which][place] for one in rounds) for which in (0, 1))
        print(f"{clock} time: plain writes {machine:.0f} MB/s, encoded and appended {ours:.0f} MB/s")
        if clock == "wall":
            print(f"promised {min(200, machine / 2):.0f} MB/s")
    print(
        f"training thread, CPU time a frame: {statistics.median(kept) * 1000:.3f} ms with a path, "
        f"{statistics.median(alone) * 1000:.3f} ms without; largest {max(kept) * 1000:.2f} ms; promised 1 ms"
    )


if __name__ == "__main__":
    main()
