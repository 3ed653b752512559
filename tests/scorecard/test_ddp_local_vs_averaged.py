"""Row ddp_local_vs_averaged: gradient norms of this process alone and averaged over processes stand under two names."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.counts import count
from tests.scorecard.ddp import CASES, CLIP, in_fresh_processes

IN_PLACE = "averaged in place"
ERROR = 1e-4
PROMISE = f"norms of this process and of the average, each under its name and within {ERROR:.0e} of autograd's"


def apart(case: str, found: list[dict[str, Any]]) -> list[float]:
    """Return how far the local norms are from the averaged ones; nothing where they are said to be unknown."""
    apart = []
    for process in found:
        seen, frame = process[case], process[case].get("frame")
        if frame is None:
            continue
        scalars, norms = frame["scalars"], frame["norms"]
        assert frame["layers"] == ["rnn.l0", "rnn.l1"]
        assert set(norms) == set(seen["averaged"])
        averaged = {name: norm["before_clip"] for name, norm in norms.items()}
        assert averaged == pytest.approx(seen["averaged"], rel=ERROR)
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
            assert local == pytest.approx(seen["local"], rel=ERROR)
            assert scalars["grad_norm_local"] == pytest.approx(math.hypot(*seen["local"].values()), rel=ERROR)
            apart += [abs(value / seen["averaged"][name] - 1) for name, value in local.items()]
    return apart


def test_ddp_local_vs_averaged():
    found = in_fresh_processes(count(5, 100))["watched"]
    differences = {case: apart(case, found) for case in CASES}
    assert [case for case, values in differences.items() if not values] == [IN_PLACE]
    most = [max(values) for values in differences.values() if values]
    print(f"{len(CASES)} of {len(CASES)} ways; the two are up to {min(most):.0%} to {max(most):.0%} apart")
    assert min(most) > 1e-2
