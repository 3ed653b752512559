"""Bad input gets one sentence that names the argument, before training; nothing is attached then."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import cast

import pytest
import torch
from torch import nn

import rnnwidgets as rw
from rnnwidgets.errors import RecorderWarning


class Net(nn.Module):
    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.rnn = layer

    def forward(self, x):
        return self.rnn(x)[0]


class Normalised(nn.LSTM):
    def forward(self, x, hx=None):
        output, last = super().forward(x, hx)
        return nn.functional.layer_norm(output, output.shape[-1:]), last


def scripted() -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.script(nn.Linear(2, 2))


def attached(model: nn.Module) -> int:
    return sum(len(module._forward_hooks) for module in model.modules())


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        (nn.LSTM(2, 2, dtype=torch.complex64), "found complex weights at 'rnn'"),
        (nn.GRUCell(2, 2, dtype=torch.complex64), "found complex weights at 'rnn'"),
        (Normalised(2, 2), "found Normalised at 'rnn', whose forward() is another"),
        (scripted(), "found a ScriptModule at 'rnn', which runs no hooks"),
        (nn.DataParallel(nn.LSTM(2, 2)), "found DataParallel at 'rnn', which trains copies that it throws away"),
    ],
)
def test_a_model_that_cannot_be_recorded_is_refused_by_name(layer, said):
    model = Net(layer)
    with pytest.raises(rw.RecordingError) as refused:
        rw.watch(model)
    assert said in str(refused.value)
    assert attached(model) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"every": 0}, 'every: expected a whole number of steps from 1 on, or "auto", found 0; every=1 records each'),
        ({"every": True}, "every: expected"),
        ({"every": "often"}, "found 'often'"),
        ({"budget": 0}, "budget: expected a positive fraction"),
        ({"samples": 0}, "samples: expected a number of sequences from 1 on"),
        ({"samples": [1, 1]}, "samples: expected"),
        ({"samples": [-1]}, "samples: expected"),
        ({"layers": ["lstm.l0"]}, "layers: expected names among rnn.l0, found 'lstm.l0'; use those names."),
        ({"layers": "rnn.l0"}, "layers: expected a list of layer names"),
        ({"memory": 0}, "memory: expected a positive number of bytes"),
        ({"decode": {"the": 0}}, "decode: expected a mapping from id to word, found one from word to id ('the': 0)"),
        ({"decode": 3}, "decode: expected a list, a mapping or a callable"),
        ({"optimizer": "Adam"}, "found builtins.str; leave it out, and call recorder.step() after backward()"),
    ],
)
def test_a_bad_argument_is_one_sentence_that_names_it(arguments, said):
    model = Net(nn.LSTM(2, 2))
    with pytest.raises(rw.RecordingError) as refused:
        rw.watch(model, **arguments)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    assert attached(model) == 0


def test_something_that_is_no_model_is_refused():
    with pytest.raises(rw.RecordingError, match=r"model: expected a torch\.nn\.Module, found list"):
        rw.watch(cast("nn.Module", [nn.LSTM(2, 2)]))


def test_an_optimizer_of_another_model_is_refused():
    other = torch.optim.SGD(nn.Linear(1, 1).parameters())
    with pytest.raises(rw.RecordingError, match="optimizer: expected an optimizer of this model's parameters"):
        rw.watch(Net(nn.LSTM(2, 2)), other)


def test_an_uncovered_layer_may_stay_if_it_is_not_asked_for():
    model = Net(nn.LSTM(2, 2))
    model.other = Normalised(2, 2)
    recorder = rw.watch(model, layers=["rnn.l0"])
    recorder.close()
    assert repr(recorder) == "<Recorder of rnn.l0: finished, 0 frames>"


def test_a_subclass_that_keeps_the_forward_is_recorded():
    class Named(nn.GRUCell):
        """Adds nothing to the forward pass."""

    recorder = rw.watch(Net(Named(2, 2)))
    recorder.close()
    assert repr(recorder) == "<Recorder of rnn: finished, 0 frames>"


def test_watching_the_same_model_twice_returns_the_same_recorder_and_says_so():
    model = Net(nn.LSTM(2, 2))
    recorder = rw.watch(model)
    hooks = attached(model)
    with pytest.warns(RecorderWarning, match="watched already"):
        assert rw.watch(model, every=3) is recorder
    assert attached(model) == hooks
    recorder.close()
    again = rw.watch(model)
    assert again is not recorder
    again.close()


def test_step_with_an_optimizer_given_is_refused_in_one_sentence():
    model = Net(nn.LSTM(2, 2))
    with (
        rw.watch(model, torch.optim.SGD(model.parameters())) as recorder,
        pytest.raises(rw.RecordingError, match=r"step\(\): expected to be called only where watch\(\) was given no"),
    ):
        recorder.step()


@pytest.mark.parametrize("samples", [9, [0, 8]])
def test_samples_beyond_the_batch_are_told_once_and_the_others_recorded(samples):
    model = Net(nn.LSTM(2, 2))
    optimizer = torch.optim.SGD(model.parameters())
    said = "samples: expected sequences within the batch of 3, found index 8"
    with rw.watch(model, optimizer, every=1, samples=samples) as recorder, pytest.warns(match=said) as told:
        for _ in range(2):
            model(torch.ones(4, 3, 2)).sum().backward()
            optimizer.step()
    assert [warning.category for warning in told] == [RecorderWarning]
    assert recorder.recording[-1].samples == ((0,) if isinstance(samples, list) else (0, 1, 2))
    assert recorder.recording[-1]["rnn.l0"]["h"].shape == (4, len(recorder.recording[-1].samples), 2)


def test_the_default_samples_of_a_small_batch_are_no_reason_to_warn():
    model = Net(nn.LSTM(2, 2))
    optimizer = torch.optim.SGD(model.parameters())
    with rw.watch(model, optimizer) as recorder:
        model(torch.ones(4, 1, 2)).sum().backward()
        optimizer.step()
    assert recorder.recording[0].samples == (0,)


@pytest.mark.parametrize(
    "vocabulary",
    [["a", "b", "c"], {0: "a", 1: "b", 2: "c"}, lambda token: "abc"[token]],
)
def test_an_id_that_the_vocabulary_lacks_is_shown_with_a_question_mark(vocabulary):
    class Reader(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(5, 2)
            self.rnn = nn.GRU(2, 2)

        def forward(self, ids):
            return self.rnn(self.embedding(ids))[0]

    model = Reader()
    optimizer = torch.optim.SGD(model.parameters())
    with rw.watch(model, optimizer, decode=vocabulary, samples=2) as recorder:
        model(torch.tensor([[0, 3], [2, 1], [4, 0]])).sum().backward()
        optimizer.step()
    assert recorder.recording[0].tokens == (("a", "c", "?4"), ("?3", "b", "a"))


def test_ids_given_to_a_model_without_an_embedding_are_found_too():
    class OneHot(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn = nn.RNN(3, 2, batch_first=True)

        def forward(self, ids):
            return self.rnn(nn.functional.one_hot(ids, 3).float())[0]

    model = OneHot()
    optimizer = torch.optim.SGD(model.parameters())
    with rw.watch(model, optimizer, decode=["x", "y", "z"]) as recorder:
        model(torch.tensor([[0, 2, 1], [1, 1, 0]])).sum().backward()
        optimizer.step()
    assert recorder.recording[0].tokens == (("x", "z", "y"), ("y", "y", "x"))


def test_what_is_recorded_is_on_disk_too_where_a_path_is_given(tmp_path: Path):
    model = nn.LSTM(2, 3)
    with rw.watch(model, path=tmp_path / "run", every=1) as recorder:
        for number in range(3):
            model(torch.randn(4, 2, 2))[0].sum().backward()
            recorder.step(loss=number)
    loaded = rw.load(tmp_path / "run")
    assert [frame.to_bytes() for frame in loaded] == [frame.to_bytes() for frame in recorder.recording]
    assert loaded.status.state == "finished"
    with pytest.warns(RecorderWarning, match="holds steps up to 2 already, and this run goes on from step 3; choose"):
        recorder = rw.watch(model, path=tmp_path / "run")
    model(torch.randn(4, 2, 2))[0].sum().backward()
    recorder.step()
    recorder.close()
    assert rw.load(tmp_path / "run").steps == [0, 1, 2, 3]


def test_a_path_that_cannot_be_recorded_to_leaves_the_model_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    model = nn.LSTM(2, 3)
    (tmp_path / "file").write_text("mine")
    with pytest.raises(rw.RecordingError, match="expected a new directory, or one that holds a recording, found"):
        rw.watch(model, path=tmp_path / "file")
    monkeypatch.setenv("RANK", "one")
    with pytest.raises(rw.RecordingError, match="RANK to be a whole number"):
        rw.watch(model, path=tmp_path / "run")
    assert not model._forward_hooks
    assert not (tmp_path / "run").exists()
