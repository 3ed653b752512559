"""Scorecard 34."""

from __future__ import annotations

import math
from pathlib import Path

from rnnwidgets import load
from rnnwidgets.archive import place_of, verify
from tests.golden.write_recording import NOTE, STEPS, TOKENS

RECORDINGS = Path(__file__).parents[1] / "golden" / "recordings"
VERSIONS = sorted(path for path in RECORDINGS.iterdir() if path.is_dir())
PROMISE = "a recording of each version of the format can be read for ever"


def read(path: Path) -> None:
    recording = load(path)
    assert recording.steps == list(STEPS)
    assert recording.layers == ("lstm.l0", "gru.l0")
    assert recording.extents == {"lstm.l0": (5, 2, 3), "gru.l0": (5, 2, 3)}
    assert [frame.tokens for frame in recording] == [None, TOKENS, TOKENS]
    assert [frame["lstm.l0"].kind for frame in recording] == ["LSTM"] * 3
    for frame in recording:
        assert frame.norms["lstm.weight_hh_l0"][:3] == (0.5, 2.0, 0.125)
        assert frame.norms["lstm.bias"].gradient == math.inf
        assert (frame.scalars["grad_norm"], frame.scalars["lr"]) == (10.0**-frame.step, 0.5)
    assert math.isnan(recording[1].scalars["loss"])
    assert recording.scalars["lr"].values.tolist() == [0.5] * 3
    status = recording.status
    assert (status.state, status.every, status.overhead, status.notes) == ("finished", 2, 0.03125, (NOTE,))
    report = verify(place_of(path))
    assert (report.frames, report.damage, report.remarks) == (3, (), ())


def test_old_recordings():
    for path in VERSIONS:
        read(path)
    print(f"{len(VERSIONS)} of {len(VERSIONS)} versions of the format: {', '.join(path.name for path in VERSIONS)}")
