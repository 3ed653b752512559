"""Attach to a PyTorch model, observe its training, replay its recurrent layers, keep to a budget, detach."""

from rnnwidgets.recorder.attach import watch
from rnnwidgets.recorder.recorder import Recorder
from rnnwidgets.recorder.settings import Health
from rnnwidgets.recorder.tapping import tap

__all__ = ["Health", "Recorder", "tap", "watch"]
