"""The command `rnnwidgets`: what is in a recording, whether it is sound, and the recording as one HTML file.

Exit codes: 0 well; 1 damage was found; 2 it could not be done, and the sentence on standard error says why.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

from rnnwidgets.archive import place_of, verify
from rnnwidgets.errors import RecordingError
from rnnwidgets.export import export_html
from rnnwidgets.languages import LANGUAGES
from rnnwidgets.recording.loaded import load

_LISTED = ("layers", "notes", "damage", "remarks")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    options = _parser().parse_args(arguments)
    work: Callable[[argparse.Namespace], int] = options.work
    try:
        return work(options)
    except (RecordingError, OSError) as error:
        sys.stderr.write(f"rnnwidgets: {error}\n")
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="rnnwidgets", description="Recordings of recurrent networks on disk.")
    commands = parser.add_subparsers(required=True, metavar="command")
    info = commands.add_parser("info", help="what is in a recording")
    check = commands.add_parser("verify", help="read every byte and tell what is damaged")
    export = commands.add_parser("export", help="write a recording as one HTML file")
    for command, work in ((info, _info), (check, _verify), (export, _export)):
        command.set_defaults(work=work)
        command.add_argument("path", help="the directory of the recording, or a URL that fsspec can open")
        command.add_argument("--json", action="store_true", help="print one JSON object")
    export.add_argument("out", help="the file to write")
    export.add_argument("--size", type=int, default=10_000_000, help="how many bytes it may have (default 10000000)")
    export.add_argument("--title", help="the title of the page")
    export.add_argument(
        "--language", choices=LANGUAGES, default="auto", help="of the page (default auto: that of the reader's browser)"
    )
    return parser


def _info(options: argparse.Namespace) -> int:
    recording = load(options.path)
    status, steps = recording.status, recording.steps
    facts = {
        "run": recording.run,
        "state": status.state,
        "frames": len(recording),
        "first step": steps[0] if steps else None,
        "last step": steps[-1] if steps else None,
        "layers": {name: list(sizes) for name, sizes in recording.extents.items()},
        "scalars": sorted(recording.scalars),
        "ranks": sorted(recording.ranks),
        "notes": list(status.notes),
    }
    _print(facts, options)
    return 0


def _verify(options: argparse.Namespace) -> int:
    report = verify(place_of(options.path))
    _print({"frames": report.frames, "damage": list(report.damage), "remarks": list(report.remarks)}, options)
    return 1 if report.damage else 0


def _export(options: argparse.Namespace) -> int:
    def show(done: int, total: int) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{done} of {total} steps" + ("\n" if done == total else ""))

    path = export_html(
        load(options.path),
        options.out,
        size=options.size,
        title=options.title,
        language=options.language,
        progress=show,
    )
    _print({"file": str(path), "bytes": path.stat().st_size}, options)
    return 0


def _print(facts: dict[str, Any], options: argparse.Namespace) -> None:
    """Write the facts as JSON, or a line each, a list's members below one another."""
    if options.json:
        sys.stdout.write(json.dumps(facts, allow_nan=False) + "\n")
        return
    layers = [f"{one}: {' x '.join(map(str, sizes))}" for one, sizes in facts.get("layers", {}).items()]
    for name, value in {**facts, **({"layers": layers} if "layers" in facts else {})}.items():
        if name in _LISTED:
            text = "".join(f"\n  {_visible(str(member))}" for member in value) or " none"
        else:
            text = " " + _visible(", ".join(map(str, value)) if isinstance(value, list) else str(value))
        sys.stdout.write(f"{name}:{text}\n")


def _visible(text: str) -> str:
    """Return text of a recording without anything that a terminal would obey."""
    return "".join(mark if mark.isprintable() else repr(mark)[1:-1] for mark in text)
