"""Scorecard 30."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from pathlib import Path

from rnnwidgets import load
from rnnwidgets.errors import RecordingError
from tests.counts import count
from tests.scorecard.archives import expected, spawn

SHAPE = (7, 2, 5)
SECONDS, RATE, READERS = 30, 500, 3
PROMISE = f"{RATE} frames/s for {SECONDS} s beside {READERS} readers: no error, and what was there stays"
WRITES = """
import sys, time
from rnnwidgets.archive import writer
from rnnwidgets.recording import Recording
from tests.unit.frames import make_frame

writer.SEGMENT_BYTES = 1_000_000
recording = Recording()
recording.record_to(sys.argv[1])
began, step = time.monotonic(), 0
while time.monotonic() - began < float(sys.argv[2]):
    recording.append(make_frame(step))
    step += 1
    time.sleep(max(began + step / float(sys.argv[3]) - time.monotonic(), 0))
recording.report(state="finished")
recording.close()
print(step)
"""


def read(path: Path, seen: list[int], errors: list[str]) -> None:
    """Follow until the end: what was there stays there, and each frame is the one that was written."""
    try:
        recording = load(path)
        while True:
            ended = not recording.is_written
            recording.refresh()
            assert recording.steps == list(range(len(recording)))
            assert len(recording) >= (seen[-1] if seen else 0)
            if len(recording):
                last = len(recording) - 1
                assert recording[last].to_bytes() == expected(last, SHAPE)
            seen.append(len(recording))
            if ended:
                return
            time.sleep(0.02)
    except Exception as error:  # noqa: BLE001 - whatever a reader says is what this test looks for
        errors.append(repr(error))


def opened(path: Path) -> None:
    """Wait until there is something to open."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with suppress(RecordingError):
            load(path)
            return
        time.sleep(0.02)
    raise TimeoutError(path)


def test_live_reader(tmp_path: Path):
    seconds = count(2, SECONDS)
    writer = spawn(WRITES, tmp_path / "run", seconds, RATE)
    opened(tmp_path / "run")
    seen: list[list[int]] = [[] for _ in range(READERS)]
    errors: list[str] = []
    readers = [threading.Thread(target=read, args=(tmp_path / "run", one, errors)) for one in seen]
    for reader in readers:
        reader.start()
    output, problems = writer.communicate()
    for reader in readers:
        reader.join()
    written = int(output)
    print(
        f"{len(errors)} errors in {sum(map(len, seen)):,} looks at {written:,} frames, {written / seconds:.0f} a second"
    )
    assert errors == []
    assert problems == ""
    assert [one[-1] for one in seen] == [written] * READERS
    assert min(len(set(one)) for one in seen) > 3
