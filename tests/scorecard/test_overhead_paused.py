"""Row 7: a paused recorder has no hook on the model, and costs what it takes to count a step and to log a loss."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import torch

import rnnwidgets as rw
from tests.counts import count
from tests.scorecard.pairs import Language, Trainer, compare

PACKAGE = str(Path(rw.__file__).parent) + os.sep
CALLS, LOGGED = 6, 8
CLAIMED = 0.006
SHARE = count(0.03, CLAIMED)
PROMISE = f"paused, at most {CLAIMED:.1%} of CPU time"


@pytest.mark.costs
def test_overhead_paused():
    costs = compare(lambda: Language(96, 128), (96, 64, 16), {"every": 1}, count(60, 600), paused=True)
    print(f"{100 * costs.median:.2f} % in the middle of {len(costs.watched)} pairs of steps")
    assert costs.recorded == 0
    assert costs.median < SHARE


def test_a_paused_step_runs_six_short_functions_of_the_recorder_and_eight_that_log():
    torch.compiler.reset()
    trainer = Trainer(Language(16, 8), (16, 5, 2), {"every": 1})
    recorder = trainer.recorder
    assert recorder is not None
    for _ in range(3):
        trainer.step()
    recorder.pause()
    trainer.step()

    def called() -> list[str]:
        """Return the recorder's functions that one step calls."""
        names: list[str] = []

        def follow(frame: FrameType, event: str, _argument: Any) -> None:
            if event == "call" and frame.f_code.co_filename.startswith(PACKAGE):
                names.append(frame.f_code.co_name)

        sys.setprofile(follow)
        trainer.step()
        sys.setprofile(None)
        return names

    logged = called()
    trainer.recorder = None
    silent = called()
    recorder.close()
    print(f"functions of the recorder in a paused step: {len(silent)}, with a loss logged {len(logged)}: {logged}")
    assert silent == logged[: len(silent)]
    assert 0 < len(silent) <= CALLS
    assert len(logged) <= CALLS + LOGGED
