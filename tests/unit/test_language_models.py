"""Language models as people write them, trained whole and recorded: tied weights and a carried state, and AWD-LSTM."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import rnnwidgets as rw

V, B, BPTT = 13, 8, 10
State = tuple[Tensor, Tensor]


def corpus(length=2000):
    """Return a text whose next word is one of two, so that perplexity can fall from V to about 2."""
    generator = torch.Generator().manual_seed(0)
    coins = torch.randint(0, 2, (length,), generator=generator).tolist()
    ids = [0]
    for coin in coins:
        ids.append((3 * ids[-1] + 1 + 5 * coin) % V)
    return torch.tensor(ids)


def batchify(data: Tensor) -> Tensor:
    rows = len(data) // B
    return data[: rows * B].view(B, rows).t().contiguous()


def get_batch(source: Tensor, start: int) -> tuple[Tensor, Tensor]:
    length = min(BPTT, len(source) - 1 - start)
    return source[start : start + length], source[start + 1 : start + 1 + length].view(-1)


def repackage_hidden(h: State) -> State:
    return h[0].detach(), h[1].detach()


class WordLanguageModel(nn.Module):
    """The shape of PyTorch's word-level example: encoder, stacked LSTM, decoder tied to the encoder."""

    def __init__(self, hidden: int = 24, layers: int = 2, dropout: float = 0.1) -> None:
        super().__init__()
        self.drop = nn.Dropout(dropout)
        self.encoder = nn.Embedding(V, hidden)
        self.rnn = nn.LSTM(hidden, hidden, layers, dropout=dropout)
        self.decoder = nn.Linear(hidden, V)
        self.decoder.weight = self.encoder.weight
        self.layers, self.hidden = layers, hidden

    def init_hidden(self) -> State:
        weight = next(self.parameters())
        shape = self.layers, B, self.hidden
        return weight.new_zeros(shape), weight.new_zeros(shape)

    def forward(self, words: Tensor, hidden: State) -> tuple[Tensor, State]:
        emb = self.drop(self.encoder(words))
        output, hidden = self.rnn(emb, hidden)
        decoded = self.decoder(self.drop(output)).view(-1, V)
        return nn.functional.log_softmax(decoded, dim=1), hidden


def trained_by_hand(*, watched: bool) -> tuple[list[float], rw.Recorder | None]:
    """Train as the example does: no optimizer, weights moved by hand after clipping."""
    torch.manual_seed(1)
    model, source, lr = WordLanguageModel(), batchify(corpus()), 2.0
    recorder = rw.watch(model, every=1, decode=[f"w{i}" for i in range(V)], strict=True) if watched else None
    losses = []
    for _ in range(4):
        model.train()
        hidden = model.init_hidden()
        for start in range(0, len(source) - 1, BPTT):
            words, targets = get_batch(source, start)
            model.zero_grad()
            hidden = repackage_hidden(hidden)
            output, hidden = model(words, hidden)
            loss = nn.functional.nll_loss(output, targets)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 0.25)
            if recorder is not None:
                recorder.step(loss=loss)
            for weight in model.parameters():
                assert weight.grad is not None
                weight.data.add_(weight.grad, alpha=-lr)
            losses.append(loss.item())
        lr /= 1.2
    if recorder is not None:
        recorder.close()
    return losses, recorder


def test_a_word_level_language_model_with_tied_weights_and_a_carried_state_is_recorded_while_it_learns():
    losses, recorder = trained_by_hand(watched=True)
    assert losses == trained_by_hand(watched=False)[0]
    assert losses[0] == pytest.approx(math.log(V), rel=0.3)
    assert np.mean(losses[-10:]) < 0.6 * losses[0]
    assert recorder is not None
    recording = recorder.recording
    assert recording.steps == list(range(len(losses)))
    assert recording.scalars["loss"].values.tolist() == pytest.approx(losses)
    assert recording.status.notes == ()
    assert recorder.health().errors == {}
    for before, frame in itertools.pairwise(recording[:21]):
        for layer in ("rnn.l0", "rnn.l1"):
            assert frame[layer].inexact == ""
            assert frame[layer].start["h"] == pytest.approx(before[layer]["h"][-1], abs=1e-6)
            assert frame[layer].start["c"] == pytest.approx(before[layer]["c"][-1], abs=1e-6)
    first = recording[0]
    assert first.tokens is not None
    assert first.tokens[0] == tuple(f"w{i}" for i in batchify(corpus())[:BPTT, 0].tolist())
    assert "encoder.weight" in first.norms
    assert "decoder.weight" not in first.norms
    clipped = recording.scalars["grad_norm_before_clip"].steps.tolist()
    assert clipped
    by_step = dict(zip(recording.steps, recording, strict=True))
    assert all(by_step[step].scalars["grad_norm"] == pytest.approx(0.25, rel=1e-3) for step in clipped)


