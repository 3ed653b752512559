"""Analyses frames for another process, one after the other, as they come on standard input.

NumPy's matrix products and eigenvalues run on threads that go on spinning when they are done, and that nobody counts:
beside training they took several times the CPU time of the analysis itself, from the cores that train. A process of
its own is told to use one thread, gives way to others, shares no interpreter lock with training, and knows what it has
used. It is started with the environment `ONE_THREAD` and ends with its input.
"""

from __future__ import annotations

import os
import pickle
import sys
import time
from typing import NamedTuple

from rnnwidgets.analysis.analyse import analyse
from rnnwidgets.analysis.result import Analysis
from rnnwidgets.frame import Frame

ONE_THREAD = {
    f"{library}_THREADS": "1" for library in ("OMP_NUM", "OPENBLAS_NUM", "MKL_NUM", "BLIS_NUM", "VECLIB_MAXIMUM")
}
NICE = 10


class Reply(NamedTuple):
    """An analysis, or None and what went wrong; the CPU seconds that it took, and those of the process so far."""

    analysis: Analysis | None
    problem: str
    took: float
    used: float


def serve() -> None:
    """Read pickled bytes of frames, as `Frame.to_bytes` made them, and write a pickled `Reply` for each."""
    if sys.platform != "win32":
        os.nice(NICE)
    while True:
        try:
            data = pickle.load(sys.stdin.buffer)  # noqa: S301 (from the process that started this one)
        except EOFError:
            return
        pickle.dump(_reply(data), sys.stdout.buffer)
        sys.stdout.buffer.flush()


def _reply(data: bytes) -> Reply:
    began, found, problem = time.process_time(), None, ""
    try:
        found = analyse(Frame.from_bytes(data))
    except Exception as error:  # noqa: BLE001 (it is told where the frame came from)
        problem = str(error) or type(error).__name__
    used = time.process_time()
    return Reply(found, problem, used - began, used)
