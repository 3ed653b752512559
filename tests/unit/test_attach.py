"""What people pass to `watch` is attached to, or refused in a sentence whose way out works."""

from __future__ import annotations

from typing import cast

import pytest
import torch
from torch import nn

import rnnwidgets as rw
from rnnwidgets.errors import RecorderWarning


class Own(nn.LSTM):
    """An LSTM with a forward of its own, as pytorch-forecasting has, which follows the remedy."""

    def forward(self, x, hx=None):
        y, state = super().forward(x, hx)
        return rw.tap("lstm.h", y), state


class Model(nn.Module):
    def __init__(self, *, other: bool = False):
        super().__init__()
        self.lstm = Own(3, 5)
        self.gru = nn.GRU(5, 4) if other else nn.Identity()

    def forward(self, x):
        found = self.gru(self.lstm(x)[0])
        return found[0] if isinstance(found, tuple) else found


def train(model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    optimizer.zero_grad()
    model(torch.randn(7, 2, 3)).square().mean().backward()
    optimizer.step()


class Wrapper(torch.optim.Optimizer):
    """As Accelerate's: an optimizer by name, without an optimizer's state, around the one that steps."""

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        self.optimizer = optimizer

    def step(self, closure=None):
        return self.optimizer.step(closure)


class LightningOptimizer:
    """As Lightning's: no optimizer, around the one that steps."""

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        self._optimizer = optimizer

    @property
    def optimizer(self) -> torch.optim.Optimizer:
        return self._optimizer


def compiled(model: nn.Module) -> nn.Module:
    found = torch.compile(model, backend="eager")
    assert isinstance(found, nn.Module)
    return found


@pytest.mark.parametrize("wrap", [Wrapper, LightningOptimizer, lambda one: Wrapper(Wrapper(one))])
def test_wrapped_optimizer_is_followed(wrap):
    model = nn.Sequential(nn.Linear(3, 3), nn.RNN(3, 5))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with rw.watch(model, wrap(optimizer), every=1) as recorder:
        for _ in range(3):
            optimizer.zero_grad()
            model(torch.randn(7, 2, 3))[0].square().mean().backward()
            optimizer.step()
    assert recorder.recording.steps == [0, 1, 2]


def test_optimizer_without_hooks_is_refused_with_a_way_out():
    class Bare(torch.optim.Optimizer):
        def __init__(self, parameters):
            self.param_groups = [{"params": list(parameters)}]

    model = nn.LSTM(3, 5)
    with pytest.raises(rw.RecordingError, match=r"Bare, which never called Optimizer\.__init__; pass the optimizer"):
        rw.watch(model, Bare(model.parameters()))


def test_optimizer_of_another_framework_is_named_and_the_way_out_works():
    class Adam:
        """As fastai's and Keras's."""

        def __init__(self, parameters):
            self.parameters = list(parameters)

        def step(self):
            with torch.no_grad():
                for weight in self.parameters:
                    weight.sub_(0.1 * weight.grad)

    model = nn.LSTM(3, 5)
    optimizer = Adam(model.parameters())
    with pytest.raises(
        rw.RecordingError, match=r"found tests\.unit\.test_attach\..*Adam; leave it out, and call record"
    ):
        rw.watch(model, cast("torch.optim.Optimizer", optimizer))
    with rw.watch(model, every=1) as recorder:
        for _ in range(3):
            model.zero_grad()
            model(torch.randn(7, 2, 3))[0].square().mean().backward()
            recorder.step()
            optimizer.step()
    assert recorder.recording.steps == [0, 1, 2]


def test_failure_to_attach_is_one_sentence_with_its_cause():
    class Locked(nn.LSTM):
        def register_forward_hook(self, *_args, **_options):
            raise TypeError("no hooks here")

    with pytest.raises(rw.RecordingError, match="found TypeError: no hooks here; watch the model") as refused:
        rw.watch(Locked(3, 5))
    assert isinstance(refused.value.__cause__, TypeError)


def test_layer_with_its_own_forward_is_named_and_the_rest_recorded():
    model = Model(other=True)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with pytest.warns(RecorderWarning, match=r"not recorded: .*found Own at 'lstm', whose forward\(\) is another"):
        recorder = rw.watch(model, optimizer, every=1)
    train(model, optimizer)
    recorder.close()
    assert set(recorder.recording[0].layers) == {"gru.l0", "lstm"}


def test_remedy_for_a_layer_with_its_own_forward_works():
    model = Model()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with pytest.raises(
        rw.RecordingError, match=r"tap\(\"lstm\.h\", h\) in that forward\(\), and watch with layers=\[\]"
    ):
        rw.watch(model, optimizer)
    with rw.watch(model, optimizer, every=1, layers=[]) as recorder:
        train(model, optimizer)
    assert recorder.recording[0]["lstm"].names == ("h", "dh")


def test_layer_of_keras_is_refused_by_its_name():
    class LSTM:
        """As on Keras's torch backend, where a layer is no submodule of its model."""

        name = "lstm_1"

    class Sequential(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = [LSTM()]

    LSTM.__module__ = Sequential.__module__ = "keras.src"
    with pytest.raises(
        rw.RecordingError, match=r"found LSTM of Keras, 'lstm_1', which runs none of them; use torch\.nn"
    ):
        rw.watch(Sequential())
    with pytest.warns(RecorderWarning, match="not recorded: .*LSTM of Keras, 'lstm_1'"):
        rw.watch(nn.Sequential(Sequential(), nn.GRU(2, 2))).close()


class Loop(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.LSTMCell(3, 5)

    def forward(self, x):
        state = None
        for one in x:
            state = self.cell(one, state)
        return state


def losses_of_compiled_loop(cells_run: int, *, watched: bool) -> tuple[list[float], list[int]]:
    """Return the losses of a compiled loop that several notebook cells train, and the steps recorded."""
    torch.compiler.reset()
    torch.manual_seed(0)
    model = compiled(Loop())
    losses: list[float] = []
    steps: list[int] = []
    for _ in range(cells_run):
        optimizer = torch.optim.Adam(model.parameters(), 0.01)
        recorder = rw.watch(model, optimizer, every=1) if watched else None
        for _ in range(5):
            optimizer.zero_grad()
            loss = model(torch.randn(6, 2, 3))[0].square().mean()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        steps = recorder.recording.steps if recorder is not None else steps
    return losses, steps


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf:UserWarning")  # torch's own
def test_compiled_loop_is_bit_identical_on_the_eager_backend():
    plain, _ = losses_of_compiled_loop(1, watched=False)
    losses, steps = losses_of_compiled_loop(1, watched=True)
    assert losses == plain
    assert steps == list(range(5))


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf:UserWarning")  # torch's own
def test_compiled_loop_is_watched_again_when_a_cell_is_run_twice():
    losses, steps = losses_of_compiled_loop(2, watched=True)
    assert len(losses) == len(steps) == 10


def test_compiled_loop_of_cells_is_said_to_differ_in_the_last_bits():
    with rw.watch(compiled(Loop())) as recorder:
        (note,) = recorder.recording.status.notes
    assert note.startswith("torch.compile compiles the loop around cell in pieces while it is recorded: with inductor")
    with rw.watch(compiled(nn.LSTM(3, 5))) as recorder:
        assert recorder.recording.status.notes == ()
