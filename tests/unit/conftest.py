"""What holds for every unit test: torch computes on one thread, whatever the machine has."""

from __future__ import annotations

import torch

torch.set_num_threads(1)
