"""Ways of training that must end bit for bit where they would have ended without a recorder."""

from __future__ import annotations

import copy
import hashlib
import random

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from torch.utils.checkpoint import checkpoint

import rnnwidgets as rw

STEPS, T, B, E, H = 12, 9, 5, 6, 7


class Reader(nn.Module):
    """A recurrent layer between two linear ones, called padded, packed or under checkpointing."""

    def __init__(self, layer: nn.RNNBase, *, packed: bool = False, reentrant: bool | None = None) -> None:
        super().__init__()
        self.below, self.rnn = nn.Linear(E, E), layer
        self.readout = nn.Linear((layer.proj_size or H) * (1 + layer.bidirectional), E)
        self.packed, self.reentrant = packed, reentrant

    def body(self, x: Tensor) -> Tensor:
        below: Tensor = nn.functional.dropout(self.below(x), 0.1, self.training)
        if self.packed:
            lengths = torch.tensor([4, T, 1, 6, 6])
            y, _ = self.rnn(pack_padded_sequence(below, lengths, enforce_sorted=False))
            return pad_packed_sequence(y)[0]
        output: Tensor = self.rnn(below)[0]
        return output

    def forward(self, x: Tensor) -> Tensor:
        if self.reentrant is None:
            y = self.body(x)
        else:
            y = checkpoint(self.body, x.requires_grad_(), use_reentrant=self.reentrant)
        logits: Tensor = self.readout(y)
        return logits


LAYERS = {
    "LSTM": lambda: Reader(nn.LSTM(E, H)),
    "two layers, both directions, dropout": lambda: Reader(nn.LSTM(E, H, 2, bidirectional=True, dropout=0.3)),
    "packed GRU": lambda: Reader(nn.GRU(E, H), packed=True),
    "packed, dropout": lambda: Reader(nn.GRU(E, H, 2, dropout=0.3), packed=True),
    "projection": lambda: Reader(nn.LSTM(E, H, proj_size=3)),
    "checkpoint": lambda: Reader(nn.LSTM(E, H, 2, dropout=0.3), reentrant=False),
    "reentrant checkpoint": lambda: Reader(nn.LSTM(E, H, 2, dropout=0.3), reentrant=True),
}
OPTIMIZERS = {
    "SGD": lambda weights: torch.optim.SGD(weights, lr=0.05),
    "momentum": lambda weights: torch.optim.SGD(weights, lr=0.05, momentum=0.9, nesterov=True),
    "AdamW": lambda weights: torch.optim.AdamW(weights, lr=0.01),
    "LBFGS": lambda weights: torch.optim.LBFGS(weights, lr=0.1, max_iter=4, line_search_fn="strong_wolfe"),
}


class Digest:
    """A digest of everything that a training run computes."""

    def __init__(self) -> None:
        self._found = hashlib.sha256()

    def add(self, value: object) -> None:
        if isinstance(value, Tensor):
            self._found.update(value.detach().numpy().tobytes())
        elif isinstance(value, dict):
            for key, part in value.items():
                self.add(key)
                self.add(part)
        elif isinstance(value, list | tuple):
            for part in value:
                self.add(part)
        else:
            self._found.update(repr(value).encode())

    def end(self) -> str:
        kind, keys, *rest = np.random.get_state()  # noqa: NPY002 # the generator that a user's code may share
        self.add([torch.get_rng_state(), random.getstate(), kind, torch.from_numpy(np.asarray(keys)), rest])
        return self._found.hexdigest()


def seeded(layer: str, optimizer: str):
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002 # as above
    random.seed(5)
    model = LAYERS[layer]()
    return model, OPTIMIZERS[optimizer](model.parameters())


def trained(layer: str, optimizer_name: str, style: str, *, watched: bool) -> tuple[str, int]:
    """Train and return a digest of what came of it, and the number of steps recorded."""
    model, optimizer = seeded(layer, optimizer_name)
    recorder = rw.watch(model, optimizer, every=1) if watched else None
    found, average = Digest(), copy.deepcopy(model)

    def backward() -> Tensor:
        part: Tensor = (model(torch.randn(T, B, E)) - 1).square().mean()
        part.backward()
        return part

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = backward()
        found.add(loss)
        return loss

    for step in range(STEPS):
        if style == "closure":
            loss = optimizer.step(closure)
        else:
            optimizer.zero_grad()
            loss = torch.stack([backward() for _ in range(4 if style == "accumulated" else 1)]).sum()
            if style == "clipped":
                found.add(nn.utils.clip_grad_norm_(model.parameters(), 0.05))
            optimizer.step()
        if style == "averaged":
            twin = copy.deepcopy(model)
            with torch.no_grad():
                for slow, weight in zip(average.parameters(), twin.parameters(), strict=True):
                    slow.lerp_(weight, 0.1)
            found.add(average(torch.randn(T, B, E)))
        if recorder is not None:
            recorder.log(loss=loss, step=step)
        found.add(loss)
    found.add(dict(model.state_dict()))
    found.add(dict(average.state_dict()))
    found.add(optimizer.state_dict())
    if recorder is not None:
        recorder.close()
        assert recorder.health().errors == {}
    return found.end(), 0 if recorder is None else recorder.recording.status.recorded


@pytest.mark.parametrize(
    ("layer", "optimizer", "style"),
    [
        *((layer, "AdamW", "plain") for layer in LAYERS),
        ("two layers, both directions, dropout", "momentum", "plain"),
        ("two layers, both directions, dropout", "SGD", "clipped"),
        ("two layers, both directions, dropout", "AdamW", "accumulated"),
        ("packed, dropout", "momentum", "accumulated"),
        ("two layers, both directions, dropout", "AdamW", "averaged"),
        ("packed GRU", "momentum", "averaged"),
        ("LSTM", "LBFGS", "closure"),
        ("projection", "LBFGS", "closure"),
        ("packed GRU", "momentum", "closure"),
    ],
)
@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported:UserWarning")
def test_losses_weights_moments_and_random_states_are_bit_identical_watched_or_not(layer, optimizer, style):
    unwatched, _ = trained(layer, optimizer, style, watched=False)
    watched, recorded = trained(layer, optimizer, style, watched=True)
    assert watched == unwatched
    assert recorded == STEPS


def test_the_digest_sees_one_more_random_number_and_one_changed_bit():
    plain, _ = trained("LSTM", "SGD", "plain", watched=False)
    model, _ = seeded("LSTM", "SGD")
    digests = []
    for disturb in (lambda: None, lambda: torch.rand(1), random.random, lambda: np.random.rand(1)):  # noqa: NPY002 # as above
        seeded("LSTM", "SGD")
        found = Digest()
        disturb()
        digests.append(found.end())
    moved, still = Digest(), Digest()
    still.add(dict(model.state_dict()))
    with torch.no_grad():
        model.readout.bias[0] = torch.nextafter(model.readout.bias[0], torch.tensor(9.0))
    moved.add(dict(model.state_dict()))
    assert len({*digests, moved.end(), still.end(), plain}) == 7
