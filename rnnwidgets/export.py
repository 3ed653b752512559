"""A recording as one HTML file: the same view, with everything that it needs inside, from a disk as from a server.

Answers these constraints. The page asks no network for anything: its own content security policy forbids it. What comes
from data is written as base64 or as escaped JSON, never as markup. The file keeps to a size, so frames are chosen,
evenly over training, and what was left out stands in the page.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, get_args

from rnnwidgets import reduce, schema
from rnnwidgets.analysis import WINDOW, analyse, findings, first_bad
from rnnwidgets.errors import FrameBytesError, RecordingError
from rnnwidgets.frame import Frame
from rnnwidgets.languages import checked_language
from rnnwidgets.recording import Recording
from rnnwidgets.wire import encode_analysis, encode_curves, encode_step

SCRIPT = Path(__file__).parent / "static" / "page.js"
LEAST_FRAMES = 32
MOST_ANALYSES = 32
ANALYSIS_BYTES = 16 * 1024
_LIVE = ("waiting", "live", "paused")
_LEAST_SIZE = 500_000
_UNLIMITED = 2**31
_ESCAPES = {ord(mark): f"\\u{ord(mark):04x}" for mark in "<>&\u2028\u2029"}


class _Words(NamedTuple):
    """What Python writes into a page, in one language."""

    title: str
    noscript: str
    chosen: str
    strided: str


_WORDS = {
    "en": _Words(
        "Recording of a recurrent network",
        "This page draws a recording with JavaScript, which is switched off here.",
        "{kept} of {all} recorded steps are in this file, evenly chosen",
        "large layers have fewer samples, units or timesteps in this file, to keep to its size",
    ),
    "zh": _Words(
        "循环神经网络的训练记录",
        "本页面用 JavaScript 绘制记录，而此处禁用了 JavaScript。",
        "此文件含 {all} 个已记录步中均匀选取的 {kept} 个",
        "为控制文件大小，此文件中较大的层只保留部分样本、单元或时刻",
    ),
}
_LANG = {"auto": "", "en": ' lang="en"', "zh": ' lang="zh-CN"'}

PAGE = """<!DOCTYPE html>
<html{lang}>
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="rnnwidgets">
<title>{title}</title>
<style>:root{{color-scheme:light dark}}body{{margin:0 auto;padding:12px;max-width:1400px}}</style>
</head>
<body>
<noscript>{noscript}</noscript>
<main id="rnnwidgets-view"></main>
<script id="rnnwidgets-meta" type="application/json">{meta}</script>
<script id="rnnwidgets-frames" type="text/plain">{frames}</script>
<script>{script}</script>
</body>
</html>
"""


def export_html(
    recording: Recording,
    path: str | os.PathLike[str],
    *,
    size: int = 10_000_000,
    title: str | None = None,
    language: schema.Language = "auto",
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write a recording as one HTML file that needs neither Python nor a network, and return its path.

    All panels and both sliders work in it. Where the frames do not fit, they are chosen evenly over training; where
    even a few do not, they have fewer samples, units and timesteps; the page says so.

    Args:
        recording: what `load` returned, or `recorder.recording`.
        path: the file; one that is there is replaced, once the new one is whole.
        size: how many bytes it may have, at least 500 000.
        title: of the page; left out, it is "Recording of a recurrent network" in the language.
        language: `auto` (that of the reader's browser), `en` or `zh`.
        progress: called with (done, to do), first for the analyses, then for the frames.

    Raises:
        RecordingError: there is nothing to show yet, `size` is too small, `language` is unknown, or the file cannot be
            written.
    """
    source = getattr(recording, "recording", recording)
    if not isinstance(source, Recording) or not len(source):
        raise RecordingError(
            "recording",
            expected="a recording with at least one frame",
            found="an empty one" if isinstance(source, Recording) else type(source).__name__,
            remedy="export it once training has begun",
        )
    if size < _LEAST_SIZE:
        raise RecordingError(
            "size", expected=f"at least {_LEAST_SIZE} bytes", found=repr(size), remedy="leave it out for 10 MB"
        )
    written = _WORDS["zh" if checked_language(language) == "zh" else "en"]
    script = _script()
    snapshot, words = _snapshot(source, (size - len(script) - 20_000) * 3 // 4, written, progress)
    status = source.status
    state = "finished" if status.state in _LIVE else status.state
    # The words say which steps the file holds; what Python keeps is nothing to its reader.
    status = replace(status, state=state, notes=(*status.notes, *words), recorded=len(source), thinned=0)
    meta = schema.Meta(schema.VERSION, source.run, 0, status)
    text = _page(meta, snapshot, script, written, title=title, language=language)
    return _written(Path(path), text)


def _page(
    meta: schema.Meta, snapshot: bytes, script: str, words: _Words, *, title: str | None, language: schema.Language
) -> str:
    held = {"meta": {**vars(meta), "status": vars(meta.status)}, "panels": get_args(schema.Panel)}
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )
    return PAGE.format(
        policy=policy,
        lang=_LANG[language],
        title=html.escape(words.title if title is None else title),
        noscript=words.noscript,
        meta=escaped(held),
        frames=base64.b64encode(snapshot).decode("ascii"),
        script=script,
    )


