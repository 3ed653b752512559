"""What `import rnnwidgets` costs, and what is said when an optional package is missing."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
from pathlib import Path

import pytest

import rnnwidgets

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"torch", "anywidget", "ipywidgets", "traitlets", "bqplot", "nltk", "numpy", "IPython"}

ATTEMPT = """
import sys
sys.modules[{package!r}] = None
import rnnwidgets
try:
    {code}
except ImportError as error:
    print(type(error).__name__, error.name, error, sep="|")
except rnnwidgets.RecordingError as error:
    print(error)
else:
    print("nothing raised")
"""


def run(code: str) -> str:
    command = [sys.executable, "-W", "error", "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout.strip()


def attempt(code: str, *, without: str) -> str:
    return run(ATTEMPT.format(package=without, code=code))


def loaded_by(code: str) -> set[str]:
    modules = json.loads(run(f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"))
    return {name.partition(".")[0] for name in modules}


def test_importing_the_package_loads_nothing_heavy():
    assert loaded_by("import rnnwidgets") & HEAVY == set()


def test_the_version_and_the_names_load_nothing_heavy():
    assert loaded_by("import rnnwidgets; rnnwidgets.__version__; dir(rnnwidgets)") & HEAVY == set()


def test_a_recording_is_read_without_torch_and_without_widgets():
    code = "import rnnwidgets; rnnwidgets.Recording; rnnwidgets.Frame; rnnwidgets.Trace; rnnwidgets.RecordingError"
    assert loaded_by(code) & HEAVY == {"numpy"}


def test_a_view_needs_no_torch_and_no_bqplot():
    loaded = loaded_by("import rnnwidgets; rnnwidgets.Explorer; rnnwidgets.GateHeatmap; rnnwidgets.GradientFlow")
    assert "anywidget" in loaded
    assert loaded & {"torch", "bqplot", "nltk"} == set()


def test_a_recorder_needs_no_widgets():
    assert loaded_by("import rnnwidgets; rnnwidgets.watch; rnnwidgets.Recorder") & {"anywidget", "ipywidgets"} == set()


def test_the_tasks_load_nltk_only_for_the_corpus():
    loaded = loaded_by("import rnnwidgets; next(rnnwidgets.tasks.adding())")
    assert "torch" in loaded
    assert "nltk" not in loaded


@pytest.mark.parametrize("name", ["watch", "Recorder", "tasks"])
def test_without_torch_what_needs_it_says_how_to_get_it(name: str):
    assert attempt(f"rnnwidgets.{name}", without="torch") == (
        f'ImportError|torch|rnnwidgets.{name} needs torch: pip install "rnnwidgets[torch]"'
    )


def test_without_nltk_the_corpus_says_how_to_get_it():
    assert attempt("rnnwidgets.tasks.brown()", without="nltk") == (
        'ImportError|nltk|rnnwidgets.tasks.brown needs nltk: pip install "rnnwidgets[text]"'
    )


def test_without_bqplot_its_curves_say_how_to_get_it():
    said = attempt("rnnwidgets.GradientNorms(rnnwidgets.Recording()).figure", without="bqplot")
    assert "GradientNorms" in said
    assert said.rstrip(".").endswith('pip install "rnnwidgets[bqplot]"')
    assert "\n" not in said


@pytest.mark.parametrize("name", ["Explorer", "GateHeatmap", "GradientFlow"])
def test_without_bqplot_the_other_views_are_there(name: str):
    assert attempt(f"rnnwidgets.{name}", without="bqplot") == "nothing raised"


def test_a_core_package_that_is_missing_is_named_as_python_names_it():
    assert attempt("rnnwidgets.Frame", without="numpy").startswith("ModuleNotFoundError|numpy|")


def test_the_original_error_is_the_cause():
    code = "import sys; sys.modules['torch'] = None\nimport rnnwidgets\n"
    code += "try:\n    rnnwidgets.watch\nexcept ImportError as error:\n    print(type(error.__cause__).__name__)"
    assert run(code) == "ModuleNotFoundError"


def test_the_version_is_the_installed_one():
    assert rnnwidgets.__version__ == importlib.metadata.version("rnnwidgets")


def test_a_name_that_is_not_there_is_refused_as_python_does():
    with pytest.raises(AttributeError, match="module 'rnnwidgets' has no attribute 'wacth'"):
        _ = rnnwidgets.wacth


def test_a_name_is_looked_up_once():
    first = rnnwidgets.Frame
    assert vars(rnnwidgets)["Frame"] is first
