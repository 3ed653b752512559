"""How long this machine takes beside an ordinary one at rest: limits in seconds are those of that one."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

TIMES, ORDINARY = 10_000, 0.01  # seconds


def slower(clock: Callable[[], float] = time.process_time, bursts: int = 1) -> float:
    """How many times as long as an ordinary processor this one takes just now, at least once.

    By a wall clock, what else runs on the machine counts too.
    """
    began = clock()
    for _ in range(TIMES * bursts):
        json.loads('{"step": 1}')
    return max((clock() - began) / (ORDINARY * bursts), 1)
