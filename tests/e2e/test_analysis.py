"""Findings, the flow matrix and the weights reach the page while the cell still trains, and stay when it has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.lessons import LAST_STEPS

if TYPE_CHECKING:
    from tests.e2e.notebook import Notebook

SETUP = """
from pathlib import Path
import torch
from torch import nn
import rnnwidgets as rw

torch.set_num_threads(1)
torch.manual_seed(0)

class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(2, 24)
        self.readout = nn.Linear(24, 1)

    def forward(self, x):
        return self.readout(self.lstm(x)[0][-1])[:, 0]

model = Model()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
recorder = rw.watch(model, optimizer, every=1, samples=2)
explorer = rw.Explorer(recorder, panels=["status", "steps", "findings", "flow", "matrix", "weights"])
explorer
"""

TRAIN = """
for step in range(100_000):
    x = torch.rand(60, 8, 2)
    loss = nn.functional.mse_loss(model(x), x[0].mean(dim=-1))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    recorder.log(loss=loss)
    if Path("stop").exists():
        break
"""


def test_a_default_lstm_is_said_to_vanish_while_the_cell_trains_and_after_it(notebook: Notebook):
    notebook.write(SETUP, TRAIN, LAST_STEPS, "print([one.name for one in rw.diagnose(recorder.recording)])")
    notebook.open()
    notebook.call(0)
    notebook.run(1)
    view = notebook.view(0)
    findings = view.control("findings")
    findings.get_by_text("Vanishing gradient: 59 steps back", exact=False).first.wait_for()
    assert notebook.is_running(1)
    notebook.stop()
    notebook.finish(1)
    view.until("d.state === 'finished'")
    assert "f gates have a memory half-life" in findings.inner_text()
    assert notebook.read(3) == "['vanishing']"
