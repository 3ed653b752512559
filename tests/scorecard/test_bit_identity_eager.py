"""Row bit_identity_eager: every kind of recurrent module ends its training bit for bit where it would unwatched."""

from __future__ import annotations

from tests.counts import count
from tests.scorecard.bits import COMPUTED, MODELS, cases, in_fresh_processes

STEPS = 100
PROMISE = f"losses, weights, moments, buffers and random states alike bit for bit after {STEPS} steps"


def test_bit_identity_eager():
    wanted = cases([model for model in MODELS if model not in COMPUTED], ["Adam"])
    steps = count(10, STEPS)
    watched, plain = in_fresh_processes(wanted, steps)
    assert watched == plain
    assert set(plain) == set(wanted)
    assert len(set(plain.values())) == len(wanted)
    print(f"{len(wanted)} of {len(wanted)} kinds of modules, {steps} steps each")
