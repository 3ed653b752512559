"""Scorecard 40: payloads in every text that a view shows; none runs, and none becomes an element.

The built bundle is given a model of its own on a plain page. A payload that ran would call `ran()`, open a dialog or
ask the network for something; one that became an element would change how many there are of its kind.
"""

from __future__ import annotations

import base64
import itertools
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from playwright.sync_api import Browser, Dialog, Page, Request, sync_playwright

import rnnwidgets as rw
from rnnwidgets import schema, wire
from rnnwidgets.analysis import Analysis
from rnnwidgets.frame import Frame, ParameterNorm
from rnnwidgets.recording import Recording
from rnnwidgets.widgets.layout import PANELS
from rnnwidgets.widgets.view import BUNDLE
from tests.chromium import executable
from tests.unit.frames import make_frame

CORES = (
    "<script>ran()</script>",
    "<img src=x onerror=ran()>",
    "<svg onload=ran()>",
    "<svg><script>ran()</script></svg>",
    "<iframe srcdoc='<script>parent.ran()</script>'></iframe>",
    "<iframe src=javascript:parent.ran()></iframe>",
    "<math><mtext></p><img src=x onerror=ran()></mtext></math>",
    "<details open ontoggle=ran()>x</details>",
    "<video><source onerror=ran()></video>",
    "<body onload=ran()>",
    "<input autofocus onfocus=ran()>",
    "<style>@import 'http://evil.test/x.css';</style>",
    "<link rel=stylesheet href=http://evil.test/x.css>",
    "<base href=http://evil.test/>",
    "<form action=javascript:ran()><button>go</button></form>",
    "<object data=javascript:ran()></object>",
    "<template><script>ran()</script></template>",
    "javascript:ran()",
    "{{constructor.constructor('ran()')()}}",
    "${ran()}",
    "__proto__",
    "constructor",
    "url(http://evil.test/x)",
    "expression(ran())",
    "\u202e<b>evil</b>",
)
WRAPPINGS: Sequence[Callable[[str], str]] = (
    lambda text: text,
    lambda text: f'"><{text[1:]}' if text.startswith("<") else f'">{text}',
    lambda text: f"'>{text}",
    lambda text: f"</script>{text}",
    lambda text: f"</style></title></textarea>{text}",
    lambda text: f"-->{text}<!--",
    lambda text: f"]]>{text}",
    lambda text: f"&lt;{text}\u2028\x00\ufeff",
)
PROMISE = "200 payloads in every text of a view, an exported page, a picture: none runs, none becomes an element"
PAYLOADS = [wrap(core) for wrap, core in itertools.product(WRAPPINGS, CORES)]

SHOW = """async ([code, state]) => {
  const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  window.runs = 0;
  window.ran = () => { window.runs += 1; };
  const values = { ...state, _snapshot: bytes(state._snapshot) };
  const model = {
    get: (name) => values[name], set: (name, value) => { values[name] = value; },
    save_changes: () => {}, on: () => {}, off: () => {},
  };
  const { default: widget } = await import(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
  const { initialize, render } = widget();
  initialize({ model });
  render({ model, el: document.getElementById("here") });
}"""

ELEMENTS = """() => {
  const counts = {};
  for (const { tagName } of document.querySelectorAll(".rnnw *")) counts[tagName] = (counts[tagName] ?? 0) + 1;
  return counts;
}"""


def finding(severity: schema.Severity, layer: str, texts: Iterator[str]) -> schema.Finding:
    return schema.Finding(
        name=next(texts),
        severity=severity,
        sentence=next(texts),
        sentence_zh=next(texts),
        advice=next(texts),
        advice_zh=next(texts),
        source=next(texts),
        step=3,
        layer=layer,
        time=1,
        unit=2,
    )


PLACED = {
    "_others": [],
    "_names": [],
    "_panels": list(PANELS),
    "_rows": [[[name]] for name in PANELS],
    "theme": "light",
    "step": None,
    "time": 1,
    "layer": "",
    "gate": "f",
    "unit": 2,
    "sample": 0,
}


def state(texts: Sequence[str], round_: int) -> dict[str, Any]:
    """The traits of a view that shows these texts: each is once in each place that holds one, over all rounds."""
    pick = itertools.cycle([*texts[round_ % len(texts) :], *texts[: round_ % len(texts)]])
    frame = make_frame(3, (8, 2, 6), scalars={"loss": 1.0, next(pick): 2.0, f"{next(pick)}.{next(pick)}": 3.0})
    trace = frame["lstm.l0"]
    layers = [replace(trace, layer=f"{next(pick)}{k}", inexact=next(pick)) for k in range(2)]
    tokens = tuple(tuple(next(pick) for _ in range(8)) for _ in range(2))
    norms = {f"{next(pick)}{k}": ParameterNorm(1.0, 2.0, 0.1) for k in range(3)}
    hostile = Frame(3, (0, 1), {layer.layer: layer for layer in layers}, frame.scalars, norms, tokens)
    severities: tuple[schema.Severity, ...] = ("info", "warning", "problem")
    findings = [finding(severity, layers[0].layer, pick) for severity in severities]
    bins = {name: np.array([[3.0], [3], [value], [value], [value], [1]]) for name, value in frame.scalars.items()}
    data = wire.encode_curves(bins) + wire.encode_step(hostile, 200_000)
    data += wire.encode_analysis(Analysis(3, {}, findings), 50_000)
    status = {**vars(schema.Status("live", 3, 1, 0, 1, None, 0, ())), "notes": [next(pick), next(pick)]}
    return {
        "_meta": {"version": schema.VERSION, "run": next(pick), "seq": 1, "status": status},
        "_snapshot": base64.b64encode(data).decode(),
        **PLACED,
    }


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable(), args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()