class WeightDrop(nn.Module):
    """DropConnect on the recurrent weights of a module inside, in the form that the AWD-LSTM's users know."""

    def __init__(self, module: nn.LSTM, p: float) -> None:
        super().__init__()
        self.module, self.p = module, p
        raw = module._parameters.pop("weight_hh_l0")
        assert raw is not None
        self.weight_hh_l0_raw = nn.Parameter(raw.detach())
        self.used = torch.empty(0)

    def forward(self, *args: Tensor | State) -> tuple[Tensor, State]:
        dropped = nn.functional.dropout(self.weight_hh_l0_raw, self.p, self.training)
        self.used = dropped.detach()
        self.module.weight_hh_l0 = dropped
        output: tuple[Tensor, State] = self.module(*args)
        return output


class LockedDropout(nn.Module):
    """One mask for all times."""

    def forward(self, x: Tensor, p: float) -> Tensor:
        if not self.training:
            return x
        return x * x.new_empty(1, x.shape[1], x.shape[2]).bernoulli_(1 - p).div_(1 - p)


class AwdLstm(nn.Module):
    """Embedding, weight-dropped LSTMs one after another with locked dropout between, tied decoder."""

    def __init__(self, hidden: int = 20) -> None:
        super().__init__()
        self.encoder, self.lockdrop = nn.Embedding(V, hidden), LockedDropout()
        self.rnns = nn.ModuleList([WeightDrop(nn.LSTM(hidden, hidden), 0.2) for _ in range(2)])
        self.decoder = nn.Linear(hidden, V)
        self.decoder.weight = self.encoder.weight

    def forward(self, words: Tensor, states: list[State | None]) -> tuple[Tensor, list[State], list[Tensor], Tensor]:
        x = self.lockdrop(self.encoder(words), 0.1)
        ends, outputs = [], []
        for rnn, state in zip(self.rnns, states, strict=True):
            x, end = rnn(x) if state is None else rnn(x, state)
            ends.append(end)
            outputs.append(x)
            x = self.lockdrop(x, 0.1)
        return self.decoder(x), ends, outputs, x


def trained_awd(*, watched: bool) -> tuple[list[float], list[Tensor], rw.Recorder | None]:
    """Train with its two penalties on activations; return also the second layer's recurrent weights as dropped."""
    torch.manual_seed(2)
    model, source = AwdLstm(), batchify(corpus())
    last = model.rnns[1]
    assert isinstance(last, WeightDrop)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=1e-6)
    recorder = rw.watch(model, optimizer, every=1, decode=str, strict=True) if watched else None
    losses, used = [], []
    for _ in range(3):
        states: list[State | None] = [None, None]
        for start in range(0, len(source) - 1, BPTT):
            words, targets = get_batch(source, start)
            optimizer.zero_grad()
            logits, ends, outputs, dropped = model(words, states)
            raw = nn.functional.cross_entropy(logits.view(-1, V), targets)
            steady = (outputs[-1][1:] - outputs[-1][:-1]).pow(2).mean()
            (raw + 2 * dropped.pow(2).mean() + steady).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 0.25)
            optimizer.step()
            states = [repackage_hidden(end) for end in ends]
            losses.append(raw.item())
            used.append(last.used)
    if recorder is not None:
        recorder.close()
    return losses, used, recorder


def test_an_awd_lstm_with_dropped_recurrent_weights_is_recorded_while_it_learns():
    losses, used, recorder = trained_awd(watched=True)
    assert losses == trained_awd(watched=False)[0]
    assert np.mean(losses[-10:]) < 0.75 * losses[0]
    assert recorder is not None
    recording = recorder.recording
    assert recording.steps == list(range(len(losses)))
    assert recording.layers == ("rnns.0.module.l0", "rnns.1.module.l0")
    assert recording.status.notes == ()
    for step, frame in enumerate(recording):
        trace = frame["rnns.1.module.l0"]
        assert trace.inexact == ""
        assert trace.replay_error < 1e-6
        if "W_hh" in trace.weights:
            assert trace.weights["W_hh"].tobytes() == used[step].numpy().tobytes()
    assert 0.1 < float((used[-1] == 0).float().mean()) < 0.3
    assert {"rnns.0.weight_hh_l0_raw", "rnns.1.weight_hh_l0_raw"} <= set(recording[0].norms)
    kept = [frame for frame in recording if "W_hh" in frame["rnns.1.module.l0"].weights]
    assert len(kept) >= 2
