"""Row bit_identity_ddp: two processes that average gradients end bit for bit where they would unwatched, in time."""

from __future__ import annotations

from tests.counts import count
from tests.scorecard.bits import SECONDS
from tests.scorecard.ddp import CASES, in_fresh_processes

STEPS = 100
PROMISE = f"two processes end alike bit for bit after {STEPS} steps; no hang of {SECONDS} s"


def test_bit_identity_ddp():
    steps = count(5, STEPS)
    watched, plain = (in_fresh_processes(steps)[how] for how in ("watched", "plain"))
    for case in CASES:
        for rank in (0, 1):
            assert watched[rank][case]["digest"] == plain[rank][case]["digest"]
        assert watched[0][case]["weights"] == watched[1][case]["weights"]
        assert watched[0][case]["digest"] != watched[1][case]["digest"]
        assert "frame" in watched[0][case]
        assert "frame" not in plain[0][case]
    print(f"{len(CASES)} of {len(CASES)} ways, {steps} steps each, 0 hangs")
