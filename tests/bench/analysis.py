"""What it costs to analyse one frame: CPU time of all analyses of an LSTM layer, flow matrix included, and its parts.

    python tests/bench/analysis.py

T=100, H=128, 4 sequences, float32, a loss at every step, on one thread: NumPy's own pool would spin on the second core
and count its waiting as work. Median and smallest of `ROUNDS` interleaved rounds; the promise is 60 ms.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"

import statistics
import time
from collections.abc import Callable

import torch

import rnnwidgets as rw
from rnnwidgets.analysis import analyse, diagnose, eigenvalues, flow, lyapunov, singular_values
from rnnwidgets.analysis.analyse import affordable
from rnnwidgets.analysis.jacobian import LEADING

TIMES, UNITS, SAMPLES, INPUTS = 100, 128, 4, 64
ROUNDS = 15


def recorded() -> rw.Recording:
    """One training step of the layer."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    module = torch.nn.LSTM(INPUTS, UNITS)
    with rw.watch(module, every=1, samples=SAMPLES) as recorder:
        output, _ = module(torch.randn(TIMES, 2 * SAMPLES, INPUTS))
        output.square().sum().backward()
        recorder.step()
    return recorder.recording


def main() -> None:
    """Print the figures."""
    recording = recorded()
    frame = recording[0]
    trace = frame["l0"]
    stride = affordable(trace)
    works: dict[str, Callable[[], object]] = {
        "all analyses of the frame, and its findings": lambda: (analyse(frame), diagnose(recording)),
        f"  flow matrix, stride {stride} of (sample, loss time)": lambda: flow(trace, stride=stride),
        "  findings": lambda: diagnose(recording),
        "  eigenvalues of the four blocks of W_hh": lambda: eigenvalues(trace),
        "  Lyapunov exponents, the leading ones": lambda: lyapunov(trace, 0, LEADING),
        "  singular values of one Jacobian": lambda: singular_values(trace, TIMES // 2),
        "flow matrix, every sample and loss time": lambda: flow(trace),
    }
    spent: dict[str, list[float]] = {name: [] for name in works}
    for round_ in range(ROUNDS + 1):
        for name, work in works.items():
            begun = time.process_time()
            work()
            if round_:
                spent[name].append(1e3 * (time.process_time() - begun))
    print(f"LSTM, T={TIMES}, H={UNITS}, {SAMPLES} sequences, float32; CPU ms, median (smallest) of {ROUNDS}")
    for name, figures in spent.items():
        print(f"{name:60} {statistics.median(figures):6.1f} ({min(figures):.1f})")


if __name__ == "__main__":
    main()
