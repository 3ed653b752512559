"""Prints what one recorded step costs against a loop written by hand that records the same, and against the floor.

    make bench
    .venv/bin/python tests/bench/by_hand.py --rounds 40

By hand: the gates of an LSTM cell in a Python loop under autograd, `retain_grad` on every h and c, and copies of the
first four sequences. Each round trains the fused module, the watched one, and the loop once, in turn, on the same
batch; time is CPU time. TorchLens's trace of that loop's forward pass takes part where it is installed. The floor is
the product with the recurrent weights, once a time, for the sequences kept.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec

import torch
from torch import Tensor, nn
from torch.nn import functional

import rnnwidgets as rw

T, B, H, S = 35, 32, 128, 4


def cpu(work: Callable[[], object]) -> float:
    """CPU time in milliseconds."""
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1e3


def fused(lstm: nn.LSTM, x: Tensor) -> None:
    lstm(x)[0].square().mean().backward()
    lstm.zero_grad()


def watched(lstm: nn.LSTM, x: Tensor, recorder: rw.Recorder) -> None:
    lstm(x)[0].square().mean().backward()
    recorder.step()
    lstm.zero_grad()


class Loop(nn.Module):
    """An LSTM cell's gates in a loop: i, f, g, o, c, h of every time."""

    def __init__(self, lstm: nn.LSTM) -> None:
        """Take the weights of a module."""
        super().__init__()
        self.lstm = lstm

    def forward(self, x: Tensor) -> dict[str, list[Tensor]]:
        """Return the values by name, each (sample, unit)."""
        return unrolled(self.lstm, x)


def unrolled(lstm: nn.LSTM, x: Tensor) -> dict[str, list[Tensor]]:
    h, c = x.new_zeros(B, H), x.new_zeros(B, H)
    W, U, b_W, b_U = (lstm.get_parameter(f"{name}_l0") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
    seen: dict[str, list[Tensor]] = {name: [] for name in "ifgoch"}
    for now in functional.linear(x, W, b_W):
        a = (now + functional.linear(h, U, b_U)).chunk(4, dim=-1)
        i, f, g, o = a[0].sigmoid(), a[1].sigmoid(), a[2].tanh(), a[3].sigmoid()
        c = f * c + i * g
        h = o * c.tanh()
        for name, value in zip("ifgoch", (i, f, g, o, c, h), strict=True):
            seen[name].append(value)
    return seen


def by_hand(lstm: nn.LSTM, x: Tensor) -> dict[str, Tensor]:
    """Train one step and return i, f, g, o, c, h, dh, dc of the sequences kept."""
    seen = unrolled(lstm, x)
    for value in (*seen["c"], *seen["h"]):
        value.retain_grad()
    torch.stack(seen["h"]).square().mean().backward()
    lstm.zero_grad()
    found = {name: torch.stack([value.detach()[:S] for value in values]) for name, values in seen.items()}
    for name in "ch":
        found[f"d{name}"] = torch.stack([value.grad[:S] for value in seen[name] if value.grad is not None])
    return found


def traced(lstm: nn.LSTM, x: Tensor) -> None:
    """Print what TorchLens takes for the forward pass alone, which keeps every operation's result."""
    if find_spec("torchlens") is None:
        print("TorchLens is not installed and takes no part: pip install 'rnnwidgets[bench]'")
        return
    torchlens = import_module("torchlens")
    loop = Loop(lstm)
    costs = [cpu(lambda: torchlens.trace(loop, x)) for _ in range(3)]
    print(f"TorchLens {torchlens.__version__}, forward pass of the loop by hand: {min(costs):.0f} ms, least of 3")


def floor() -> None:
    left, weights, result = torch.zeros(S, 4 * H), torch.randn(4 * H, H), torch.empty(S, H)
    for _ in range(T):
        torch.mm(left, weights, out=result)


def main() -> None:
    """Measure, and check that both record the same numbers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    lstm, twin, x = nn.LSTM(H, H), nn.LSTM(H, H), torch.randn(T, B, H)
    twin.load_state_dict(lstm.state_dict())
    costs: dict[str, list[float]] = {"fused": [], "watched": [], "by hand": [], "floor": []}
    with rw.watch(twin, every=1, samples=S) as recorder:
        for _ in range(parser.parse_args().rounds):
            costs["fused"].append(cpu(lambda: fused(lstm, x)))
            costs["watched"].append(cpu(lambda: watched(twin, x, recorder)))
            costs["by hand"].append(cpu(lambda: by_hand(lstm, x)))
            costs["floor"].append(cpu(floor))
    trace = recorder.recording[-1]["l0"]
    apart = max(float((torch.from_numpy(trace[n].copy()) - v).abs().max()) for n, v in by_hand(lstm, x).items())
    middle = {name: statistics.median(values) for name, values in costs.items()}
    own, hand = middle["watched"] - middle["fused"], middle["by hand"] - middle["fused"]
    for name, value in middle.items():
        print(f"{name:10s} {value:7.2f} ms")
    print(f"recording adds {own:.2f} ms, the loop by hand {hand:.2f} ms: {hand / own:.1f} times as much")
    print(f"recording costs {own / middle['floor']:.1f} times the sequential floor")
    traced(lstm, x)
    print(f"largest difference between the two recordings: {apart:.1e}")


if __name__ == "__main__":
    main()
