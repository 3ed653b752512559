"""The import rules: who may import whom, and which third-party package is known where.

Every import counts, inside functions and for type checkers too: a wrong arrow is wrong wherever it stands.
"""

from __future__ import annotations

import ast
import graphlib
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

LAYERS = {
    "errors": set(),
    "schema": set(),
    "languages": {"errors", "schema"},
    "frame": {"errors", "schema"},
    "reduce": {"schema"},
    "analysis": {"errors", "schema", "languages", "frame"},
    "wire": {"schema", "frame", "reduce", "analysis"},
    "archive": {"errors", "schema", "frame", "reduce"},
    "recording": {"errors", "schema", "frame", "reduce", "archive"},
    "cells": {"errors"},
    "recorder": {"errors", "schema", "cells", "frame", "reduce", "analysis", "recording", "archive"},
    "export": {"errors", "schema", "languages", "frame", "reduce", "recording", "analysis", "wire"},
    "widgets": {"errors", "schema", "languages", "frame", "reduce", "wire", "recording", "analysis", "export"},
    "cli": {"errors", "languages", "archive", "recording", "export"},
    "__main__": {"cli"},
    "tasks": set(),
}

THIRD_PARTY = {
    "errors": set(),
    "schema": set(),
    "languages": set(),
    "frame": {"numpy"},
    "reduce": {"numpy"},
    "analysis": {"numpy"},
    "wire": {"numpy"},
    "archive": {"numpy", "fsspec"},
    "recording": {"numpy", "xarray", "zarr", "pyarrow"},
    "cells": {"numpy", "torch"},
    "recorder": {"torch", "numpy"},
    "export": set(),
    "widgets": {"anywidget", "ipywidgets", "traitlets", "bqplot", "numpy"},
    "cli": set(),
    "__main__": set(),
    "tasks": {"torch", "nltk"},
}

ONLY_IN = {"bqplot": {"widgets/curves.py"}, "nltk": {"tasks/brown.py"}, "fsspec": {"archive/place.py"}}

SMALL = {"scale", "color", "theme", "strings", "format"}
JS_LAYERS = {
    "protocol.gen": set(),
    "sound": {"protocol.gen"},
    "frame": {"protocol.gen", "sound"},
    "series": {"protocol.gen", "frame"},
    "held": {"frame"},
    "store": {"protocol.gen", "frame", "series", "held", "sound"},
    "cursor": {"protocol.gen", "frame", "held", "store"},
    "scale": set(),
    "format": set(),
    "phrases": {"protocol.gen"},
    "captions": set(),
    "strings": {"phrases", "captions"},
    "color": {"protocol.gen", "frame"},
    "theme": {"protocol.gen", "color"},
    "marks": {"frame"} | SMALL,
    "panels": {"protocol.gen", "frame", "series", "held", "store", "cursor", "marks"} | SMALL,
    "view": {"protocol.gen", "frame", "series", "held", "store", "cursor", "marks", "panels"} | SMALL,
    "host": {"protocol.gen", "frame", "store", "cursor", "view"},
}
JS_IMPORT = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*["']([^"']+)["']""")
JS_COMMENT = re.compile(r"/\*.*?\*/|(?<!:)//[^\n]*", re.DOTALL)
JS_HOST_ONLY = re.compile(
    r"\b(?:globalThis|localStorage|sessionStorage)\b|(?<![.\w])(?:navigator|location)\."
    r"|\bwindow\.(?!setTimeout\b|clearTimeout\b)\w+"
    r"|\bmodel\.(?:get|set|on|off|send|save_changes)\(|[\"']@?anywidget"
)
JS_ELEMENTS = re.compile(r"(?<![.\w])document\.\w+|\bwindow\.\w+")

PYTHON_FILES = sorted((ROOT / "rnnwidgets").rglob("*.py"))
JS_FILES = [file for file in sorted((ROOT / "js" / "src").rglob("*.ts")) if not file.name.endswith(".d.ts")]


def imports(source: str, package: str) -> set[str]:
    """Every name that the source imports by statement or call, absolute: p of `import p`, p.n of `from p import n`."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            found |= {f"{base}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "importlib.import_module":
            found |= {str(name.value) for name in node.args if isinstance(name, ast.Constant)}
    return found


def layer_of(path: str) -> str:
    return path.split("/", maxsplit=1)[0].removesuffix(".py")


def wrong_imports(path: str, source: str) -> list[str]:
    """The imports that rnnwidgets/`path` may not have, in words."""
    layer = layer_of(path)
    if layer not in LAYERS:
        return [f"{path} belongs to no layer"]
    package = ".".join(["rnnwidgets", *path.split("/")[:-1]])
    wrong = []
    for name in sorted(imports(source, package)):
        top, _, rest = name.partition(".")
        ours = rest.partition(".")[0]
        if top == "rnnwidgets":
            if ours and ours not in LAYERS[layer] | {layer}:
                wrong.append(f"{path} imports {name}")
        elif top not in sys.stdlib_module_names and (
            top not in THIRD_PARTY[layer] or path not in ONLY_IN.get(top, {path})
        ):
            wrong.append(f"{path} imports {name}")
    return wrong


