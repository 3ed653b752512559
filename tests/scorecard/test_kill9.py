"""Scorecard 27."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from rnnwidgets import load
from tests.counts import count
from tests.scorecard.archives import expected, sound, spawn

SHAPE = (7, 2, 5)
KILLS = 30
PROMISE = f"{KILLS} times kill -9: no acknowledged frame lost, none unreadable, none that never was"
WRITES_AND_SAYS_SO = """
import itertools, os, sys
from rnnwidgets.archive import Kind, writer
from rnnwidgets.recording import Recording
from tests.unit.frames import make_frame

append = writer.Writer.write
writer.SEGMENT_BYTES = 200_000

def acknowledged(self, entries):
    append(self, entries)
    if entries[0].kind == Kind.FRAME:
        os.write(1, f"{entries[0].step}\\n".encode())

writer.Writer.write = acknowledged
recording = Recording()
recording.record_to(sys.argv[1])
for step in itertools.count():
    recording.append(make_frame(step))
"""


def test_kill9(tmp_path: Path):
    lost = unreadable = phantom = acknowledged = 0
    moments = np.random.default_rng(27).uniform(0, 0.05, count(5, KILLS))
    for number in range(len(moments)):
        path = tmp_path / str(number)
        child = spawn(WRITES_AND_SAYS_SO, path)
        assert child.stdout is not None
        assert child.stderr is not None
        said = [child.stdout.readline()]
        time.sleep(moments[number])
        child.kill()
        said += child.stdout.read().splitlines()
        child.wait()
        child.stdout.close()
        child.stderr.close()
        told = [int(step) for step in said if step.strip()]
        recording = load(path)
        found = {frame.step: frame.to_bytes() for frame in sound(recording)}
        acknowledged += len(told)
        lost += len(set(told) - set(found))
        unreadable += len(recording) - len(found)
        phantom += sum(data != expected(step, SHAPE) for step, data in found.items())
        assert recording.steps == list(range(len(recording)))
        assert len(recording) <= max(told) + 2
        assert recording.status.state == "failed"
    print(f"{lost} of {acknowledged} acknowledged frames lost, {unreadable} unreadable, {phantom} phantom")
    assert acknowledged > number
    assert (lost, unreadable, phantom) == (0, 0, 0)
