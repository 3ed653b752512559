"""Frames around an event outlive the thinning that drops their neighbours, and never the cap."""

from __future__ import annotations

import torch
from torch import nn

import rnnwidgets as rw
from rnnwidgets.recording import Recording
from tests.unit.frames import make_frame

SIZE = make_frame(0).nbytes
EVENT = 73


def filled(steps: int, *pins: int, room: int = 20) -> Recording:
    recording = Recording(memory=room * SIZE)
    for step in range(steps):
        recording.append(make_frame(step))
        if step in pins:
            recording.pin(step)
    return recording


def test_the_frames_around_an_event_stay_and_without_it_they_go():
    around = set(range(EVENT - 2, EVENT + 3))
    assert around <= set(filled(400, EVENT).steps)
    assert len(around & set(filled(400).steps)) <= 2


def test_the_cap_holds_whatever_is_pinned():
    recording = filled(300, *range(10, 200, 10), room=12)
    assert recording.nbytes <= 12 * SIZE
    assert recording.steps[-1] == 299


def test_a_value_that_is_not_finite_pins_the_frames_around_it():
    torch.manual_seed(0)
    module = nn.GRU(2, 4)
    with rw.watch(module, every=1, memory=2**16) as recorder:
        for step in range(300):
            x = torch.randn(6, 2, 2)
            if step == EVENT:
                x[3, 1] = torch.nan
            module(x)[0].square().sum().backward()
            module.zero_grad()
            recorder.step()
    assert set(range(EVENT - 2, EVENT + 3)) <= set(recorder.recording.steps)
    assert recorder.recording.status.thinned > 200
    (found,) = rw.diagnose(recorder.recording)
    assert (found.name, found.step, found.time) == ("not_finite", EVENT, 3)
