"""Who hears a tap, and when: the recorder of the model that runs its forward pass, on the same thread."""

from __future__ import annotations

import copy
import io
import threading

import pytest
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

import rnnwidgets as rw
from tests.unit.oracle import assert_close
from tests.unit.own import INPUTS, Own, array, x


def test_of_two_models_only_the_one_that_runs_listens_and_of_nested_ones_both():
    inner, other = Own("inner"), Own("other")
    outer = nn.Sequential(inner)
    with rw.watch(outer) as outside, rw.watch(inner) as inside, rw.watch(other) as beside:
        (outer(x()).sum() + other(x(7)).sum()).backward()
        for recorder in (outside, inside, beside):
            recorder.step()
    assert [recorder.recording[0].layers for recorder in (outside, inside, beside)] == [("inner",)] * 2 + [("other",)]
    assert beside.recording[0]["other"].lengths == (7, 7, 7)


def test_a_module_that_calls_itself_is_one_pass():
    class Tree(nn.Module):
        def forward(self, h: Tensor, depth: int = 2) -> Tensor:
            for _ in range(2 * (depth > 0)):
                h = self(h, depth - 1)
            return rw.tap("node.h", torch.tanh(h))

    model = Tree()
    with rw.watch(model) as recorder:
        model(torch.ones(1, 4, requires_grad=True)).sum().backward()
        recorder.step()
    assert recorder.recording[0]["node"].lengths == (7,)
    assert recorder.recording[0]["node"].inexact == ""


def test_a_model_in_another_thread_is_not_heard_by_the_one_that_runs_here():
    here, there = Own("here"), Own("there")
    entered, finished = threading.Event(), threading.Event()

    def elsewhere() -> None:
        entered.wait(10)
        there(x())
        finished.set()

    class Waiting(nn.Module):
        def forward(self, value: Tensor) -> Tensor:
            entered.set()
            finished.wait(10)
            output: Tensor = here(value)
            return output

    model = Waiting()
    thread = threading.Thread(target=elsewhere)
    with rw.watch(model) as recorder:
        thread.start()
        model(x()).sum().backward()
        recorder.step()
        thread.join()
    assert recorder.recording[0].layers == ("here",)


def test_each_forward_pass_of_a_step_is_a_sequence_of_its_own_and_the_last_is_kept():
    model = Own()
    with rw.watch(model) as recorder:
        (model(x(4)).sum() + model(x(6)).sum()).backward()
        recorder.step()
    trace = recorder.recording[0]["cell"]
    assert (trace.lengths, trace.inexact) == ((6, 6, 6), "the last of 2 passes in this step")


def test_a_part_of_the_model_that_is_called_once_a_time_is_one_sequence():
    class Step(nn.Module):
        def forward(self, h: Tensor) -> Tensor:
            return rw.tap("cell.h", torch.tanh(h))

    class Holder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell: nn.Module = Step()

    model, h = Holder(), torch.ones(2, 4, requires_grad=True)
    with rw.watch(model) as recorder:
        for _ in range(5):
            h = model.cell(h)
        h.sum().backward()
        recorder.step()
    assert recorder.recording[0]["cell"].lengths == (5, 5)


@pytest.mark.parametrize("reentrant", [False, True])
def test_a_checkpointed_forward_pass_is_recorded_once(reentrant):
    model = Own()
    inputs = x().requires_grad_()

    class Checkpointed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.own = model

        def forward(self, value: Tensor) -> Tensor:
            output = checkpoint(lambda given: torch.tanh(self.own(given)), value, use_reentrant=reentrant)
            assert isinstance(output, Tensor)
            return output

    whole = Checkpointed()
    with rw.watch(whole) as recorder:
        whole(inputs)[-1].sum().backward()
        recorder.step()
    trace = recorder.recording[0]["cell"]
    assert (trace.lengths, trace.inexact) == ((5, 5, 5), "")
    with rw.watch(model) as recorder:
        torch.tanh(model(inputs))[-1].sum().backward()
        recorder.step()
    assert_close(array(trace, "dh"), array(recorder.recording[0]["cell"], "dh"), 1e-12)


def test_a_forward_pass_that_was_interrupted_listens_no_longer_in_the_next_step():
    model, other = Own("cell"), Own("other")

    class Interrupted(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.own, self.stops = model, True

        def forward(self, value: Tensor) -> Tensor:
            output: Tensor = self.own(value)
            if self.stops:
                raise KeyboardInterrupt
            return output

    whole = Interrupted()
    with rw.watch(whole) as recorder:
        with pytest.raises(KeyboardInterrupt):
            whole(x(3))
        whole.stops = False
        whole(x()).sum().backward()
        recorder.step()
        whole(x()).sum().backward()
        other(x())
        recorder.step()
    assert [frame.layers for frame in recorder.recording] == [("cell",)] * 2
    assert [frame["cell"].lengths for frame in recorder.recording] == [(5, 5, 5)] * 2


def test_a_compiled_model_runs_past_its_taps_in_one_graph_and_the_silence_is_told():
    class Plain(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.U = nn.Linear(INPUTS, INPUTS, dtype=torch.float64)

        def forward(self, x: Tensor) -> Tensor:
            h = x[0]
            for now in x:
                h = rw.tap("cell.h", torch.tanh(now + self.U(h)))
            return h

    model = Plain()
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    with (
        rw.watch(model) as recorder,
        pytest.warns(match="nothing is recorded: .* which a compiled model does not make"),
    ):
        compiled(x()).sum().backward()
        recorder.step()
    assert len(recorder.recording) == 0


def test_a_copy_and_a_stored_model_hear_nothing_and_need_nothing_of_ours():
    class Held(nn.Module):
        def forward(self, value: Tensor) -> Tensor:
            return rw.tap("cell.h", value)

    model = Held()
    with rw.watch(model) as recorder:
        copy.deepcopy(model)(torch.ones(2, 3))
        stored = io.BytesIO()
        torch.save(nn.Sequential(nn.Linear(1, 1)), stored)
        model(torch.ones(2, 3))
        recorder.step()
    assert recorder.recording[0]["cell"].lengths == (1, 1)
    assert recorder.recording[0]["cell"].inexact == ""


def test_a_model_of_pytorchs_own_parts_alone_has_nothing_to_record():
    with pytest.raises(
        rw.RecordingError, match=r"one of their cells or calls of rnnwidgets\.tap inside, found Sequential"
    ):
        rw.watch(nn.Sequential(nn.Linear(2, 2)))


def test_hooks_are_gone_when_the_recorder_is_closed():
    model = Own()
    rw.watch(model).close()
    modules = list(model.modules())
    assert [len(module._forward_hooks) + len(module._forward_pre_hooks) for module in modules] == [0] * len(modules)
