"""Row unwatch_clean: what is closed or forgotten leaves no hook, and recorder, model and views are freed."""

from __future__ import annotations

import gc
import warnings
import weakref

import torch
from torch import nn

import rnnwidgets as rw
from rnnwidgets.errors import RecorderWarning
from rnnwidgets.widgets.publisher import publisher_of
from tests.unit.tagger import seeded, train_once

AGAIN = 20
PROMISE = f"a cell run {AGAIN} times has the hooks of one; closed, none; recorder, model, optimizer and view are freed"


def hooks(model: nn.Module, optimizer: torch.optim.Optimizer) -> int:
    kinds = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    on_modules = sum(len(getattr(module, kind)) for module in model.modules() for kind in kinds)
    on_weights = sum(len(weight._backward_hooks or ()) for weight in model.parameters())
    return (
        on_modules + on_weights + len(optimizer._optimizer_step_pre_hooks) + len(optimizer._optimizer_step_post_hooks)
    )


def test_unwatch_clean():
    model, optimizer, tokens = seeded(lr=0.001)
    seen = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RecorderWarning)  # that it is watched already is what a cell run again is told
        for _ in range(AGAIN):
            recorder = rw.watch(model, optimizer, every=1, decode=str)
            view = rw.Explorer(recorder)
            train_once(model, optimizer, tokens)
            seen.append(hooks(model, optimizer))
            view.close()
    assert set(seen) == {seen[0]}
    assert seen[0] > 0
    assert len(recorder.recording) == AGAIN
    assert len(publisher_of(recorder.recording)._views) == 0
    recorder.close()
    assert hooks(model, optimizer) == 0
    traces = [weakref.ref(one) for one in (recorder, model, optimizer, view)]
    del recorder, model, optimizer, view
    gc.collect()
    assert [trace() for trace in traces] == [None] * 4
    print(f"{seen[0]} hooks each of {AGAIN} times, 0 after close(), 4 of 4 objects freed")


def test_a_model_that_is_forgotten_while_it_is_watched_is_freed_and_so_is_its_recorder():
    model, optimizer, tokens = seeded(lr=0.001)
    recorder = rw.watch(model, optimizer, every=1)
    train_once(model, optimizer, tokens)
    traces = [weakref.ref(one) for one in (recorder, model, optimizer)]
    del recorder, model, optimizer
    gc.collect()
    assert [trace() for trace in traces] == [None] * 3


def test_a_closed_recorder_records_no_step_that_follows():
    model, optimizer, tokens = seeded(lr=0.001)
    recorder = rw.watch(model, optimizer, every=1)
    loss = model(tokens).square().sum()
    recorder.close()
    loss.backward()
    optimizer.step()
    train_once(model, optimizer, tokens)
    assert len(recorder.recording) == 0
    assert recorder.health().errors == {}