class Watched:
    """A page, and what on it should not have happened."""

    def __init__(self, browser: Browser) -> None:
        self.page = browser.new_context(viewport={"width": 1000, "height": 5200}).new_page()
        self.happened: list[str] = []
        self.page.on("dialog", self._dialog)
        self.page.on("pageerror", lambda error: self.happened.append(str(error)))
        self.page.on("request", self._asked)

    def _dialog(self, dialog: Dialog) -> None:
        self.happened.append(dialog.message)
        dialog.dismiss()

    def _asked(self, request: Request) -> None:
        if not request.url.startswith(("blob:", "data:", "file:", "about:")):
            self.happened.append(request.url)

    def close(self) -> None:
        self.page.context.close()


def visit(page: Page, traits: dict[str, Any]) -> dict[str, int]:
    """Show a view, point at it, unfold what can be unfolded; the elements there are then, by tag."""
    page.set_content('<div id="here"></div>')
    page.evaluate(SHOW, [BUNDLE.read_text("utf-8"), traits])
    page.wait_for_selector(".rnnw[data-painted]")
    page.locator('[data-role="heatmap"]').hover(position={"x": 200, "y": 60})
    page.locator('[data-role="curves"]').hover(position={"x": 200, "y": 60})
    for summary in page.locator(".rnnw details > summary").all():
        summary.evaluate("(summary) => summary.click()")
    page.locator('[data-role="save-table"]').evaluate("(button) => button.click()")
    page.wait_for_selector('[data-role="table"] td')
    counts: dict[str, int] = page.evaluate(ELEMENTS)
    return counts


def visit_exported(browser: Browser, path: Path, texts: Sequence[str]) -> None:
    """Open an exported page with every text as a note, as a token, as a scalar; the first is its title."""
    recording, times = Recording(), len(texts) // 2
    for sentence in texts:
        recording.note(sentence)
    tokens = tuple(tuple(texts[times * row : times * (row + 1)]) for row in range(2))
    for step in range(3):
        frame = make_frame(step, (times, 2, 6), scalars=dict.fromkeys(texts, 1.0))
        recording.append(replace(frame, tokens=tokens))
    rw.export_html(recording, path, title=texts[0])
    watched = Watched(browser)
    watched.page.add_init_script("window.runs = 0; window.ran = () => { window.runs += 1; };")
    watched.page.goto(path.as_uri())
    watched.page.wait_for_selector(".rnnw[data-painted]")
    assert watched.page.evaluate("() => window.runs") == 0
    inside = watched.page.evaluate(ELEMENTS)
    assert {"SCRIPT", "IMG", "IFRAME", "OBJECT", "FORM", "LINK", "BASE"} & set(inside) == set()
    assert json.dumps(watched.happened) == "[]"
    watched.close()


def test_xss_corpus(browser: Browser, tmp_path: Path):
    assert len(set(PAYLOADS)) == 200
    watched = Watched(browser)
    plain = visit(watched.page, state([f"word{k}" for k in range(200)], 0))
    rounds = math.ceil(len(PAYLOADS) / 30)
    for round_ in range(rounds):
        counts = visit(watched.page, state(PAYLOADS, 30 * round_))
        assert counts == plain, "elements beyond those of plain words"
        assert watched.page.evaluate("() => window.runs") == 0
        assert watched.page.evaluate("() => Object.keys(Object.prototype)") == []
    with watched.page.expect_download() as download:
        watched.page.locator('[data-role="save-svg"]').evaluate("(button) => button.click()")
    picture = ET.fromstring(Path(download.value.path()).read_text("utf-8"))  # noqa: S314 (written here)
    kinds = {element.tag.rpartition("}")[2] for element in picture.iter()}
    handlers = [name for element in picture.iter() for name in element.attrib if name.startswith("on")]
    assert (kinds, handlers) == ({"svg", "rect", "image", "text", "path"}, [])
    assert watched.happened == []
    watched.close()
    pages = [PAYLOADS[start : start + 20] for start in range(0, len(PAYLOADS), 20)]
    for number, texts in enumerate(pages):
        visit_exported(browser, tmp_path / f"{number}.html", texts)
    print(
        f"0 of {len(PAYLOADS)} run, 0 elements beyond the {sum(plain.values())} of a view; {len(pages)} exported pages"
    )
