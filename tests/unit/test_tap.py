"""`tap`: quantities of a cell written by hand, each with its total gradient."""

from __future__ import annotations

from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

import rnnwidgets as rw
from tests.unit.own import INPUTS, UNITS, Own, array, x


def test_a_model_of_ones_own_is_recorded_with_the_gradients_that_autograd_gives():
    model = Own()
    with rw.watch(model, strict=True) as recorder:
        model(x())[-1].square().sum().backward()
        recorder.step()
    frame = recorder.recording[0]
    assert (frame.layers, frame.mode, frame.samples) == (("cell",), "training", (0, 1, 2))
    trace = frame["cell"]
    assert (trace.kind, trace.names, trace.lengths) == ("TAP", ("z", "h", "dz", "dh"), (5, 5, 5))
    assert (trace.inexact, trace.gradients) == ("", ("dz", "dh"))
    for letter, states in model.states.items():
        assert torch.equal(array(trace, letter), torch.stack(states))
        grads = [torch.zeros_like(one) if one.grad is None else one.grad for one in states]
        assert torch.equal(array(trace, f"d{letter}"), torch.stack(grads))


def test_a_whole_sequence_may_be_tapped_at_once():
    model = Own(whole=True)
    with rw.watch(model, samples=[2, 0]) as recorder:
        output = model(x())
        output.retain_grad()
        output.square().sum().backward()
        recorder.step()
    trace = recorder.recording[0]["cell"]
    assert torch.equal(array(trace, "h"), output[:, [2, 0]])
    assert output.grad is not None
    assert torch.equal(array(trace, "dh"), output.grad[:, [2, 0]])


def test_an_unbatched_sequence_is_one_sample():
    model = Own()
    with rw.watch(model) as recorder:
        model(x()[:, 0]).sum().backward()
        recorder.step()
    assert recorder.recording[0]["cell"]["h"].shape == (5, 1, UNITS)


def test_where_nobody_listens_a_tap_returns_the_very_same_tensor_and_adds_no_hook():
    value = torch.ones(2, 3, requires_grad=True) * 2
    assert rw.tap("cell.h", value) is value
    assert value._backward_hooks is None
    model = Own()
    recorder = rw.watch(model)
    rw.tap("cell.h", value)
    assert value._backward_hooks is None
    recorder.close()
    model(x())
    assert model.states["h"][0]._backward_hooks is None


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("h", torch.ones(2, 3), "tap('h', ...): expected a name such as \"cell.z\": a layer, a dot, a quantity"),
        ("cell.", torch.ones(2, 3), "expected a name such as"),
        (3, torch.ones(2, 3), "tap(3, ...): expected a name such as"),
        ("cell.h", [1.0], "expected a tensor, found list"),
        ("cell.h", torch.ones(2, 3, dtype=torch.complex64), "found torch.complex64"),
        ("cell.h", torch.ones(2, 3, dtype=torch.int64), "found torch.int64"),
        ("cell.h", torch.ones(()), "expected axes (unit), (sample, unit) or (time, sample, unit), found a tensor of"),
        ("cell.h", torch.ones(1, 2, 3, 4), "shape (1, 2, 3, 4)"),
    ],
)
def test_bad_input_is_refused_in_one_sentence_whether_or_not_anyone_listens(name, value, said):
    with pytest.raises(rw.RecordingError) as refused:
        rw.tap(name, cast("Any", value))
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


class Uneven(nn.Module):
    """Taps that do not agree: another number of times, other samples, other units from one time to the next."""

    def forward(self, h: Tensor) -> Tensor:
        for time in range(3):
            rw.tap("cell.h", h)
            if time:
                rw.tap("cell.late", h)
            rw.tap("cell.few", h[:1])
            rw.tap("cell.growing", h[:, : time + 1])
            rw.tap("cell.wide", torch.cat((h, h), -1))
        return h


def test_quantities_that_do_not_agree_are_left_out_and_named():
    model = Uneven()
    with rw.watch(model) as recorder:
        model(torch.ones(2, 4, requires_grad=True) * 1).sum().backward()
        recorder.step()
    trace = recorder.recording[0]["cell"]
    assert trace.names == ("h", "wide", "dh", "dwide")
    assert [reason.split(" is left out")[0] for reason in trace.inexact.split("; ")] == ["few", "growing", "late"]


class Shrinking(nn.Module):
    def forward(self, h: Tensor) -> Tensor:
        for count in (3, 2, 2, 1):
            rw.tap("cell.h", h[:count])
        return h


def test_a_batch_that_shrinks_ends_its_sequences():
    model = Shrinking()
    with rw.watch(model) as recorder:
        model(torch.ones(3, 4))
        recorder.step()
    trace = recorder.recording[0]["cell"]
    assert trace.lengths == (4, 3, 1)
    assert array(trace, "h").isnan().sum() == 4 * (0 + 1 + 3)


class Doubled(nn.Module):
    def forward(self, h: Tensor) -> Tensor:
        return rw.tap("cell.h", h * 2) + rw.tap("cell.dh", h * 3)


def test_a_quantity_named_as_the_gradient_of_another_is_kept_as_itself():
    model = Doubled()
    with rw.watch(model) as recorder:
        model(torch.ones(1, 4, requires_grad=True)).sum().backward()
        recorder.step()
    trace = recorder.recording[0]["cell"]
    assert (trace["dh"] == 3).all()
    assert trace.inexact == "dh is the quantity of that name, not the gradient of h"


class Both(nn.Module):
    """A layer of PyTorch's and a tap that goes by the same name."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.GRUCell(INPUTS, UNITS)

    def forward(self, x: Tensor) -> Tensor:
        h = x.new_zeros(x.shape[1], UNITS)
        for now in x:
            h = self.cell(now, h)
            rw.tap("cell.squared", h.square())
            rw.tap("attention.weights", h.softmax(-1))
        return h


def test_taps_stand_beside_recorded_layers_and_one_of_the_same_name_gets_another():
    model = Both()
    with rw.watch(model) as recorder:
        model(torch.randn(5, 2, INPUTS)).sum().backward()
        recorder.step()
    frame = recorder.recording[0]
    assert frame.layers == ("cell", "cell (tapped)", "attention")
    assert (frame["cell (tapped)"]["squared"] == frame["cell"]["h"] ** 2).all()


def test_under_no_grad_the_frame_is_of_the_forward_pass_alone():
    model = Own()
    with rw.watch(model) as recorder:
        with torch.no_grad():
            model(x())
        recorder.step()
    assert recorder.recording[0].mode == "forward"
    assert recorder.recording[0]["cell"].names == ("z", "h")


def test_losses_weights_and_random_numbers_are_the_same_bit_for_bit():
    def trained(*, watched: bool) -> list[bytes]:
        model = Own()
        optimizer = torch.optim.Adam(model.parameters())
        recorder = rw.watch(model, optimizer, every=1, strict=True) if watched else None
        torch.manual_seed(0)
        found = []
        for _ in range(20):
            optimizer.zero_grad()
            loss = (model(nn.functional.dropout(x())) ** 2).sum()
            loss.backward()
            optimizer.step()
            found.append(loss.detach().numpy().tobytes())
        if recorder is not None:
            assert len(recorder.recording) == 20
        weights = [value.numpy().tobytes() for value in model.state_dict().values()]
        return [*found, *weights, torch.get_rng_state().numpy().tobytes()]

    assert trained(watched=True) == trained(watched=False)
