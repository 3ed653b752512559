"""Scorecard 41."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

import rnnwidgets as rw
from rnnwidgets.recording import Recording
from tests.chromium import executable
from tests.unit.frames import make_frame

PROMISE = "an exported page without network under its own strict policy: drawn, no request, no eval"
HOSTILE = (
    "</script><script>window.ran = 1</script>",
    "<img src=x onerror='window.ran = 2'>",
    "\u2028]]>-->",
    "&lt;b&gt;",
    "javascript:window.ran=3",
    "\u202eevil",
    "'\"`",
)


def recorded() -> Recording:
    """A run whose every name and word tries to be more than text."""
    recording = Recording()
    recording.note(HOSTILE[0])
    for step in range(6):
        frame = make_frame(step, scalars={"loss": 1 / (step + 1), HOSTILE[1]: 1.0})
        [trace] = frame.traces.values()
        hostile = replace(trace, layer=HOSTILE[0], inexact=HOSTILE[1])
        recording.append(replace(frame, traces={HOSTILE[0]: hostile}, tokens=(HOSTILE, HOSTILE)))
    return recording


def slide(page: Page, role: str, value: int) -> None:
    page.locator(f"[data-role={role}]").evaluate(
        """(slider, value) => {
            slider.value = value;
            for (const name of ["input", "change"]) slider.dispatchEvent(new Event(name, { bubbles: true }));
        }""",
        str(value),
    )


def test_export_offline_csp(tmp_path: Path):
    path = rw.export_html(recorded(), tmp_path / "run.html", title=HOSTILE[0])
    policy = re.findall(r'Content-Security-Policy" content="([^"]*)"', path.read_text("utf-8"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(offline=True, viewport={"width": 1300, "height": 1200}).new_page()
        asked: list[str] = []
        errors: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.goto(path.as_uri())
        view = page.locator(".rnnw[data-painted]")
        view.wait_for()
        assert view.get_attribute("data-step") == "5"
        slide(page, "step", 1)
        slide(page, "time", 3)
        page.wait_for_selector(".rnnw[data-step='1'][data-time='3']")
        panels = page.locator("[data-panel]").evaluate_all("all => all.map(one => one.dataset.panel)")
        elements = page.locator("img, iframe, object, embed, script:not([id]):not([type])").count()
        ran, title = page.evaluate("window.ran"), page.title()
        browser.close()
    outside = [url for url in asked if url != path.as_uri()]
    print(f"{len(outside)} requests, {len(errors)} errors, {len(panels)} panels drawn")
    assert policy[0].startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-eval" not in policy[0]
    assert (outside, errors, ran, elements, title) == ([], [], None, 1, HOSTILE[0])
    assert {"status", "steps", "gates", "flow", "curves"} <= set(panels)