def wrong_js_imports(path: str, source: str) -> list[str]:
    """The imports that js/src/`path` may not have, in words."""
    layer = path.split("/", maxsplit=1)[0].removesuffix(".ts")
    if layer not in JS_LAYERS:
        return [f"{path} belongs to no layer"]
    wrong = []
    for name in JS_IMPORT.findall(source):
        if not name.startswith("."):
            if layer != "host":
                wrong.append(f"{path} imports {name}")
            continue
        target = (Path("/", path).parent / name).resolve().relative_to("/").parts[0]
        if re.sub(r"\.(js|ts)$", "", target) not in JS_LAYERS[layer] | {layer}:
            wrong.append(f"{path} imports {name}")
    return wrong


@pytest.mark.parametrize("file", PYTHON_FILES, ids=lambda file: str(file.relative_to(ROOT / "rnnwidgets")))
def test_a_python_module_imports_only_what_its_layer_allows(file: Path):
    path = file.relative_to(ROOT / "rnnwidgets").as_posix()
    if path != "__init__.py":
        assert wrong_imports(path, file.read_text(encoding="utf-8")) == []


def test_the_package_itself_imports_only_the_standard_library_when_it_is_imported():
    source = (ROOT / "rnnwidgets" / "__init__.py").read_text(encoding="utf-8")
    at_import = [node for node in ast.parse(source).body if isinstance(node, ast.Import | ast.ImportFrom)]
    found = imports("\n".join(map(ast.unparse, at_import)), "rnnwidgets")
    assert found == {"__future__.annotations", "importlib", "typing.TYPE_CHECKING"}


def test_no_python_modules_import_each_other_in_a_circle():
    modules = {}
    for file in PYTHON_FILES:
        parts = file.relative_to(ROOT).with_suffix("").parts
        modules[".".join(parts).removesuffix(".__init__")] = file
    del modules["rnnwidgets"]
    graph = {}
    for name, file in modules.items():
        package = name if file.name == "__init__.py" else name.rpartition(".")[0]
        imported = imports(file.read_text(encoding="utf-8"), package)
        graph[name] = {full if full in modules else full.rpartition(".")[0] for full in imported} & modules.keys()
    order = list(graphlib.TopologicalSorter(graph).static_order())
    assert sorted(order) == sorted(modules)


@pytest.mark.parametrize("file", JS_FILES, ids=lambda file: str(file.relative_to(ROOT / "js" / "src")))
def test_a_typescript_module_imports_only_what_its_layer_allows(file: Path):
    path = file.relative_to(ROOT / "js" / "src").as_posix()
    assert wrong_js_imports(path, file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("file", JS_FILES, ids=lambda file: str(file.relative_to(ROOT / "js" / "src")))
def test_only_the_host_touches_the_model_and_the_page_and_only_views_make_elements(file: Path):
    layer, source = file.relative_to(ROOT / "js" / "src").parts[0], JS_COMMENT.sub("", file.read_text(encoding="utf-8"))
    if layer != "host":
        assert JS_HOST_ONLY.findall(source) == []
    if layer not in {"host", "view"}:
        assert JS_ELEMENTS.findall(source) == []


def test_every_layer_of_the_view_has_its_files():
    found = {file.relative_to(ROOT / "js" / "src").parts[0].removesuffix(".ts") for file in JS_FILES}
    assert found == set(JS_LAYERS)


@pytest.mark.parametrize(
    ("path", "source", "wrong"),
    [
        ("frame.py", "import torch", ["frame.py imports torch"]),
        ("frame.py", "def f():\n    import torch.nn", ["frame.py imports torch.nn"]),
        ("errors.py", "from rnnwidgets.frame import Frame", ["errors.py imports rnnwidgets.frame.Frame"]),
        ("reduce.py", "from . import errors", ["reduce.py imports rnnwidgets.errors"]),
        ("cells/lstm.py", "from ..recorder.hooks import f", ["cells/lstm.py imports rnnwidgets.recorder.hooks.f"]),
        ("widgets/base.py", "import bqplot", ["widgets/base.py imports bqplot"]),
        ("cells/gru.py", "import importlib\nimportlib.import_module('nltk')", ["cells/gru.py imports nltk"]),
        ("tasks/models.py", "import nltk", ["tasks/models.py imports nltk"]),
        ("utils.py", "", ["utils.py belongs to no layer"]),
        ("widgets/curves.py", "import bqplot\nfrom rnnwidgets.schema import X", []),
        ("cells/lstm.py", "import math\nimport torch\nfrom .base import f", []),
    ],
)
def test_a_wrong_python_import_is_named(path: str, source: str, wrong: list[str]):
    assert wrong_imports(path, source) == wrong


@pytest.mark.parametrize(
    ("path", "source", "wrong"),
    [
        ("frame.ts", 'import { Store } from "./store";', ["frame.ts imports ./store"]),
        ("marks/heatmap.ts", 'import type { A } from "../panels/a";', ["marks/heatmap.ts imports ../panels/a"]),
        ("panels/gates.ts", 'import x from "uplot";', ["panels/gates.ts imports uplot"]),
        ("panels/gates.ts", 'import { s } from "../scale.ts";\nimport { p } from "./panel.js";', []),
        ("host/page.ts", 'import {\n  a,\n} from "../view/a";', []),
    ],
)
def test_a_wrong_typescript_import_is_named(path: str, source: str, wrong: list[str]):
    assert wrong_js_imports(path, source) == wrong
