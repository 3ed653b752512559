"""Row bit_identity_eager: every kind of recurrent module ends its training bit for bit where it would unwatched."""

from __future__ import annotations

from tests.counts import count
from tests.scorecard.bits import COMPUTED, MODELS, cases, in_fresh_processes


def test_bit_identity_eager():
    wanted = cases([model for model in MODELS if model not in COMPUTED], ["Adam"])
    steps = count(10, 100)
    watched, plain = in_fresh_processes(wanted, steps)
    assert watched == plain
    assert set(plain) == set(wanted)
    assert len(set(plain.values())) == len(wanted)
    print(f"{len(wanted)} modules, {steps} steps each, identical")
