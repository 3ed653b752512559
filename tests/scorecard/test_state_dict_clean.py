"""Row state_dict_clean: keys, bytes, attributes and buffers of a model are those before watching, during and after."""

from __future__ import annotations

import rnnwidgets as rw
from tests.unit.tagger import seeded, train_once

PROMISE = "keys, bytes, attributes and buffers the same before, during and after"


def contents(model):
    return {
        "state": [(key, value.numpy().tobytes()) for key, value in model.state_dict().items()],
        "attributes": {name: sorted(vars(module)) for name, module in model.named_modules()},
        "buffers": [name for name, _ in model.named_buffers()],
        "parameters": [(name, id(weight)) for name, weight in model.named_parameters()],
        "modules": [name for name, _ in model.named_modules()],
    }


def test_state_dict_clean():
    model, optimizer, tokens = seeded()
    before = contents(model)
    with rw.watch(model, optimizer, every=1, decode=str, strict=True) as recorder:
        assert contents(model) == before
        model(tokens).square().sum().backward()
        assert contents(model) == before
        recorder.pause()
        optimizer.zero_grad()
    assert contents(model) == before
    other, its_optimizer, _ = seeded()
    train_once(other, its_optimizer, tokens)
    with rw.watch(model, optimizer, every=1, decode=str) as recorder:
        train_once(model, optimizer, tokens)
    assert len(recorder.recording) == 1
    assert contents(model)["state"] == contents(other)["state"]
    print(f"{len(before['state'])} tensors, attributes of {len(before['modules'])} modules: 0 differences")
