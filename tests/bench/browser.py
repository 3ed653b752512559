"""What the view costs in the browser: from a slider to the picture, at the start, and over a long stream.

    python tests/bench/browser.py [seconds of the stream]

The built bundle runs on a plain page in Chromium, with a model of its own in the place of a kernel: whatever the view
sent would be counted. Times are of this machine now; only their proportions mean something elsewhere.
"""

from __future__ import annotations

import base64
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
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
BATCH = 50  # messages between two collections
FILLS = 5  # times that the bytes of the stream would fill the store

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

FEED = """async ([meta, texts, from, paint]) => {
  const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  for (const [index, text] of texts.entries()) {
    window.feed({ ...meta, seq: from + index }, bytes(text));
    if (paint) await new Promise(requestAnimationFrame);
  }
}"""

MOVE = """async ([role, moves]) => {
  const slider = document.querySelector(`.rnnw [data-role="${role}"]`);
  const { port1, port2 } = new MessageChannel();
  const took = [];
  for (let move = 0; move < moves; move++) {
    await new Promise(requestAnimationFrame);
    await new Promise((done) => setTimeout(done));
    const began = performance.now();
    slider.value = String((move * 37) % (Number(slider.max) + 1));
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    const asked = performance.now();
    // The view's own callback of this frame began first, right after `framed`; the message comes after the paint.
    await new Promise((done) => requestAnimationFrame(() => { port1.onmessage = done; port2.postMessage(null); }));
    const painted = performance.now();
    took.push([painted - began, asked - began + painted - window.framed]);
  }
  return [took, window.saved];
}"""

FRAMED = """{
  const native = window.requestAnimationFrame.bind(window);
  let last = -1;
  window.requestAnimationFrame = (callback) => native((time) => {
    if (time !== last) [last, window.framed] = [time, performance.now()];
    callback(time);
  });
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
    page.goto("about:blank")
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
    """Milliseconds from an input event to the end of the paint: in all, and without the wait for the frame."""
    start(page, panels)
    limit = 300_000  # of a step: 200 of them stay within what a page holds
    for step in range(STEPS):
        page.evaluate(FEED, [meta(), [text(wire.encode_step(gate_frame(step), limit))], step + 1, False])
    page.wait_for_selector(".rnnw[data-painted]")
    print(f"{', '.join(panels)}: {STEPS} steps of {TIMES} x {UNITS} in the page, {MOVES} moves of a slider")
    for role in ("step", "time"):
        took, saved = page.evaluate(MOVE, [role, MOVES])
        (all_p50, own_p50), (all_p95, own_p95) = np.percentile(took, [50, 95], axis=0)
        whole = f"to painted p50 {all_p50:.1f} ms, p95 {all_p95:.1f} ms"
        own = f"without the wait for a frame p50 {own_p50:.1f} ms, p95 {own_p95:.1f} ms"
        print(f"  {role}: {whole}; {own}; {saved} messages to the kernel")


def stream(page: Page, seconds: float) -> None:
    """Megabytes that the page uses after a collection, while a stream goes on long after the store is full."""
    print(f"initialize: {start(page, PANELS):.1f} ms")
    page.wait_for_selector(".rnnw")
    devtools = page.context.new_cdp_session(page)
    frame = make_frame(0, (35, 4, 128), {"loss": 1.0})
    end, fed, sent, used = time.monotonic() + seconds, 0, 0, []
    while time.monotonic() < end or fed < FILLS * schema.STORE_BYTES:
        data = [
            wire.encode_step(replace(frame, step=sent + index), schema.LIVE_MESSAGE_BYTES) for index in range(BATCH)
        ]
        page.evaluate(FEED, [meta(), [text(one) for one in data], sent + 1, True])
        sent, fed = sent + BATCH, fed + sum(map(len, data))
        devtools.send("HeapProfiler.collectGarbage")
        usage = devtools.send("Runtime.getHeapUsage")
        used.append((fed, (usage["usedSize"] + usage.get("backingStorageSize", 0)) / 1e6))
    full = [megabytes for bytes_fed, megabytes in used if bytes_fed > 1.2 * schema.STORE_BYTES]
    fifth = max(1, len(full) // 5)
    early, late = np.mean(full[:fifth]), np.mean(full[-fifth:])
    print(f"stream of {sent} steps, {fed / 1e6:.0f} MB through a store of {schema.STORE_BYTES / 1e6:.0f} MB:")
    span = f"{min(full):.1f} to {max(full):.1f} between"
    print(f"  collected heap {early:.1f} MB once full, {late:.1f} MB at the end, {span}")


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 20.0
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--enable-precise-memory-info"]
        browser = playwright.chromium.launch(executable_path=executable(), args=flags)
        page = browser.new_page(viewport={"width": 1200, "height": 1100})
        page.add_init_script(FRAMED)
        scrub(page, ("status", "steps", "gates"))
        scrub(page, PANELS)
        stream(page, seconds)
        browser.close()


if __name__ == "__main__":
    main()
