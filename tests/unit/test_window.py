"""Of very long sequences the last times are recorded, with the values that a recording of all times has there."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import rnnwidgets as rw
from rnnwidgets import Recorder, Trace
from rnnwidgets.recorder import window
from rnnwidgets.recorder.window import times_kept

T, B, H = 90, 3, 6
KINDS = {"LSTM": nn.LSTM, "GRU": nn.GRU, "RNN": nn.RNN}


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than 50 times are long here, and 20 of them are kept of an LSTM."""
    monkeypatch.setattr(window, "LONGEST", 50)
    monkeypatch.setattr(window, "_PRODUCTS", 20 * B * 4 * H * H)


def recorded(module: nn.RNNBase, x: Tensor, *, whole: bool, on: str, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    with monkeypatch.context() as patch:
        if whole:
            patch.setattr(window, "LONGEST", T)
        with rw.watch(module, every=1) as recorder:
            output, last = module(x)
            state = last[1] if on == "c_n" else last[0] if isinstance(last, tuple) else last
            seen = output if on == "output" else state
            seen.square().sum().backward()
            recorder.step()
            module.zero_grad()
        return recorder


def both(module: nn.RNNBase, x: Tensor, on: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Trace, Trace, Recorder]:
    kept, known = (recorded(module, x, whole=whole, on=on, monkeypatch=monkeypatch) for whole in (False, True))
    return kept.recording[0]["l0"], known.recording[0]["l0"], kept


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("on", ["output", "h_n", "c_n"])
@pytest.mark.parametrize("forget_bias", [-3.0, 0.0, 3.0, 12.0])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 1e-5)])
def test_the_last_times_have_the_values_of_a_whole_recording(on, forget_bias, dtype, tolerance, monkeypatch):
    torch.manual_seed(0)
    module = nn.LSTM(4, H, dtype=dtype)
    with torch.no_grad():
        module.get_parameter("bias_hh_l0")[H : 2 * H] = forget_bias
    kept, whole, recorder = both(module, torch.randn(T, B, 4, dtype=dtype), on, monkeypatch)
    assert (kept.first, whole.first, kept.lengths) == (70, 0, (20,) * B)
    assert kept.replay_error < tolerance
    for name in whole.names:
        scale = np.abs(whole[name][70:]).max() + 1e-30
        assert np.abs(kept[name] - whole[name][70:]).max() <= tolerance * scale, name
    np.testing.assert_allclose(kept.start["c"], whole["c"][69], rtol=tolerance, atol=tolerance)
    np.testing.assert_array_equal(kept.start["h"], whole["h"][69])
    assert recorder.recording.status.notes == ("recording the last 20 of 90 timesteps",)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("kind", ["GRU", "RNN"])
@pytest.mark.parametrize("batch_first", [False, True])
def test_other_kinds_and_layouts_are_kept_alike(kind, batch_first, monkeypatch):
    torch.manual_seed(0)
    module = KINDS[kind](4, H, batch_first=batch_first, dtype=torch.float64)
    x = torch.randn(*((B, T) if batch_first else (T, B)), 4, dtype=torch.float64)
    kept, whole, _ = both(module, x, "output", monkeypatch)
    assert kept.first > 0
    for name in whole.names:
        np.testing.assert_allclose(kept[name], whole[name][kept.first :], rtol=1e-12, atol=1e-14)


@pytest.mark.usefixtures("short")
@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
@pytest.mark.parametrize("shape", [{"num_layers": 2}, {"bidirectional": True}, {"proj_size": 2}])
def test_what_needs_all_times_is_kept_whole(shape, monkeypatch):
    module = nn.LSTM(4, H, **shape)
    kept, _, _ = both(module, torch.randn(T, B, 4), "output", monkeypatch)
    assert (kept.first, kept.lengths) == (0, (T,) * B)


@pytest.mark.parametrize(
    ("times", "hidden", "samples", "memory", "kept"),
    [
        (2048, 512, 4, 2**40, None),
        (2049, 256, 4, 2**40, 18),
        (2049, 8, 4, 2**40, 2047),
        (10_000, 8, 4, 2**40, 2048),
        (10_000, 4096, 4, 64 * 2**20, 14),
        (1000, 1024, 4, 64 * 2**20, 56),
    ],
)
def test_as_many_times_are_kept_as_work_and_memory_allow(times, hidden, samples, memory, kept):
    module = nn.LSTM(1, hidden, device="meta")
    x = torch.empty(times, 4, 1, device="meta")
    assert times_kept(module, x, samples=samples, memory=memory) == kept


def test_token_ids_are_those_of_the_times_kept(monkeypatch):
    monkeypatch.setattr(window, "LONGEST", 50)
    torch.manual_seed(0)
    model = nn.ModuleDict({"embedding": nn.Embedding(90, 4), "lstm": nn.LSTM(4, H)})
    monkeypatch.setattr(window, "_PRODUCTS", 20 * 4 * H * H)
    with rw.watch(model, every=1, samples=1, decode=str) as recorder:
        model["lstm"](model["embedding"](torch.arange(T).reshape(T, 1)))[0].sum().backward()
        recorder.step()
    tokens = recorder.recording[0].tokens
    assert tokens is not None
    assert tokens[0] == tuple(map(str, range(70, 90)))


def test_sequences_too_long_for_the_memory_are_cut_and_the_note_names_it():
    model = nn.LSTM(3, 64)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with rw.watch(model, optimizer, every=1, memory=2**20) as recorder:
        model(torch.randn(100, 4, 3))[0].square().mean().backward()
        optimizer.step()
    assert recorder.recording[0]["l0"].first == 86
    assert recorder.recording.status.notes == ("recording the last 14 of 100 timesteps (memory=1 MiB)",)
