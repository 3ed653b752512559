"""Row ddp_local_vs_averaged: gradient norms of this process alone and averaged over processes stand under two names."""

from __future__ import annotations

import math

import pytest

from tests.counts import count
from tests.scorecard.ddp import CASES, CLIP, in_fresh_processes

IN_PLACE = "averaged in place"


@pytest.mark.parametrize("case", CASES)
def test_ddp_local_vs_averaged(case):
    found = in_fresh_processes(count(5, 100))["watched"]
    apart = []
    for process in found:
        seen, frame = process[case], process[case].get("frame")
        if frame is None:
            continue
        scalars, norms = frame["scalars"], frame["norms"]
        assert frame["layers"] == ["rnn.l0", "rnn.l1"]
        assert set(norms) == set(seen["averaged"])
        averaged = {name: norm["before_clip"] for name, norm in norms.items()}
        assert averaged == pytest.approx(seen["averaged"], rel=1e-4)
        used = math.hypot(*(norm["gradient"] for norm in norms.values()))
        clipped = CASES[case].get("clip", False)
        assert used == pytest.approx(CLIP if clipped else math.hypot(*seen["averaged"].values()), rel=1e-3)
        assert scalars["grad_norm"] == pytest.approx(used, rel=1e-6)
        assert ("grad_norm_before_clip" in scalars) == clipped
        local = {name: norm["local"] for name, norm in norms.items()}
        if case == IN_PLACE:
            assert all(math.isnan(value) for value in local.values())
            assert "grad_norm_local" not in scalars
        else:
            assert local == pytest.approx(seen["local"], rel=1e-4)
            assert scalars["grad_norm_local"] == pytest.approx(math.hypot(*seen["local"].values()), rel=1e-4)
            apart += [abs(value / seen["averaged"][name] - 1) for name, value in local.items()]
    assert case == IN_PLACE or max(apart) > 1e-2
    print(f"{case}: " + (f"local apart from averaged by {max(apart):.1%}" if apart else "local is said to be unknown"))
