"""Scorecard 29."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rnnwidgets import load
from rnnwidgets.archive import place_of, verify
from tests.counts import count
from tests.scorecard.archives import bare, expected, sound, write

STEPS = 128
FLIPS, KEPT = 200, 0.99
PROMISE = f"{FLIPS} flipped bits: all detected, at least {KEPT:.0%} of the frames kept, none wrong"


def test_flip_bits(tmp_path: Path):
    write(tmp_path / "run", STEPS)
    files = [file for file in sorted((tmp_path / "run").rglob("*")) if file.is_file()]
    sizes = [file.stat().st_size for file in files]
    assert verify(place_of(tmp_path / "run")).damage == ()
    flips = count(24, FLIPS)
    random, detected, kept, wrong = np.random.default_rng(29), 0, [], 0
    weights = np.array(sizes) / sum(sizes)
    for number in range(flips):
        # Each file in turn, then as large as they are: a manifest of 100 bytes is hit too.
        file = files[number if number < len(files) else random.choice(len(files), p=weights)]
        original = file.read_bytes()
        data, bit = bytearray(original), int(random.integers(8 * len(original)))
        data[bit // 8] ^= 1 << bit % 8
        file.write_bytes(data)
        detected += bool(verify(place_of(tmp_path / "run")).damage)
        found = sound(load(tmp_path / "run"))
        wrong += sum(bare(frame) != expected(frame.step) for frame in found)
        kept.append(len(found))
        file.write_bytes(original)
    print(f"{detected} of {flips} detected, at least {min(kept)} of {STEPS} frames kept, {wrong} wrong")
    assert detected == flips
    assert min(kept) >= KEPT * STEPS
    assert wrong == 0
