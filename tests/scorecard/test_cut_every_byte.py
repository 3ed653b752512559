"""Scorecard 28."""

from __future__ import annotations

from pathlib import Path

from rnnwidgets import load
from rnnwidgets.archive import place_of, verify
from rnnwidgets.archive.log import Log
from rnnwidgets.archive.record import Kind
from tests.counts import count
from tests.scorecard.archives import bare, expected, write

FRAMES, LAST = 8, 3
PROMISE = f"cut at any byte of the last {LAST} frames: all before the cut is kept, and it is told"


def test_cut_every_byte(tmp_path: Path):
    log = write(tmp_path / "run", FRAMES)
    data = log.read_bytes()
    rows = Log(place_of(log.parent)).segments[0].rows
    frames = rows[rows["kind"] == Kind.FRAME]
    ends = (frames["offset"] + frames["size"] + 40).tolist()
    stride = count(17, 1)
    cuts = range(ends[FRAMES - LAST - 1], len(data), stride)
    for cut in cuts:
        log.write_bytes(data[:cut])
        recording = load(tmp_path / "run")
        assert recording.steps == list(range(sum(end <= cut for end in ends)))
        assert bare(recording[-1]) == expected(len(recording) - 1)
        assert "was cut off; all that it had written is here" in recording.status.notes[-1]
    assert all(bare(frame) == expected(frame.step) for frame in load(tmp_path / "run"))
    report = verify(place_of(tmp_path / "run"))
    assert report.damage
    print(f"{len(cuts):,} of {len(cuts):,} cuts")
