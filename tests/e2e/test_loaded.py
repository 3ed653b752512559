"""A recording that lies on disk, shown in a notebook: whole, and scrubbed from the browser's memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.e2e.notebook import Notebook

RECORD = """
import torch
from torch import nn
import rnnwidgets as rw

torch.set_num_threads(1)
model = nn.LSTM(4, 8)
optimizer = torch.optim.SGD(model.parameters(), 0.1)
with rw.watch(model, optimizer, every=1, path="run") as recorder:
    for _ in range(12):
        loss = model(torch.randn(6, 2, 4))[0].square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        recorder.log(loss=loss)
print(len(rw.load("run")))
"""


def test_an_explorer_of_a_recording_on_disk_is_whole_and_scrubs(notebook: Notebook):
    notebook.write(RECORD, 'rw.Explorer(rw.load("run"))')
    notebook.open()
    notebook.page.set_viewport_size({"width": 1400, "height": 1600})
    notebook.read(0)
    notebook.call(1)
    view = notebook.view(1)
    assert view.until("n('frames') === 12").data["state"] == "finished"
    with view.drag("step", 0.9) as move:
        move(0.1)
    assert view.until("n('step') <= 2").data["latest"] == "11"
