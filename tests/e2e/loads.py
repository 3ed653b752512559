"""Cells that bring a page and a machine to their limits, for what is measured in the browser.

The loops end when a file named `stop` lies in the folder, as those of the lessons do.
"""

RECORDING = """
import time
from pathlib import Path
import torch
import numpy as np
import rnnwidgets as rw
from rnnwidgets import schema, wire
from rnnwidgets.frame import Frame, Trace

torch.set_num_threads(1)
recording = rw.Recording()
explorer = rw.Explorer(recording, panels={panels!r})
explorer
"""

FILL = """
status = vars(schema.Status("live", 0, 0, 0, 1, None, 0, ())) | dict(notes=[])
for step in range({steps}):
    values = np.random.default_rng(step).random(({times}, 1, {units}), dtype=np.float32) * 2 - 1
    trace = Trace("rnn.l0", "RNN_TANH", ({times},), 0.0, "", dict(h=values))
    frame = Frame(step, (0,), dict([(trace.layer, trace)]), {{}})
    content = dict(kind="delta", version=schema.VERSION, run=recording.run, seq=step + 1, status=status)
    explorer.send(content, [wire.encode_step(frame, {room})])
    if step % 20 == 19:
        time.sleep(1)  # the page takes it up

model = torch.nn.LSTM(64, 128)
while not Path("stop").exists():
    model(torch.randn(35, 32, 64))[0].square().mean().backward()
"""

MODEL = """
import json, os, threading, time
from pathlib import Path
import numpy as np
import torch
from torch import nn
import rnnwidgets as rw

torch.set_num_threads({threads})
torch.manual_seed(0)

class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(1000, 64)
        self.lstm = nn.LSTM(64, 128)
        self.readout = nn.Linear(128, 1000)

    def forward(self, x):
        return self.readout(self.lstm(self.embedding(x))[0])

model = Model()
optimizer = torch.optim.Adam(model.parameters())
recorder = rw.watch(model, optimizer, every=1, samples={samples})
sent = []

def stamped(view):
    send = view.send
    def stamp(content, buffers=None):
        sent.append((content["seq"], time.time()))
        send(content, buffers)
    view.send = stamp
    return view

def busy():
    values = np.random.default_rng(0).random(300_000)
    while not Path("stop").exists():
        np.sort(values)  # without the interpreter's lock
"""

SHOW = "stamped(rw.Explorer(recorder))"

BUSY = """
threading.Thread(target=busy, daemon=True).start()
"""

TRAIN = """
began = time.time(), sum(os.times()[:2])
step = 0
while not Path("stop").exists():
    x = torch.randint(1000, (35, 32))
    loss = nn.functional.cross_entropy(model(x).flatten(0, 1), x.roll(1, 0).flatten())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    recorder.log(loss=loss)
    step += 1
    if step == 40:
        {at_40}
    time.sleep({pause})
ended = time.time(), sum(os.times()[:2])
"""

SENT = """
print(json.dumps(dict(sent=sent, steps=step, cores=(ended[1] - began[1]) / (ended[0] - began[0]))))
"""
