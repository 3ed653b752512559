"""Two processes that train together record into one directory, each its own log, and it opens as one recording."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np

import rnnwidgets as rw

TRAINS = """
import os, sys, torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel
import rnnwidgets as rw

torch.set_num_threads(1)
distributed.init_process_group("gloo")
torch.manual_seed(0)
model = DistributedDataParallel(nn.LSTM(3, 4))
optimizer = torch.optim.SGD(model.parameters(), 0.1)
torch.manual_seed(distributed.get_rank())
with rw.watch(model, optimizer, every=1, path=sys.argv[1]) as recorder:
    for _ in range(4):
        loss = model(torch.randn(5, 2, 3))[0].square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        recorder.log(loss=loss)
distributed.destroy_process_group()
"""


def test_a_torchrun_job_of_two_processes_opens_as_one_recording_with_ranks(tmp_path: Path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    together = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "ignore", "-c", TRAINS, str(tmp_path / "run")]
    jobs = [subprocess.Popen(command, env={**os.environ, **together, "RANK": str(rank)}) for rank in (0, 1)]
    assert [job.wait(120) for job in jobs] == [0, 0]
    ranks = rw.load(tmp_path / "run").ranks
    assert {rank: one.steps for rank, one in ranks.items()} == {0: [0, 1, 2, 3], 1: [0, 1, 2, 3]}
    for first, second in zip(ranks[0], ranks[1], strict=True):
        assert first.norms.keys() == second.norms.keys()
        for name, norm in first.norms.items():
            assert norm.gradient == second.norms[name].gradient
            assert norm.local != second.norms[name].local
        assert first.scalars["loss"] != second.scalars["loss"]
    assert not np.array_equal(ranks[0][0][ranks[0].layers[0]]["h"], ranks[1][0][ranks[1].layers[0]]["h"])
