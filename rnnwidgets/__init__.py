"""Watch a recurrent network learn, in the notebook, while it trains.

The public names, each loaded when it is first touched: `import rnnwidgets` alone imports neither torch nor anywidget
nor numpy, so a recording can be read where torch is missing and a model trained where no widget can be drawn.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnnwidgets import tasks
    from rnnwidgets.analysis import diagnose
    from rnnwidgets.errors import RecordingError
    from rnnwidgets.export import export_html
    from rnnwidgets.frame import Frame, Trace
    from rnnwidgets.recorder import Recorder, tap, watch
    from rnnwidgets.recording import Recording
    from rnnwidgets.recording.loaded import load
    from rnnwidgets.widgets import (
        CellDiagram,
        Explorer,
        GateHeatmap,
        GradientFlow,
        GradientNorms,
        Saturation,
        TrainingCurves,
    )

    __version__: str

__all__ = [
    "CellDiagram",
    "Explorer",
    "Frame",
    "GateHeatmap",
    "GradientFlow",
    "GradientNorms",
    "Recorder",
    "Recording",
    "RecordingError",
    "Saturation",
    "Trace",
    "TrainingCurves",
    "__version__",
    "diagnose",
    "export_html",
    "load",
    "tap",
    "tasks",
    "watch",
]

_HOMES = {
    "CellDiagram": "rnnwidgets.widgets",
    "Explorer": "rnnwidgets.widgets",
    "Frame": "rnnwidgets.frame",
    "GateHeatmap": "rnnwidgets.widgets",
    "GradientFlow": "rnnwidgets.widgets",
    "GradientNorms": "rnnwidgets.widgets",
    "Recorder": "rnnwidgets.recorder",
    "Recording": "rnnwidgets.recording",
    "RecordingError": "rnnwidgets.errors",
    "Saturation": "rnnwidgets.widgets",
    "Trace": "rnnwidgets.frame",
    "TrainingCurves": "rnnwidgets.widgets",
    "diagnose": "rnnwidgets.analysis",
    "export_html": "rnnwidgets.export",
    "load": "rnnwidgets.recording.loaded",
    "tap": "rnnwidgets.recorder",
    "watch": "rnnwidgets.recorder",
}

_MODULES = ("analysis", "tasks")
_EXTRAS = {"torch": "torch", "bqplot": "bqplot", "nltk": "text"}


def __getattr__(name: str) -> object:
    """Load the module that holds `name`, once."""
    if name not in __all__ and name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = _load(name)
    globals()[name] = value
    return value


def _load(name: str) -> object:
    if name == "__version__":
        return importlib.import_module("importlib.metadata").version(__name__)
    try:
        if name in _MODULES:
            return importlib.import_module(f"rnnwidgets.{name}")
        return getattr(importlib.import_module(_HOMES[name]), name)
    except ImportError as error:
        package = (error.name or "").partition(".")[0]
        if package not in _EXTRAS:
            raise
        sentence = f'rnnwidgets.{name} needs {package}: pip install "rnnwidgets[{_EXTRAS[package]}]"'
        raise ImportError(sentence, name=package) from error


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_MODULES})
