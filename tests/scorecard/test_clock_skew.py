"""Scorecard 42."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from rnnwidgets import load
from rnnwidgets.archive import place_of, verify
from tests.scorecard.archives import write


def test_clock_skew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    jumps = iter([0.0, -3600.0, 86_400.0, -1e9, 1e9] * 1000)
    wall = time.time
    monkeypatch.setattr(time, "time", lambda: wall() + next(jumps))
    for rank in (0, 1):
        monkeypatch.setenv("TZ", ("UTC", "Asia/Kathmandu")[rank])
        write(tmp_path / "skewed", 40, rank=rank)
    monkeypatch.undo()
    write(tmp_path / "steady", 40)
    skewed, steady = load(tmp_path / "skewed"), load(tmp_path / "steady")
    assert {rank: one.steps for rank, one in skewed.ranks.items()} == {0: steady.steps, 1: steady.steps}
    assert [frame.to_bytes() for frame in skewed] == [frame.to_bytes() for frame in steady]
    assert verify(place_of(tmp_path / "skewed")).damage == ()
    print("clock_skew: 2 ranks whose clocks jump by an hour, a day, 31 years: order and bytes of 40 frames unchanged")