def escaped(value: Any) -> str:
    """Return JSON that can stand inside an HTML element: no mark of it means anything to a parser of HTML."""
    return json.dumps(value, allow_nan=False).translate(_ESCAPES)


def _script() -> str:
    if SCRIPT.exists():
        return SCRIPT.read_text("utf-8").strip().replace("</script", "<\\/script")
    raise RecordingError(
        "export_html",
        expected=f"the script of the page at {SCRIPT}",
        found="no such file",
        remedy="run `make build` in a checkout, or install a released wheel",
    )


def _snapshot(
    recording: Recording, room: int, texts: _Words, progress: Callable[[int, int], None] | None
) -> tuple[bytes, Sequence[str]]:
    """Return frames that fit into `room` bytes, curves before them, and sentences on what was left out."""
    curves = encode_curves({name: bins for name, (_, bins) in recording.series().items()})
    frames = recording[:]
    analyses = _analyses(recording, frames, room // 10, progress)
    room -= len(curves) + len(analyses)
    last = next(_sound(frames, reversed(range(len(frames)))))
    whole, few = len(encode_step(last, _UNLIMITED)), min(len(frames), LEAST_FRAMES)
    strided = whole * few > room
    limit = room // few if strided else _UNLIMITED
    keep = min(len(frames), room // min(limit, whole))
    encoded: dict[int, bytes] = {}
    while True:
        chosen = reduce.spread(len(frames), max(keep, 1))
        for count, position in enumerate(chosen, start=1):
            if position not in encoded:
                encoded[position] = b"".join(encode_step(frame, limit) for frame in _sound(frames, [position]))
            if progress is not None:
                progress(count, len(chosen))
        total = sum(len(encoded[position]) for position in chosen)
        if total <= room or keep <= 1:
            break
        keep = min(keep - 1, keep * room // total)
    words = []
    kept = sum(1 for position in chosen if encoded[position])
    if kept < len(frames):
        words.append(texts.chosen.format(kept=kept, all=len(frames)))
    if strided:
        words.append(texts.strided)
    return b"".join((curves, *(encoded[position] for position in chosen), analyses)), words


def _analyses(
    recording: Recording, frames: Sequence[Frame], room: int, progress: Callable[[int, int], None] | None
) -> bytes:
    """Return what follows from steps spread over the run, from frames with recurrent weights where there are any."""
    places = reduce.spread(len(frames), min(max(room // ANALYSIS_BYTES, 1), MOST_ANALYSES))
    scalars, pieces = recording.scalars, dict[int, bytes]()
    bad = first_bad(_sound(frames, places))
    for count, place in enumerate(places, start=1):
        window = list(_sound(frames, range(max(place + 1 - 2 * WINDOW, 0), place + 1)))
        weighted = [at for at, frame in enumerate(window) if any(trace.weights for trace in frame.traces.values())]
        window = window[: weighted[-1] + 1] if weighted else window
        if window and window[-1].step not in pieces:
            told = {name: curve.until(window[-1].step) for name, curve in scalars.items()}
            here = bad if bad is not None and bad.step <= window[-1].step else None
            analysis = replace(analyse(window[-1]), findings=findings(window[-WINDOW:], told, here))
            pieces[window[-1].step] = encode_analysis(analysis, ANALYSIS_BYTES)
        if progress is not None:
            progress(count, len(places))
    return b"".join(pieces.values())


def _sound(frames: Sequence[Frame], positions: Any) -> Iterator[Frame]:
    """Yield the frames at these positions, those left out whose bytes on disk are damaged."""
    for position in positions:
        with suppress(FrameBytesError):
            yield frames[position]


def _written(path: Path, text: str) -> Path:
    draft = path.with_name(f".{path.name}.draft")
    try:
        draft.write_text(text, "utf-8", newline="\n")
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise RecordingError(
            "path",
            expected="a file that can be written",
            found=f"{path}: {(error.strerror or str(error)).lower()}",
            remedy="choose another path",
        ) from error
    return path
