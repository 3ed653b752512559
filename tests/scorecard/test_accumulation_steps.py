"""Row accumulation_steps: four backward passes before one optimizer step are one frame, with the norm of their sum."""

from __future__ import annotations

import rnnwidgets as rw
from tests.unit.tagger import V, seeded
from tests.unit.test_styles_values import assert_norms, assert_trace, squared, used_by, wanted_of

PASSES, STEPS = 4, 3
PROMISE = f"{PASSES} passes before a step are 1 frame, which says so, with the norms that the optimizer used"


def test_accumulation_steps():
    model, optimizer, tokens = seeded(lr=0.001)
    used = used_by(optimizer, model)
    with rw.watch(model, optimizer, every=1) as recorder:
        for _ in range(STEPS):
            optimizer.zero_grad()
            for shift in range(PASSES):
                wanted = wanted_of(model, (tokens + shift) % V, squared)
                model((tokens + shift) % V).square().sum().backward()
            optimizer.step()
    assert recorder.recording.steps == list(range(STEPS))
    assert_norms(recorder, used)
    assert_trace(recorder.recording[-1]["lstm.l0"], wanted, inexact=f"the last of {PASSES} calls in this step")
    assert recorder.health().skipped == {}
    print(f"{len(recorder.recording)} frames of {STEPS} steps, norms of the sums")
