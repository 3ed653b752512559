"""When what happened is on the page, by the page's clock, which tells the kernel's time too: both are of one machine.

Painted is what a frame has rendered: a task that a frame's callback puts before all others runs after its rendering,
on the same thread; a message would come by way of another, which may have to wait for a processor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.e2e.view import View

NOTE_INPUTS = """(root) => {
  const [waiting, done] = [[], []];
  let pointed = 0;
  const tell = () => {
    const painted = performance.now();
    for (const { stamp, began, drawn, count } of waiting.splice(0)) {
      const fresh = Number(root.dataset.painted) - count;
      done.push({ pointer: painted - stamp, page: painted - began, script: drawn - began, paints: fresh });
    }
  };
  addEventListener("pointermove", ({ timeStamp }) => { pointed = timeStamp; }, true);
  addEventListener("keydown", ({ timeStamp }) => { pointed = timeStamp; }, true);
  addEventListener("input", () => {
    waiting.push({ stamp: pointed, began: performance.now(), count: Number(root.dataset.painted) });
    requestAnimationFrame(() => scheduler.postTask(tell, { priority: "user-blocking" }));
  }, true);
  addEventListener("input", () => { waiting.at(-1).drawn = performance.now(); });
  root.inputs = done;
}"""

NOTE_PAINTS = """(root) => {
  const [waiting, done] = [[], []];
  const tell = () => {
    const at = (performance.timeOrigin + performance.now()) / 1000;
    for (const { seq, state, latest } of waiting.splice(0)) done.push({ at, seq: Number(seq), state, latest });
  };
  new MutationObserver(() => {
    waiting.push({ ...root.dataset });
    scheduler.postTask(tell, { priority: "user-blocking" });
  }).observe(root, { attributeFilter: ["data-seq", "data-state", "data-latest"] });
  root.paints = done;
}"""

NOTE_IDLE = """() => {
  const indicator = document.querySelector(".jp-Notebook-ExecutionIndicator");
  const heard = [];
  new MutationObserver(() => {
    if (indicator.dataset.status === "idle") heard.push((performance.timeOrigin + performance.now()) / 1000);
  }).observe(indicator, { attributeFilter: ["data-status"] });
  window.idle = heard;
}"""

NOTE_STARTS = """{
  const [made, shown] = [[], []];
  const native = URL.createObjectURL;
  URL.createObjectURL = (blob) => {
    if (blob.type === "text/javascript") made.push(performance.now());
    return native.call(URL, blob);
  };
  const look = () => {
    for (let count = document.querySelectorAll(".rnnw").length; shown.length < count;) shown.push(performance.now());
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true });
  window.starts = { made, shown };
}"""


@dataclass(frozen=True)
class Input:
    """Milliseconds of one input of a slider, and how many paints it led to by the end of its frame."""

    pointer: float  # from the pointer's or the key's own time stamp to painted: with the browser's wait for its frame
    page: float  # from when the page is told to painted
    script: float  # of that, until all listeners have returned
    paints: int


@dataclass(frozen=True)
class Paint:
    """What a view said it had painted, and when, in seconds since 1970."""

    at: float
    seq: int
    state: str
    latest: str


def note_inputs(view: View) -> None:
    """Note every input on the page from now on."""
    view.root.evaluate(NOTE_INPUTS)


def inputs(view: View) -> list[Input]:
    """The inputs noted since the last call."""
    return [Input(**one) for one in view.root.evaluate("(root) => root.inputs.splice(0)")]


def note_paints(view: View) -> None:
    """Note every change of what a view says it has painted from now on."""
    view.root.evaluate(NOTE_PAINTS)


def paints(view: View) -> list[Paint]:
    """The paints noted so far."""
    return [Paint(**one) for one in view.root.evaluate("(root) => root.paints")]
