"""Row copy_pickle: a copy of a watched model is silent; a saved one loads where this package cannot be imported."""

from __future__ import annotations

import copy
import io
import subprocess
import sys

import torch

import rnnwidgets as rw
from tests.unit.tagger import seeded, train_once

LOAD = """
import sys, torch
sys.modules["rnnwidgets"] = None
torch.set_num_threads(1)
embedding, layer, tokens, wanted = torch.load(sys.argv[1], weights_only=False)
print(torch.equal(layer(embedding(tokens))[0], wanted), any(name.startswith("rnnwidgets.") for name in sys.modules))
"""

PROMISE = "a copy is silent; what torch.save wrote loads where this package is not, equal bit for bit"


def test_copy_pickle(tmp_path):
    model, optimizer, tokens = seeded(lr=0.001)
    with rw.watch(model, optimizer, every=1, decode=str, strict=True) as recorder:
        train_once(model, optimizer, tokens)
        twin, its_optimizer = copy.deepcopy((model, optimizer))
        train_once(twin, its_optimizer, tokens)
        parts = model.embedding, model.lstm  # of PyTorch's own classes, which can be imported anywhere
        wanted = model.lstm(model.embedding(tokens))[0].detach()
        torch.save((*parts, tokens, wanted), tmp_path / "parts.pt")
        stored = io.BytesIO()
        torch.save(optimizer.state_dict(), stored)
    assert recorder.recording.steps == [0]
    assert not its_optimizer._optimizer_step_pre_hooks
    done = subprocess.run(
        [sys.executable, "-c", LOAD, "parts.pt"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "True False"
    print("0 frames of the copy; 1 of 1 saved models loads without the package")
