"""Row 7: a paused recorder costs what it takes to ask whether it is paused."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest

from tests.counts import count
from tests.scorecard.pairs import Language, Trainer, compare

CALLS = 24


@pytest.mark.costs
def test_overhead_paused():
    costs = compare(lambda: Language(96, 128), (96, 64, 16), {"every": 1}, count(60, 600), paused=True)
    print(f"paused: {costs}")
    assert costs.recorded == 0
    assert costs.least < 0.08


def test_a_paused_step_runs_two_dozen_short_functions_of_the_recorder():
    trainer = Trainer(Language(16, 8), (16, 5, 2), {"every": 1})
    assert trainer.recorder is not None
    trainer.step()
    trainer.recorder.pause()
    trainer.step()
    called: list[str] = []

    def follow(frame: FrameType, event: str, _argument: Any) -> None:
        if event == "call" and "/rnnwidgets/recorder/" in frame.f_code.co_filename.replace("\\", "/"):
            called.append(frame.f_code.co_name)

    recorder, trainer.recorder = trainer.recorder, None
    sys.setprofile(follow)
    trainer.step()
    sys.setprofile(None)
    recorder.close()
    print(f"functions of the recorder in a paused step: {len(called)} ({', '.join(called)})")
    assert 0 < len(called) <= CALLS
