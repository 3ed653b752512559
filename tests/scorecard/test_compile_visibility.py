"""Row compile_visibility: under torch.compile a cell is recorded, or it is said before the second step that it is not.

`nn.LSTM` and its kin are called between graphs; a cell is a part of a graph, and code made before runs no later hook.
"""

from __future__ import annotations

from itertools import product

import pytest
import torch
from torch import Tensor, nn

import rnnwidgets as rw
from rnnwidgets.errors import RecorderWarning
from tests.counts import count

BACKENDS = count(["eager", "aot_eager"], ["eager", "aot_eager", "inductor"])
FIRST = ("watched", "compiled", "compiled in place")
STEPS, ERROR = 3, 1e-6
PROMISE = f"compiled before or after watching: recorded within {ERROR:.0e}, or told before step 2 that it is not"

pytestmark = pytest.mark.filterwarnings(  # of torch's own code
    "ignore:The .grad attribute of a Tensor that is not a leaf:UserWarning",
    "ignore:`torch.jit.script_method` is deprecated:DeprecationWarning",
)


class Decoder(nn.Module):
    """A cell in a loop, from one input to its own outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.cell, self.readout = nn.LSTMCell(3, 4), nn.Linear(4, 3)

    def forward(self, x: Tensor, times: int = 5) -> Tensor:
        h = c = x.new_zeros(len(x), 4)
        outputs = []
        for _ in range(times):
            h, c = self.cell(x, (h, c))
            x = self.readout(h)
            outputs.append(x)
        return torch.stack(outputs)


@pytest.fixture(autouse=True)
def _fresh_compiler():
    torch.compiler.reset()
    yield
    torch.compiler.reset()


def seeded():
    torch.manual_seed(0)
    model = Decoder()
    return model, torch.optim.SGD(model.parameters(), lr=0.01), torch.randn(2, 3)


def train_once(run, optimizer, x):
    optimizer.zero_grad()
    run(x).square().sum().backward()
    optimizer.step()


def compiled_of(model, **options) -> nn.Module:
    compiled = torch.compile(model, **options)
    assert isinstance(compiled, nn.Module)
    return compiled


def eager():
    """Return the recording of the same training without a compiler."""
    model, optimizer, x = seeded()
    with rw.watch(model, optimizer, every=1, strict=True) as recorder:
        for _ in range(STEPS):
            train_once(model, optimizer, x)
    return recorder.recording


def recorded(backend, first):
    """Return the recording of the same training with a compiler, and `first` what comes before the other."""
    torch.compiler.reset()
    model, optimizer, x = seeded()
    run = model
    if first == "compiled":
        run = compiled_of(model, backend=backend)
    elif first == "compiled in place":
        model.compile(backend=backend)
    with rw.watch(run, optimizer, every=1, strict=True) as recorder:
        if first == "watched":
            run = compiled_of(model, backend=backend)
        for _ in range(STEPS):
            train_once(run, optimizer, x)
    return recorder.recording


def test_compile_visibility():
    worst, wanted = 0.0, eager()
    for backend, first in product(BACKENDS, FIRST):
        found = recorded(backend, first)
        assert found.steps == wanted.steps == list(range(STEPS)), (backend, first)
        for frame, other in zip(found, wanted, strict=True):
            trace, expected = frame["cell"], other["cell"]
            assert trace.names == expected.names
            assert {"i", "f", "g", "o", "c", "h", "dh", "dc"} <= set(trace.names)
            worst = max(worst, *(float(abs(trace[name] - expected[name]).max()) for name in trace.names))
    ways = len(BACKENDS) * len(FIRST)
    print(f"{ways} of {ways} orders and backends, every step, at most {worst:.0e} from eager")
    assert worst <= ERROR


def refusal(model):
    with pytest.raises(rw.RecordingError) as refused:
        rw.watch(model)
    return str(refused.value)


RAN = (
    "model: expected a model that has not run yet since torch.compile, found compiled code around cell, which runs no "
    "hook that comes later; call torch.compiler.reset() first, and watch before the first batch."
)
WHOLE = (
    "model: expected a model that torch.compile may run in several pieces, found fullgraph=True around cell, where no "
    "hook can run; compile it without fullgraph=True."
)


@pytest.mark.parametrize("in_place", [False, True])
def test_a_compiled_model_that_has_run_is_refused_and_recorded_after_a_reset(in_place):
    model, optimizer, x = seeded()
    run = model
    if in_place:
        model.compile(backend="eager")
    else:
        run = compiled_of(model, backend="eager")
    train_once(run, optimizer, x)
    assert refusal(run) == refusal(model) == RAN
    assert not model.cell._forward_hooks
    torch.compiler.reset()
    with rw.watch(run, optimizer, every=1, strict=True) as recorder:
        train_once(run, optimizer, x)
    assert recorder.recording.steps == [0]


def test_a_model_whose_class_has_run_compiled_is_refused_too():
    model, optimizer, x = seeded()
    train_once(compiled_of(model, backend="eager"), optimizer, x)
    assert refusal(Decoder()) == RAN


@pytest.mark.parametrize("in_place", [False, True])
def test_a_model_compiled_as_one_graph_is_refused(in_place):
    model, _, _ = seeded()
    if in_place:
        model.compile(backend="eager", fullgraph=True)
        assert refusal(model) == WHOLE
    else:
        assert refusal(compiled_of(model, backend="eager", fullgraph=True)) == WHOLE


def test_a_watched_model_compiled_as_one_graph_names_the_recorder_in_the_first_step():
    model, optimizer, x = seeded()
    with rw.watch(model, optimizer):
        run = compiled_of(model, backend="eager", fullgraph=True)
        with pytest.raises(Exception, match="compile the model without fullgraph=True, or close\\(\\) the recorder"):
            train_once(run, optimizer, x)


def test_a_cell_inside_a_function_that_ran_compiled_is_told_in_the_first_step():
    model, optimizer, x = seeded()
    run = torch.compile(lambda values: model(values) * 1, backend="eager")
    train_once(run, optimizer, x)
    recorder = rw.watch(model, optimizer, every=1)
    with pytest.warns(RecorderWarning, match=r"no call of cell was seen in a training step, and torch\.compile was"):
        train_once(run, optimizer, x)
    recorder.close()
    assert len(recorder.recording) == 0


def test_a_compiled_cell_is_recorded_in_every_second_step():
    model, optimizer, x = seeded()
    run = compiled_of(model, backend="eager")
    with rw.watch(run, optimizer, every=2, strict=True) as recorder:
        for _ in range(2 * STEPS):
            train_once(run, optimizer, x)
    assert recorder.recording.steps == [0, 2, 4]
    assert recorder.recording[1]["cell"]["f"] == pytest.approx(eager()[2]["cell"]["f"], abs=1e-6)


def test_a_cell_compiled_between_two_recorded_steps_is_told_in_the_next_of_them():
    model, optimizer, x = seeded()
    run = compiled_of(model, backend="eager")
    with rw.watch(model, optimizer, every=4) as recorder:
        for _ in range(3):
            train_once(model, optimizer, x)
        train_once(run, optimizer, x)
        with pytest.warns(RecorderWarning, match=r"no call of cell was seen in a training step, and torch"):
            train_once(run, optimizer, x)
    assert recorder.recording.steps == [0]
