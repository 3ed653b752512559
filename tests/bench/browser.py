"""What the view costs in the browser: from a slider to the picture, at the start, and over a long stream.

    python tests/bench/browser.py [seconds of the stream]

The built bundle runs on a plain page in Chromium, with a model of its own in the place of a kernel: whatever the view
sent would be counted. Times are of this machine now; only their proportions mean something elsewhere.
"""

from __future__ import annotations

import base64
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from playwright.sync_api import Page, sync_playwright

from rnnwidgets import schema, wire
from rnnwidgets.frame import Frame, Trace
from rnnwidgets.widgets.layout import PANELS
from rnnwidgets.widgets.view import BUNDLE
from tests.chromium import executable
from tests.unit.frames import make_frame

STEPS, TIMES, UNITS = 200, 1000, 1024
MOVES = 120

OPEN = """async ([code, traits]) => {
  const listeners = new Map();
  const values = { ...traits };
  window.saved = 0;
  window.model = {
    get: (name) => values[name], set: (name, value) => { values[name] = value; },
    save_changes: () => { window.saved += 1; },
    on: (name, listener) => listeners.set(name, listener), off: () => {},
  };
  window.feed = (content, bytes) => listeners.get("msg:custom")(content, [bytes]);
  const { default: widget } = await import(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
  const began = performance.now();
  const { initialize, render } = widget();
  initialize({ model: window.model });
  const initialized = performance.now() - began;
  render({ model: window.model, el: document.body });
  return initialized;
}"""

FEED = """([meta, texts, from]) => {
  const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  texts.forEach((text, index) => window.feed({ ...meta, seq: from + index }, bytes(text)));
}"""

MOVE = """async (moves) => {
  const root = document.querySelector(".rnnw");
  const slider = root.querySelector('[data-role="step"]');
  const took = [];
  for (let move = 0; move < moves; move++) {
    await new Promise(requestAnimationFrame);
    const before = root.dataset.painted;
    const began = performance.now();
    slider.value = String((move * 37) % (Number(slider.max) + 1));
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    await new Promise((done) => {
      const look = new MutationObserver(() => { if (root.dataset.painted !== before) { look.disconnect(); done(); } });
      look.observe(root, { attributeFilter: ["data-painted"] });
    });
    took.push(performance.now() - began);
  }
  return [took, Number(slider.max) + 1, window.saved];
}"""

STREAM = """async ([meta, text, seconds]) => {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const heap = [];
  const end = performance.now() + 1000 * seconds;
  for (let seq = 1e6; performance.now() < end; seq++) {
    window.feed({ ...meta, seq }, bytes.slice());
    if (seq % 50 === 0) heap.push(performance.memory.usedJSHeapSize);
    await new Promise((done) => setTimeout(done, 100));
  }
  return heap;
}"""


def gate_frame(step: int) -> Frame:
    """A step of one quantity, 1000 times and 1024 units."""
    values = np.random.default_rng(step).random((TIMES, 1, UNITS), dtype=np.float32) * 2 - 1
    return Frame(step, (0,), {"rnn.l0": Trace("rnn.l0", "RNN_TANH", (TIMES,), 0.0, "", {"h": values})}, {"loss": 1.0})


def meta() -> dict[str, Any]:
    status = {**vars(schema.Status("live", 0, 0, 0, 1, None, 0, ())), "notes": []}
    return {"kind": "delta", "version": schema.VERSION, "run": "bench", "seq": 0, "status": status}


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def start(page: Page, panels: Sequence[str]) -> float:
    """Show a view; milliseconds that `initialize` took."""
    page.set_content("<body></body>")
    cursor = {"step": None, "time": 0, "layer": "", "gate": "", "unit": None, "sample": 0, "theme": "light"}
    traits: dict[str, Any] = {
        "_meta": {},
        "_snapshot": None,
        "_others": [],
        "_names": [],
        "_panels": list(panels),
        "_rows": [],
        **cursor,
    }
    took: float = page.evaluate(OPEN, [BUNDLE.read_text("utf-8"), traits])
    return took


def scrub(page: Page, panels: Sequence[str]) -> None:
    start(page, panels)
    limit = 300_000  # of a step: 200 of them stay within what a page holds
    for step in range(STEPS):
        page.evaluate(FEED, [meta(), [text(wire.encode_step(gate_frame(step), limit))], step + 1])
    page.wait_for_selector(".rnnw[data-painted]")
    took, held, saved = page.evaluate(MOVE, MOVES)
    p50, p95 = np.percentile(took, [50, 95])
    words = f"{', '.join(panels)}: slider to painted p50 {p50:.1f} ms, p95 {p95:.1f} ms"
    print(f"{words} over {MOVES} moves, {held} steps of {TIMES} x {UNITS} in the page, {saved} messages to the kernel")


def stream(page: Page, seconds: float) -> None:
    print(f"initialize: {start(page, PANELS):.1f} ms")
    page.wait_for_selector(".rnnw")
    data = wire.encode_step(make_frame(0, (35, 4, 128), {"loss": 1.0}), schema.LIVE_MESSAGE_BYTES)
    heap = page.evaluate(STREAM, [meta(), text(data), seconds])
    tail = heap[len(heap) // 2 :] or heap
    print(f"stream of {seconds:.0f} s at 10 Hz: heap {max(heap) / 1e6:.0f} MB at most, ends at {tail[-1] / 1e6:.0f} MB")


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 20.0
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--enable-precise-memory-info"]
        browser = playwright.chromium.launch(executable_path=executable(), args=flags)
        page = browser.new_page(viewport={"width": 1200, "height": 1100})
        scrub(page, ("status", "steps", "gates"))
        scrub(page, PANELS)
        stream(page, seconds)
        browser.close()


if __name__ == "__main__":
    main()
