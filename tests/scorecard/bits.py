"""Ways of training models, and a digest of all that one of them computes, in a process of its own, watched or not.

python -m tests.scorecard.bits watched|plain STEPS CASE...    prints a JSON object: case -> digest
"""

from __future__ import annotations

import copy
import hashlib
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from torch.utils.checkpoint import checkpoint

import rnnwidgets as rw
from tests.unit import parametrized

ROOT = Path(__file__).resolve().parents[2]
V, T, B, E, H = 11, 7, 4, 5, 6
SECONDS, AT_LEAST = 60, 0.5  # of the clock, and of CPU time in it: less is a hang, on a machine however busy
VARIANTS: dict[str, dict[str, Any]] = {
    "one layer": {},
    "two layers": {"num_layers": 2},
    "both directions": {"bidirectional": True},
    "packed": {},
    "dropout": {"num_layers": 2, "dropout": 0.3},
}
Train = Callable[[nn.Module, Any, Tensor], Tensor]


class Reader(nn.Module):
    """An embedding, a recurrent module, padded or packed, dropout, a readout."""

    def __init__(self, rnn: nn.Module, *, packed: bool = False) -> None:
        super().__init__()
        self.embedding, self.rnn, self.packed = nn.Embedding(V, E), rnn, packed
        width = (rnn.proj_size or H) * (1 + rnn.bidirectional) if isinstance(rnn, nn.RNNBase) else H
        self.readout = nn.Linear(width, V)

    def body(self, x: Tensor) -> Tensor:
        if self.packed:
            lengths = torch.tensor([4, T, 1, 6])[: x.shape[1]]
            y = pad_packed_sequence(self.rnn(pack_padded_sequence(x, lengths, enforce_sorted=False))[0])[0]
        else:
            y = self.rnn(x)[0]
        return nn.functional.dropout(y, 0.2, self.training)

    def forward(self, tokens: Tensor, checkpointing: Mapping[str, Any] | None = None) -> Tensor:
        x = self.embedding(tokens)
        y = self.body(x) if checkpointing is None else checkpoint(self.body, x, **checkpointing)
        logits: Tensor = self.readout(y)
        return logits


def _layers(kind: str, variant: str) -> Reader:
    make: dict[str, Callable[..., nn.RNNBase]] = {
        "RNN": nn.RNN,
        "GRU": nn.GRU,
        "LSTM": nn.LSTM,
        "LSTMP": partial(nn.LSTM, proj_size=3),
    }
    return Reader(make[kind](E, H, **VARIANTS[variant]), packed=variant == "packed")


def _computed(way: str) -> Reader:
    model = Reader(nn.LSTM(E, H))
    parametrized.WAYS[way].apply(model.rnn)
    return model


class Stepper(Reader):
    """The same with a cell in a loop."""

    def body(self, x: Tensor) -> Tensor:
        state: Any = None
        outputs = []
        for x_t in x:
            state = self.rnn(x_t, state)
            outputs.append(state[0] if isinstance(state, tuple) else state)
        return nn.functional.dropout(torch.stack(outputs), 0.2, self.training)


CELLS: dict[str, Callable[[], nn.Module]] = {
    "RNNCell": lambda: Stepper(nn.RNNCell(E, H)),
    "LSTMCell": lambda: Stepper(nn.LSTMCell(E, H)),
    "GRUCell": lambda: Stepper(nn.GRUCell(E, H)),
}
KINDS = ("RNN", "GRU", "LSTM", "LSTMP")
COMPUTED = {f"LSTM, {way}": partial(_computed, way) for way in parametrized.WAYS}
MODELS: dict[str, Callable[[], nn.Module]] = {
    **{f"{kind}, {variant}": partial(_layers, kind, variant) for kind, variant in product(KINDS, VARIANTS)},
    **CELLS,
    **COMPUTED,
}


def _loss(model: nn.Module, tokens: Tensor, **options: Any) -> Tensor:
    loss: Tensor = model(tokens, **options).square().mean()
    return loss


def _plain(model: nn.Module, optimizer: Any, tokens: Tensor, clip: float = 0.0, **options: Any) -> Tensor:
    loss = _loss(model, tokens, **options)
    optimizer.zero_grad()
    loss.backward()
    if clip:
        nn.utils.clip_grad_norm_(model.parameters(), clip)
        nn.utils.clip_grad_value_(model.parameters(), clip / 4)
    optimizer.step()
    return loss


def _accumulated(model: nn.Module, optimizer: Any, tokens: Tensor) -> Tensor:
    optimizer.zero_grad()
    losses = [_loss(model, part) for part in tokens.chunk(2, dim=1)]
    for loss in losses:
        loss.backward()
    optimizer.step()
    return torch.stack(losses).sum()


def _closure(model: nn.Module, optimizer: Any, tokens: Tensor) -> Tensor:
    def evaluate() -> Tensor:
        optimizer.zero_grad()
        loss = _loss(model, tokens)
        loss.backward()
        return loss

    return torch.as_tensor(optimizer.step(evaluate))


def _scaled(model: nn.Module, optimizer: Any, tokens: Tensor) -> Tensor:
    if not hasattr(optimizer, "scaler"):
        optimizer.scaler = torch.amp.GradScaler("cpu", growth_interval=5)
    loss = _loss(model, tokens)
    optimizer.zero_grad()
    optimizer.scaler.scale(loss).backward()
    optimizer.scaler.step(optimizer)
    optimizer.scaler.update()
    return loss


