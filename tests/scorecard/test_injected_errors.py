"""Row 25: whatever of the recorder fails, training ends bit for bit alike, one warning tells, and the views say it."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

import rnnwidgets as rw
from rnnwidgets import wire
from rnnwidgets.errors import RecorderWarning
from rnnwidgets.recorder import calls, hooks, observe, step, training
from rnnwidgets.recorder.norms import Movement
from rnnwidgets.recorder.notices import Notices
from rnnwidgets.recording import Recording
from rnnwidgets.widgets.lanes import DurableLane, LiveLane

STEPS, MOST = 25, 10
PROMISE = (
    "wherever the recorder fails, training ends alike bit for bit, with one warning of its kind, told in the views"
)
SITES: dict[str, tuple[Any, str]] = {
    "which calls count": (hooks, "reason_to_skip"),
    "which sequences are kept": (hooks, "sampling"),
    "copying a call": (hooks, "Call"),
    "sorting out arguments": (observe.Passed, "of"),
    "token ids on their way in": (step.Step, "take_ids"),
    "random numbers before dropout": (hooks.Hooks, "_note_random"),
    "a gradient that arrives": (step.Step, "answer"),
    "following a gradient": (observe, "listen"),
    "the frame": (step.Step, "frame"),
    "replaying": (calls, "traces_of"),
    "norms": (step, "parameter_norms"),
    "how the gradient is scaled": (training.Training, "_record"),
    "what is said of a frame": (Notices, "of_frame"),
    "keeping a frame": (Recording, "append"),
    "amending a frame": (Recording, "amend"),
    "movement": (Movement, "ratios"),
    "scalars": (training, "as_number"),
    "keeping scalars": (Recording, "log"),
    "deltas": (LiveLane, "delta"),
    "snapshots": (DurableLane, "snapshot"),
    "the encoder": (wire, "encode"),
}


def fail(*_: Any, **__: Any) -> Any:
    raise OSError("injected")


def trained(watch: Callable[[nn.Module, torch.optim.Optimizer], rw.Recorder] | None) -> tuple[str, rw.Recorder | None]:
    """Train with dropout and return a digest of losses, weights and random state."""
    torch.manual_seed(0)
    model = nn.ModuleDict({"embedding": nn.Embedding(9, 4), "lstm": nn.LSTM(4, 8, 2, dropout=0.3)})
    optimizer = torch.optim.Adam(model.parameters())
    recorder = None if watch is None else watch(model, optimizer)
    digest = hashlib.sha256()
    for _ in range(STEPS):
        loss = model["lstm"](model["embedding"](torch.randint(0, 9, (5, 3))))[0].square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        digest.update(loss.detach().numpy().tobytes())
        if recorder is not None:
            recorder.log(loss=loss)
    for value in (*model.state_dict().values(), torch.get_rng_state()):
        digest.update(value.numpy().tobytes())
    return digest.hexdigest(), recorder


def failed_at(site: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the digest of a training in which the recorder fails there, when it has been told as it should be."""
    views: list[rw.Explorer] = []

    def watch(model: nn.Module, optimizer: torch.optim.Optimizer) -> rw.Recorder:
        recorder = rw.watch(model, optimizer, every=1, decode=list("abcdefghi"))
        views.append(rw.Explorer(recorder))
        monkeypatch.setattr(*SITES[site], fail)
        return recorder

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found, recorder = trained(watch)
        assert recorder is not None
        recorder.close()
        monkeypatch.undo()
        views[0].close()
    told = [str(one.message) for one in caught if one.category is RecorderWarning and "injected" in str(one.message)]
    notes, errors = recorder.recording.status.notes, recorder.health().errors
    firsts = [text.splitlines()[0] for text in told]
    assert firsts, site
    assert len(firsts) == len(set(firsts)), site
    assert [note for note in notes if note.endswith("failed: injected")], site
    assert all(number <= MOST for number in errors.values()), site
    return found


def test_injected_errors(monkeypatch: pytest.MonkeyPatch):
    wanted, _ = trained(None)
    alike = [site for site in SITES if failed_at(site, monkeypatch) == wanted]
    print(f"{len(alike)} of {len(SITES)} places in which it failed")
    assert alike == list(SITES)


def test_strict_raises_the_first_of_them(monkeypatch: pytest.MonkeyPatch):
    def watch(model: nn.Module, optimizer: torch.optim.Optimizer) -> rw.Recorder:
        monkeypatch.setattr(step.Step, "frame", fail)
        return rw.watch(model, optimizer, every=1, strict=True)

    with pytest.raises(OSError, match="injected"):
        trained(watch)
