"""Models in the shape of well-known programs: each trains, and is recorded exactly while it does."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import rnnwidgets as rw

SYMBOLS, UNITS, TIMES, BATCH, STEPS = 8, 24, 5, 16, 60


class Translator(nn.Module):
    """Sequence to sequence: a bidirectional GRU reads, an LSTM cell writes, attending to what was read; in training it
    is fed the target or, as a coin falls, its own last symbol.
    """

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(SYMBOLS, UNITS)
        self.encoder = nn.GRU(UNITS, UNITS // 2, bidirectional=True, batch_first=True)
        self.decoder = nn.ModuleDict({"cell": nn.LSTMCell(2 * UNITS, UNITS), "readout": nn.Linear(2 * UNITS, SYMBOLS)})

    def forward(self) -> Tensor:
        source = torch.randint(0, SYMBOLS, (BATCH, TIMES))
        target = source.flip(1)
        memory, last = self.encoder(self.embedding(source))
        h = last.transpose(0, 1).reshape(BATCH, UNITS)
        c, context, fed = torch.zeros_like(h), torch.zeros_like(h), torch.zeros(BATCH, dtype=torch.int64)
        losses = []
        for wanted in target.T:
            h, c = self.decoder["cell"](torch.cat((self.embedding(fed), context), 1), (h, c))
            weights = torch.softmax((memory @ h.unsqueeze(2)).squeeze(2), 1)
            context = (weights.unsqueeze(1) @ memory).squeeze(1)
            logits = self.decoder["readout"](torch.cat((h, context), 1))
            losses.append(nn.functional.cross_entropy(logits, wanted))
            fed = wanted if torch.rand(()) < 0.7 else logits.argmax(1)
        return torch.stack(losses).mean()


class Tagger(nn.Module):
    """A packed bidirectional tagger over sentences of any length."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(SYMBOLS, UNITS)
        self.lstm = nn.LSTM(UNITS, UNITS, num_layers=2, bidirectional=True, dropout=0.1, batch_first=True)
        self.readout = nn.Linear(2 * UNITS, SYMBOLS)

    def forward(self) -> Tensor:
        words, lengths = torch.randint(0, SYMBOLS, (BATCH, TIMES)), torch.randint(1, TIMES + 1, (BATCH,))
        inside = torch.arange(TIMES) < lengths.unsqueeze(1)
        tags = torch.where(inside, (words + words.roll(1, 1)) % SYMBOLS, -100)
        packed = pack_padded_sequence(self.embedding(words), lengths, batch_first=True, enforce_sorted=False)
        output, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True, total_length=TIMES)
        return nn.functional.cross_entropy(self.readout(output).transpose(1, 2), tags)


class Scratch(nn.Module):
    """A gated recurrent unit as textbooks write it: matrices, one time after another, tapped."""

    def __init__(self) -> None:
        super().__init__()
        self.W = nn.ParameterList([nn.Parameter(torch.randn(SYMBOLS, UNITS) * 0.3) for _ in "zrh"])
        self.U = nn.ParameterList([nn.Parameter(torch.randn(UNITS, UNITS) * 0.2) for _ in "zrh"])
        self.readout = nn.Linear(UNITS, SYMBOLS)

    def forward(self) -> Tensor:
        symbols = torch.randint(0, SYMBOLS, (TIMES, BATCH))
        h, outputs = torch.zeros(BATCH, UNITS), []
        for x in nn.functional.one_hot(symbols, SYMBOLS).float():
            z = rw.tap("gru.z", torch.sigmoid(x @ self.W[0] + h @ self.U[0]))
            r = rw.tap("gru.r", torch.sigmoid(x @ self.W[1] + h @ self.U[1]))
            new = rw.tap("gru.n", torch.tanh(x @ self.W[2] + (r * h) @ self.U[2]))
            h = rw.tap("gru.h", z * h + (1 - z) * new)
            outputs.append(self.readout(h))
        return nn.functional.cross_entropy(torch.stack(outputs[1:]).flatten(0, 1), symbols[:-1].flatten())