def _averaged(model: nn.Module, optimizer: Any, tokens: Tensor) -> Tensor:
    """Train, and keep an average of the weights in a copy that predicts too."""
    if not hasattr(optimizer, "average"):
        optimizer.average = torch.optim.swa_utils.AveragedModel(model)
    loss = _plain(model, optimizer, tokens)
    optimizer.average.update_parameters(model)
    return torch.stack([loss, _loss(optimizer.average, tokens), _loss(copy.deepcopy(model), tokens)])


def _sgd(weights: Iterable[Tensor]) -> torch.optim.Optimizer:
    return torch.optim.SGD(weights, lr=0.1, momentum=0.9, nesterov=True)


def _lbfgs(weights: Iterable[Tensor]) -> torch.optim.Optimizer:
    return torch.optim.LBFGS(weights, lr=0.1, max_iter=4)


WAYS: dict[str, tuple[Callable[..., torch.optim.Optimizer], Train]] = {
    "Adam": (torch.optim.Adam, _plain),
    "AdamW": (torch.optim.AdamW, _plain),
    "SGD": (_sgd, _plain),
    "LBFGS": (_lbfgs, _closure),
    "Adam with a closure": (torch.optim.Adam, _closure),
    "clipping": (torch.optim.AdamW, partial(_plain, clip=0.01)),
    "accumulation": (torch.optim.AdamW, _accumulated),
    "GradScaler": (torch.optim.AdamW, _scaled),
    "checkpointing": (torch.optim.AdamW, partial(_plain, checkpointing={"use_reentrant": False})),
    "reentrant checkpointing": (torch.optim.AdamW, partial(_plain, checkpointing={"use_reentrant": True})),
    "averaged copy": (torch.optim.AdamW, _averaged),
}


class Digest:
    """A digest of everything that a training run computes."""

    def __init__(self) -> None:
        self._found = hashlib.sha256()

    def add(self, value: object) -> None:
        if isinstance(value, Tensor):
            self._found.update(value.detach().numpy().tobytes())
        elif isinstance(value, Mapping):
            for key, part in value.items():
                self.add(key)
                self.add(part)
        elif isinstance(value, list | tuple):
            for part in value:
                self.add(part)
        else:
            self._found.update(repr(value).encode())

    @classmethod
    def of(cls, value: object) -> str:
        """Return the digest of one value alone."""
        digest = cls()
        digest.add(value)
        return digest._found.hexdigest()

    def end(self) -> str:
        """Add the three random states and return the digest."""
        kind, keys, *rest = np.random.get_state()  # noqa: NPY002 # the global state is what must stay as it is
        self.add([torch.get_rng_state(), random.getstate(), kind, torch.from_numpy(np.asarray(keys)), rest])
        return self._found.hexdigest()


def seed() -> None:
    torch.manual_seed(5)
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002 # as above


def digest(case: str, steps: int, *, watched: bool) -> str:
    """Train, and return a digest of losses, weights, buffers, moments and random states."""
    model_name, way = case.split(" / ")
    seed()
    model = MODELS[model_name]()
    make, train = WAYS[way]
    optimizer = make(model.parameters())
    recorder = rw.watch(model, optimizer, every=1, decode=str, strict=True) if watched else None
    found = Digest()
    for step in range(steps):
        loss = train(model, optimizer, torch.randint(0, V, (T, B)))
        found.add(loss)
        if recorder is not None:
            recorder.log(loss=loss.detach().flatten()[0], step=step)
    for kept in (model, getattr(optimizer, "average", model), optimizer):
        found.add(dict(kept.state_dict()))
    if recorder is not None:
        recorder.close()
        status, frame = recorder.recording.status, recorder.recording[-1]
        assert (status.recorded, recorder.health().errors) == (steps, {}), case
        assert all({"dh", "dy", "h"} <= set(trace.names) for trace in frame.traces.values()), case
    return found.end()


def cases(models: Iterable[str], ways: Iterable[str]) -> list[str]:
    return [f"{model} / {way}" for model, way in product(models, ways)]


def outputs(running: list[subprocess.Popen[str]]) -> list[str]:
    """Return what processes print until they end; TimeoutError where `SECONDS` pass in which they do nothing."""
    worked, since = 0.0, time.monotonic()
    try:
        while alive := [psutil.Process(process.pid) for process in running if process.poll() is None]:
            now = sum(sum(process.cpu_times()[:2]) for process in alive)
            if abs(now - worked) > AT_LEAST:
                worked, since = now, time.monotonic()
            elif time.monotonic() > since + SECONDS:
                raise TimeoutError(f"{len(alive)} processes have done nothing for {SECONDS} s")
            time.sleep(0.1)
        return [process.communicate()[0] for process in running]
    finally:
        for process in running:
            process.kill()
            process.wait()


def in_fresh_processes(wanted: list[str], steps: int) -> tuple[dict[str, str], dict[str, str]]:
    """Return the digests of every case, watched and not, each in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.scorecard.bits"]
    running = [
        subprocess.Popen([*command, how, str(steps), *wanted], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for how in ("watched", "plain")
    ]
    watched, plain = (json.loads(output) for output in outputs(running))
    return watched, plain


if __name__ == "__main__":
    torch.set_num_threads(1)
    how, steps, *wanted = sys.argv[1:]
    print(json.dumps({case: digest(case, int(steps), watched=how == "watched") for case in wanted}))
