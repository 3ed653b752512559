"""Scorecard 42: the order of frames is that of their steps, whatever clocks and the times of files say."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest

from rnnwidgets import load
from rnnwidgets.archive import place_of, verify, writer
from tests.scorecard.archives import write

FRAMES, RANKS = 40, 2
HOUR, DAY, AGES = 3600.0, 86_400.0, 1e9
PROMISE = (
    f"clocks of {RANKS} ranks that jump by an hour, a day, {AGES / DAY / 365.25:.0f} years: order and bytes unchanged"
)


def test_clock_skew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    jumps = iter([0.0, -HOUR, DAY, -AGES, AGES] * 1000)
    wall = time.time
    monkeypatch.setattr(time, "time", lambda: wall() + next(jumps))
    monkeypatch.setattr(time, "time_ns", lambda: int(1e9 * time.time()))
    monkeypatch.setattr(writer, "SEGMENT_BYTES", 4000)
    for rank in range(RANKS):
        monkeypatch.setenv("TZ", ("UTC", "Asia/Kathmandu")[rank])
        write(tmp_path / "skewed", FRAMES, rank=rank)
    write(tmp_path / "steady", FRAMES)
    monkeypatch.undo()
    files = [file for file in sorted((tmp_path / "skewed").rglob("*")) if file.is_file()]
    for file, at in zip(files, np.random.default_rng(42).uniform(0, AGES, len(files)), strict=True):
        os.utime(file, (at, at))
    skewed, steady = load(tmp_path / "skewed"), load(tmp_path / "steady")
    wanted = [frame.to_bytes() for frame in steady]
    alike = sum([frame.to_bytes() for frame in rank] == wanted for rank in skewed.ranks.values())
    segments = sum(file.suffix == ".log" for file in files)
    print(f"{FRAMES} frames, {alike} of {RANKS} ranks alike, in {segments} files whose times are shuffled")
    assert steady.steps == list(range(FRAMES))
    assert (sorted(skewed.ranks), alike) == ([*range(RANKS)], RANKS)
    assert segments > 2 * RANKS
    assert verify(place_of(tmp_path / "skewed")).damage == ()
