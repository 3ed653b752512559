"""Where no gradient comes, zero is recorded: a loss on h_n, on c_n, on one direction, on one of two uses of a state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

import rnnwidgets as rw

INPUTS, UNITS, T = 3, 4, 6
LOSSES: dict[str, Callable[[Tensor, Any], Tensor]] = {
    "h_n": lambda _output, last: last[0][1].sum(),
    "c_n": lambda _output, last: last[1][1].sum(),
    "one direction": lambda output, _last: output[..., UNITS:].sum(),
}
PROMISE = "a loss on h_n, on c_n or on one direction alone: nothing raised, zeros recorded"


def test_none_gradients():
    for name, loss in LOSSES.items():
        torch.manual_seed(0)
        module = nn.LSTM(INPUTS, UNITS, bidirectional=True)
        with rw.watch(module, strict=True) as recorder:
            loss(*module(torch.randn(T, 2, INPUTS))).backward()
            recorder.step()
        forward, reverse = recorder.recording[0].traces.values()
        sizes = {letter: float(abs(forward[letter]).max()) for letter in ("dh", "dc", "dy")}
        assert sizes == {"dh": 0.0, "dc": 0.0, "dy": 0.0}, name
        assert abs(reverse["dc"]).min() > 0, name
        assert bool(abs(reverse["dy"]).any()) == (name != "c_n")
        assert recorder.health().errors == {}
    print(f"{len(LOSSES)} of {len(LOSSES)} losses, 0 errors; largest gradient where none came {max(sizes.values())}")
