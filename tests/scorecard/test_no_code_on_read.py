"""Scorecard 33."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import rnnwidgets
from tests.scorecard.archives import spawn, write

READS = """
import json, os, sys
import rnnwidgets
from rnnwidgets.archive import place_of, verify

def read(path):
    recording = rnnwidgets.load(path)
    verify(place_of(path))
    return [frame.step for frame in recording], recording.scalars, recording.status, recording.extents

read(sys.argv[1])
forbidden = ("exec", "compile", "import", "pickle", "marshal", "subprocess", "socket", "ctypes", "shutil", "urllib")
found, opened, inside = [], [], os.path.realpath(sys.argv[2])

def hear(event, arguments):
    if event.startswith(forbidden) or event in ("os.system", "os.posix_spawn", "os.fork", "os.remove", "os.rename"):
        found.append(event)
    elif event in ("open", "os.listdir", "os.scandir"):
        opened.append([str(arguments[0]), arguments[2] if event == "open" else 0])

sys.addaudithook(hear)
steps = read(sys.argv[2])[0]
read_only = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
outside = [path for path, _ in opened if not os.path.realpath(path).startswith(inside) and not path.isdigit()]
writing = [path for path, flags in opened if flags & ~read_only]
print(json.dumps({"found": found, "outside": outside, "writing": writing, "opened": len(opened), "steps": steps}))
"""
PROMISE = "opening and reading runs, imports, unpickles nothing, opens nothing outside, writes nothing"
BOOT = "/proc/sys/kernel/random/boot_id"
CODE = {"pickle", "marshal", "shelve", "dill", "subprocess", "socket", "ctypes", "runpy"}
CALLS = {"eval", "exec", "compile", "__import__", "load"}


def test_no_code_on_read(tmp_path: Path):
    write(tmp_path / "first", 3)
    write(tmp_path / "second", 5)
    child = spawn(READS, tmp_path / "first", tmp_path / "second")
    output, problems = child.communicate()
    assert child.returncode == 0, problems
    said = json.loads(output)
    print(f"{len(said['found'])} such events in {said['opened']} openings, all inside but the boot id")
    assert said["steps"] == list(range(5))
    assert said["opened"] > 5
    assert said["found"] == []
    assert set(said["outside"]) <= {BOOT}
    assert said["writing"] == []


def test_nothing_that_reads_can_execute_or_unpickle():
    package = Path(rnnwidgets.__file__).parent
    files = [*package.glob("archive/*.py"), *package.glob("frame/*.py"), package / "recording" / "loaded.py"]
    wrong = []
    for file in files:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                names += [called] if called in CALLS | {"np.load", "importlib.import_module"} else []
            wrong += [f"{file.name}: {name}" for name in names if name.partition(".")[0] in CODE or name in CALLS]
    assert len(files) > 12
    assert wrong == []
