"""Packed sequences of any lengths in any order come back in the user's order, each as if it had run alone."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import rnnwidgets as rw
from tests.counts import count

INPUTS, UNITS, SETS = 3, 4, 500
ALONE = 1e-14
PROMISE = (
    f"{SETS} sets of lengths, unsorted: in the user's order bit for bit, as each alone within {ALONE:.0e} (float64)"
)


def test_packed_order():
    torch.manual_seed(0)
    module = nn.GRU(INPUTS, UNITS, bidirectional=True, dtype=torch.float64)
    sets, farthest = count(60, SETS), 0.0
    for _ in range(sets):
        lengths = torch.randint(1, 9, (int(torch.randint(1, 6, ())),))
        x = torch.randn(int(lengths.max()), len(lengths), INPUTS, dtype=torch.float64)
        with rw.watch(module, samples=len(lengths)) as recorder:
            output, _ = module(pack_padded_sequence(x, lengths, enforce_sorted=False))
            own, _ = pad_packed_sequence(output)
            own.sum().backward()
            recorder.step()
        for direction, trace in enumerate(recorder.recording[0].traces.values()):
            assert trace.lengths == tuple(lengths.tolist())
            for sample, length in enumerate(trace.lengths):
                part = slice(direction * UNITS, (direction + 1) * UNITS)
                found = torch.from_numpy(trace["h"][:, sample].copy())
                assert torch.equal(found[:length], own[:length, sample, part])
                assert found[length:].isnan().all()
                alone = module(x[:length, sample])[0][:, part]
                farthest = max(farthest, float((found[:length] - alone.detach()).abs().max()))
    print(f"{sets} of {sets} in place; at most {farthest:.1e} from each sequence alone")
    assert farthest <= ALONE
