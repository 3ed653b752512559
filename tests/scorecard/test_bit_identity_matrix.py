"""Row bit_identity_matrix: however a model is trained, it ends bit for bit where it would unwatched."""

from __future__ import annotations

import random

import numpy as np
import torch

from tests.counts import count
from tests.scorecard.bits import COMPUTED, MODELS, WAYS, Digest, cases, in_fresh_processes, seed

STEPS = 100
PROMISE = f"the same, however one trains, after {STEPS} steps"
FEW = ["LSTM, dropout", "GRU, packed", "LSTMCell"]


def test_bit_identity_matrix():
    wanted = cases(count(FEW, [model for model in MODELS if model not in COMPUTED]), WAYS)
    steps = count(6, STEPS)
    watched, plain = in_fresh_processes(wanted, steps)
    assert watched == plain
    assert set(plain) == set(wanted)
    assert len(set(plain.values())) > len(wanted) / 2  # some ways, such as checkpointing, change no number
    print(f"{len(wanted)} of {len(wanted)} modules and ways of training, {steps} steps each")


def test_the_digest_sees_one_more_random_number_and_one_changed_bit():
    digests = []
    for disturb in (lambda: None, lambda: torch.rand(1), random.random, lambda: np.random.rand(1)):  # noqa: NPY002 # the global state is what is seen
        seed()
        found = Digest()
        disturb()
        digests.append(found.end())
    bias = torch.zeros(3)
    for values in (bias, torch.nextafter(bias, bias + 1)):
        seed()
        found = Digest()
        found.add({"bias": values})
        digests.append(found.end())
    assert len(set(digests)) == 6
