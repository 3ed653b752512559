"""Row parametrized_reads: weights that are computed are not read by the recorder.

Losses, weights, buffers such as the singular vectors of spectral_norm, and random states end bit for bit as without.
"""

from __future__ import annotations

from tests.counts import count
from tests.scorecard.bits import COMPUTED, WAYS, cases, in_fresh_processes

COPIED = "averaged copy"  # PyTorch itself copies no module whose weights are computed
STEPS = 100
PROMISE = f"computed weights, their buffers and random states alike bit for bit after {STEPS} steps"


def test_parametrized_reads():
    wanted = cases(COMPUTED, count(["AdamW", "accumulation"], [way for way in WAYS if way != COPIED]))
    steps = count(10, STEPS)
    watched, plain = in_fresh_processes(wanted, steps)
    assert watched == plain
    assert set(plain) == set(wanted)
    assert len(set(plain.values())) > len(wanted) / 2  # some ways, such as checkpointing, change no number
    print(f"{len(wanted)} of {len(wanted)} ways of computing and training, {steps} steps each")
