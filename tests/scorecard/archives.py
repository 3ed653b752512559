"""Recordings on disk for the scorecard: known frames, written in this process or another, and what became of them."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from rnnwidgets.errors import FrameBytesError
from rnnwidgets.frame import Frame
from rnnwidgets.recording import Recording
from tests.unit.frames import make_frame

ROOT = Path(__file__).resolve().parents[2]
SHAPE = (3, 1, 2)


@cache
def expected(step: int, shape: tuple[int, int, int] = SHAPE) -> bytes:
    """The bytes of the frame that was written for a step."""
    return make_frame(step, shape).to_bytes()


def write(path: Path, steps: int, shape: tuple[int, int, int] = SHAPE, rank: int = 0) -> Path:
    """A closed recording of so many steps; returns its one log."""
    recording = Recording()
    recording.record_to(path, rank)
    for step in range(steps):
        recording.append(make_frame(step, shape))
        recording.log(step, {"loss": float(step)})
    recording.report(state="finished")
    recording.close()
    return path / f"rank-{rank}" / "000000.log"


def bare(frame: Frame) -> bytes:
    """The bytes of a frame without the scalars that were logged after it."""
    return replace(frame, scalars={}).to_bytes()


def sound(recording: Recording) -> list[Frame]:
    """The frames that can be read, one by one."""
    found = []
    for position in range(len(recording)):
        with suppress(FrameBytesError):
            found.append(recording[position])
    return found


def spawn(code: str, *arguments: object) -> subprocess.Popen[Any]:
    """Python in a process of its own, in which the tests' modules can be imported; its output is a pipe."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
