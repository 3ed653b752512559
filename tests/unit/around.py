"""A way of training in a process of its own: prints a digest of all that training computes, watched or not.

python -m tests.unit.around NAME watched|plain
"""

from __future__ import annotations

import copy
import hashlib
import random
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

import rnnwidgets as rw
from tests.unit.tagger import Tagger, V

STEPS, T, B = 30, 7, 4
Step = Callable[[nn.Module, Any, Tensor], Tensor]


def loss_of(model: nn.Module, tokens: Tensor) -> Tensor:
    loss: Tensor = model(tokens).square().mean()
    return loss


def plain(model: nn.Module, optimizer: Any, tokens: Tensor) -> Tensor:
    loss = loss_of(model, tokens)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss


def clipped(model: nn.Module, optimizer: Any, tokens: Tensor) -> Tensor:
    loss = loss_of(model, tokens)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 0.01)
    optimizer.step()
    return loss


def accumulated(model: nn.Module, optimizer: Any, tokens: Tensor) -> Tensor:
    optimizer.zero_grad()
    for part in tokens.chunk(2, dim=1):
        loss = loss_of(model, part)
        loss.backward()
    optimizer.step()
    return loss


def closure(model: nn.Module, optimizer: Any, tokens: Tensor) -> Tensor:
    def evaluate() -> Tensor:
        optimizer.zero_grad()
        loss = loss_of(model, tokens)
        loss.backward()
        return loss

    return torch.as_tensor(optimizer.step(evaluate))


def scaled(model: nn.Module, optimizer: Any, tokens: Tensor) -> Tensor:
    if not hasattr(optimizer, "scaler"):
        optimizer.scaler = torch.amp.GradScaler("cpu", growth_interval=5)
    loss = loss_of(model, tokens)
    optimizer.zero_grad()
    optimizer.scaler.scale(loss).backward()
    optimizer.scaler.step(optimizer)
    optimizer.scaler.update()
    return loss


def averaged(model: nn.Module, optimizer: Any, tokens: Tensor) -> Tensor:
    loss = plain(model, optimizer, tokens)
    average = copy.deepcopy(model)
    with torch.no_grad():
        for mine, kept in zip(model.parameters(), average.parameters(), strict=True):
            mine.lerp_(kept, 0.5)
    return loss


def checkpointed(*, reentrant: bool) -> Step:
    def train(model: nn.Module, optimizer: Any, tokens: Tensor) -> Tensor:
        x = model.get_submodule("embedding")(tokens)
        layer = model.get_submodule("lstm")
        output = checkpoint(lambda value: nn.functional.dropout(layer(value)[0], 0.2), x, use_reentrant=reentrant)
        loss: Tensor = model.get_submodule("readout")(output).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return train


WAYS: dict[str, tuple[Callable[..., torch.optim.Optimizer], Step]] = {
    "Adam": (torch.optim.Adam, plain),
    "AdamW": (torch.optim.AdamW, plain),
    "SGD": (lambda weights: torch.optim.SGD(weights, lr=0.1, momentum=0.9), plain),
    "LBFGS": (lambda weights: torch.optim.LBFGS(weights, lr=0.1, max_iter=4), closure),
    "Adam with a closure": (torch.optim.Adam, closure),
    "clipping": (torch.optim.Adam, clipped),
    "accumulation": (torch.optim.Adam, accumulated),
    "scaled gradients": (torch.optim.Adam, scaled),
    "an averaged copy": (torch.optim.Adam, averaged),
    "checkpointing": (torch.optim.Adam, checkpointed(reentrant=False)),
    "reentrant checkpointing": (torch.optim.Adam, checkpointed(reentrant=True)),
}


def digest(name: str, *, watched: bool) -> str:
    """Train and return a digest of losses, weights and random states."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 # the global state is what must stay as it is
    model = Tagger("LSTM")
    make, train = WAYS[name]
    optimizer = make(model.parameters())
    recorder = rw.watch(model, optimizer, every=1, decode=str, strict=True) if watched else None
    found = hashlib.sha256()
    for _ in range(STEPS):
        loss = train(model, optimizer, torch.randint(0, V, (T, B)))
        found.update(loss.detach().numpy().tobytes())
    for tensor in model.state_dict().values():
        found.update(tensor.numpy().tobytes())
    found.update(torch.get_rng_state().numpy().tobytes())
    found.update(repr((random.getstate(), np.random.get_state())).encode())  # noqa: NPY002 # as above
    if recorder is not None:
        frames = recorder.recording
        assert frames.steps == list(range(STEPS))
        assert all("dh" in frame["lstm.l0"].names and not frame["lstm.l0"].inexact for frame in frames) or (
            name == "accumulation"
        )
    return found.hexdigest()


if __name__ == "__main__":
    print(digest(sys.argv[1], watched=sys.argv[2] == "watched"))
