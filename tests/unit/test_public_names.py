"""The public surface: its names, and every signature as text.

A change of the surface is a change of public_names.txt beside this file, to be reviewed as such:
    python tests/unit/test_public_names.py > tests/unit/public_names.txt
"""

from __future__ import annotations

import inspect
from functools import cached_property
from pathlib import Path
from types import ModuleType

import rnnwidgets

SNAPSHOT = Path(__file__).with_name("public_names.txt")
MOST_NAMES = 19


def surface() -> list[str]:
    """A line for each public name, and for each public method, property and exported function below it."""
    return [line for name in rnnwidgets.__all__ if name != "__version__" for line in lines(name)]


def lines(path: str) -> list[str]:
    thing = rnnwidgets
    for part in path.split("."):
        thing = getattr(thing, part)
    if isinstance(thing, ModuleType):
        return [path, *(line for name in thing.__all__ for line in lines(f"{path}.{name}"))]
    if not callable(thing):
        return [f"{path}: {type(thing).__name__}"]
    if not inspect.isclass(thing):
        return [f"{path}{inspect.signature(thing)}"]
    ours = [base for base in thing.__mro__ if base.__module__.startswith("rnnwidgets")]
    members = {name: member for base in reversed(ours) for name, member in vars(base).items() if name[0] != "_"}
    texts = {name: member_text(member) for name, member in members.items()}
    return [f"{path}{inspect.signature(thing)}", *(f"{path}.{name}{text}" for name, text in texts.items() if text)]


def member_text(member: object) -> str:
    """The signature of a method, a word for a property, nothing for a plain value."""
    if isinstance(member, property | cached_property):
        return ": property"
    if isinstance(member, staticmethod | classmethod):
        member = member.__func__
    return str(inspect.signature(member)) if inspect.isfunction(member) else ""


def test_the_public_names_are_these():
    assert rnnwidgets.__all__ == [
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


def test_there_are_at_most_19_public_names():
    assert len(rnnwidgets.__all__) <= MOST_NAMES


def test_every_public_name_can_be_touched_and_is_listed():
    assert [name for name in rnnwidgets.__all__ if not hasattr(rnnwidgets, name)] == []
    assert set(rnnwidgets.__all__) <= set(dir(rnnwidgets))


def test_every_signature_is_the_reviewed_one():
    assert surface() == SNAPSHOT.read_text(encoding="utf-8").splitlines()


if __name__ == "__main__":
    print("\n".join(surface()))
