"""Training by two processes that average their gradients, and what each of them computed, watched or not.

python -m tests.scorecard.ddp watched|plain STEPS RANK FILE    prints a JSON object: case -> what this process found
"""

from __future__ import annotations

import contextlib
import copy
import functools
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

import rnnwidgets as rw
from tests.scorecard.bits import ROOT, B, Digest, Reader, T, V, outputs, seed

LR, CLIP = 0.05, 0.01
# case -> options of DDP, what is done, and who watches what
CASES: dict[str, dict[str, Any]] = {
    "the wrapper, watched in both processes": {},
    "the model inside, watched by the first process": {"inside": True, "only": 0},
    "accumulation without averaging between": {"passes": 3, "only": 0},
    "clipped after averaging": {"clip": True},
    "averaged in place": {"gradient_as_bucket_view": True, "only": 0},
}


def _loss(model: nn.Module, tokens: Tensor) -> Tensor:
    loss: Tensor = model(tokens).square().mean()
    return loss


def _norms(weights: Mapping[str, Tensor | None]) -> dict[str, float]:
    return {name: float(gradient.norm()) for name, gradient in weights.items() if gradient is not None}


def _oracle(model: nn.Module, batches: list[Tensor]) -> tuple[dict[str, float], dict[str, float]]:
    """Return the norms of the gradients of this process alone, and of their average over processes."""
    random = torch.get_rng_state()
    twin = copy.deepcopy(model)
    for tokens in batches:
        _loss(twin, tokens).backward()
    torch.set_rng_state(random)
    gradients = {name: weight.grad for name, weight in twin.named_parameters()}
    local = _norms(gradients)
    for gradient in gradients.values():
        if gradient is not None:
            distributed.all_reduce(gradient)
            gradient.div_(distributed.get_world_size())
    return local, _norms(gradients)


def trained(case: str, steps: int, rank: int, *, watched: bool) -> dict[str, Any]:
    """Train and return digests, and the last step's norms as autograd gave them and as the frame has them."""
    options = dict(CASES[case])
    inside, only, passes = options.pop("inside", False), options.pop("only", rank), options.pop("passes", 1)
    clip = options.pop("clip", False)
    seed()
    module = Reader(nn.LSTM(5, 6, 2, dropout=0.3))
    model = DistributedDataParallel(module, **options)
    optimizer = torch.optim.SGD(model.parameters(), lr=LR)
    watching = watched and rank == only
    recorder = rw.watch(module if inside else model, optimizer, every=1, strict=True) if watching else None
    torch.manual_seed(100 + rank)
    found = Digest()
    oracle: tuple[dict[str, float], dict[str, float]] = ({}, {})
    for _ in range(steps):
        batches = [torch.randint(0, V, (T, B)) for _ in range(passes)]
        oracle = _oracle(module, batches)
        optimizer.zero_grad()
        for index, tokens in enumerate(batches):
            with model.no_sync() if index < passes - 1 else contextlib.nullcontext():
                loss = _loss(model, tokens)
                loss.backward()
        if clip:
            nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()
        found.add(loss)
    weights = Digest.of(dict(module.state_dict()))
    found.add(dict(module.state_dict()))
    shown: dict[str, Any] = {"digest": found.end(), "weights": weights, "local": oracle[0], "averaged": oracle[1]}
    if recorder is not None:
        recorder.close()
        frame = recorder.recording[-1]
        assert (recorder.recording.status.recorded, recorder.health().errors) == (steps, {})
        shown["frame"] = {
            "layers": frame.layers,
            "scalars": dict(frame.scalars),
            "norms": {name: norm._asdict() for name, norm in frame.norms.items()},
        }
    return shown


@functools.cache
def in_fresh_processes(steps: int) -> dict[str, list[dict[str, Any]]]:
    """Return, for watched and plain, what each of two processes found."""
    found = {}
    for how in ("watched", "plain"):
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-W", "ignore", "-m", "tests.scorecard.ddp", how, str(steps)]
            running = [
                subprocess.Popen(
                    [*command, rank, str(Path(folder) / "met")], cwd=ROOT, stdout=subprocess.PIPE, text=True
                )
                for rank in ("0", "1")
            ]
            found[how] = [json.loads(output) for output in outputs(running)]
    return found


def main(how: str, steps: int, rank: int, file: str) -> None:
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=f"file://{file}", rank=rank, world_size=2)
    print(json.dumps({case: trained(case, steps, rank, watched=how == "watched") for case in CASES}))
    distributed.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
