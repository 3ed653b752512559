"""What holds for every test of the scorecard: torch computes on one thread."""

from __future__ import annotations

import torch

torch.set_num_threads(1)
