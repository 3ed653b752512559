"""Cells of the notebooks that the browser tests run: a small LSTM that learns to repeat the word before.

The training loops end when the test has seen what it wanted: it makes a file. In each step they rest, as one does whose
work is done elsewhere, and leave the processor to the page; all but `TRAIN_RESTLESS`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.e2e.notebook import Notebook
    from tests.e2e.view import View

SETUP = """
import time
from pathlib import Path
import torch
from torch import nn
import rnnwidgets as rw

torch.set_num_threads(1)
torch.manual_seed(0)
words = "<unk> the gate said so once more and nobody in the cell would forget".split()

class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(len(words), 16)
        self.lstm = nn.LSTM(16, 24)
        self.readout = nn.Linear(24, len(words))

    def forward(self, x):
        return self.readout(self.lstm(self.embedding(x))[0])

model = Model()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
recorder = rw.watch(model, optimizer, every=1, samples=2, decode=words)
recorder
"""

EXPLORER = """
explorer = rw.Explorer(recorder)
explorer
"""

RESTING = "    time.sleep(0.01)\n"

TRAIN = f"""
for step in range(100_000):
    x = torch.randint(len(words), (20, 8))
    loss = nn.functional.cross_entropy(model(x).flatten(0, 1), x.roll(1, 0).flatten())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    recorder.log(loss=loss)
{RESTING}    if Path("stop").exists():
        break
"""

TRAIN_BEGUN = f'Path("begun").touch()\n{TRAIN}'

TRAIN_PRINTING = TRAIN + '    print("x" * 200_000)\n'

TRAIN_FAILING = TRAIN.replace("break", 'raise ValueError("the loop breaks here")')

TRAIN_RESTLESS = TRAIN.replace(RESTING, "")

LAST_STEPS = "print(step, recorder.recording[-1].step)"

KEEP_LAST_STEPS = """
Path(".last").write_text(f"{step} {recorder.recording[-1].step}")
Path(".last").rename("last")
"""


def start(notebook: Notebook, training: str = TRAIN) -> View:
    """Show an Explorer in cell 1 and train in cell 2, until the picture is live; cell 3 tells the last steps."""
    notebook.write(SETUP, EXPLORER, training, LAST_STEPS)
    notebook.open()
    notebook.read(0)
    notebook.call(1)
    notebook.run(2)
    view = notebook.view(1)
    view.until("n('frames') >= 1")
    return view


def last_steps(printed: str) -> tuple[int, int]:
    """The last step of the loop and the last step recorded, as `LAST_STEPS` prints and `KEEP_LAST_STEPS` keeps them."""
    trained, recorded = printed.split()
    return int(trained), int(recorded)