class Minimal(nn.Module):
    """The minimal gated recurrent unit: its gates do not look at the state, so that all times are computed at once."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(SYMBOLS, UNITS)
        self.gates = nn.ModuleList([nn.Linear(UNITS, 2 * UNITS) for _ in range(2)])
        self.readout = nn.Linear(UNITS, SYMBOLS)

    def layer(self, name: str, gates: nn.Module, x: Tensor) -> Tensor:
        gate, new = gates(x).chunk(2, -1)
        z, new = rw.tap(f"{name}.z", torch.sigmoid(gate)), rw.tap(f"{name}.n", torch.tanh(new))
        kept = torch.cumsum(torch.log1p(-z), 0)
        return rw.tap(f"{name}.h", torch.exp(kept) * torch.cumsum(z * new * torch.exp(-kept), 0))

    def forward(self) -> Tensor:
        symbols = torch.randint(0, SYMBOLS, (TIMES, BATCH))
        x = self.embedding(symbols)
        for number, gates in enumerate(self.gates):
            x = x + self.layer(f"min.l{number}", gates, x)
        return nn.functional.cross_entropy(self.readout(x)[1:].flatten(0, 1), symbols[:-1].flatten())


class Program(nn.Module):
    """One of the above, whose forward pass is its loss."""

    def __init__(self, make: Callable[[], nn.Module]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.model = make()

    def forward(self) -> Tensor:
        loss: Tensor = self.model()
        return loss


def trained(make: Callable[[], nn.Module], *, watched: bool) -> tuple[list[float], rw.Recording | None]:
    """Train one and return its losses, and what was recorded."""
    program = Program(make)
    optimizer = torch.optim.Adam(program.parameters(), 0.01)
    recorder = rw.watch(program, optimizer, every=10, strict=True) if watched else None
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = program()
        loss.backward()
        nn.utils.clip_grad_norm_(program.parameters(), 1)
        optimizer.step()
        losses.append(float(loss.detach()))
    if recorder is not None:
        recorder.close()
    return losses, None if recorder is None else recorder.recording


PROGRAMS: dict[str, tuple[Callable[[], nn.Module], dict[str, set[str]]]] = {
    "translator": (
        Translator,
        {
            "model.encoder.l0": {"r", "z", "n", "h", "dh", "dy"},
            "model.encoder.l0_reverse": {"r", "z", "n", "h", "dh", "dy"},
            "model.decoder.cell": {"i", "f", "g", "o", "c", "h", "dh", "dc", "dy"},
        },
    ),
    "tagger": (
        Tagger,
        {
            f"model.lstm.l{layer}{way}": {"i", "f", "g", "o", "c", "h", "dh", "dc", "dy"}
            for layer in (0, 1)
            for way in ("", "_reverse")
        },
    ),
    "scratch": (Scratch, {"gru": {"z", "r", "n", "h", "dz", "dr", "dn", "dh"}}),
    "minimal": (Minimal, {f"min.l{layer}": {"z", "n", "h", "dz", "dn", "dh"} for layer in (0, 1)}),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_trains_the_same_to_the_bit_and_every_layer_of_it_is_recorded_exactly(name):
    make, layers = PROGRAMS[name]
    losses, recording = trained(make, watched=True)
    assert losses == trained(make, watched=False)[0]
    assert sum(losses[-10:]) < 0.9 * sum(losses[:10])
    assert recording is not None
    assert recording.steps == list(range(0, STEPS, 10))
    for frame in recording:
        assert {layer: set(trace.names) for layer, trace in frame.traces.items()} == layers
        for trace in frame.traces.values():
            assert trace.inexact == ""
            assert max(trace.lengths) <= TIMES
            assert trace.kind == "TAP" or trace.replay_error <= 1e-6


def test_what_is_tapped_of_a_textbook_cell_obeys_its_equations():
    _, recording = trained(Scratch, watched=True)
    assert recording is not None
    trace = recording[-1]["gru"]
    z, n, h = (torch.from_numpy(trace[letter].copy()) for letter in "znh")
    before = torch.cat((torch.zeros_like(h[:1]), h[:-1]))
    assert torch.allclose(h, z * before + (1 - z) * n, atol=1e-6)
