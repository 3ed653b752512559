/**
 * The findings on the page: a sentence a line, a button that goes to the evidence, advice and source to unfold.
 *
 * The row is one line high at all times, so that nothing below it moves while steps change: the gravest finding stands in
 * it, and all of them in a sheet over the page.
 */

import { type FindingsScene, resolve, type Said } from "../panels/findings";
import { assign, element, listen, write } from "./dom";
import { type PanelView, type Stage, watch } from "./panel";

export function findings(stage: Stage): PanelView {
  const { strings, store, move, signal } = stage;
  const list = element("ul", { class: "rnnw-findings", "data-role": "findings", "aria-label": strings.panel.findings });
  const note = element("p", { class: "rnnw-notes" });
  const more = element("button", { class: "rnnw-quiet", "data-role": "more-findings", "aria-expanded": "false" });
  const row = element("div", { class: "rnnw-findings-row" }, list, more, note);
  const changed = watch();
  let scene: FindingsScene = { said: [], message: "", note: "" };
  listen(
    list,
    "click",
    (event) => {
      const index = (event.target as Element).closest("[data-look]")?.getAttribute("data-look");
      const look = index == null ? null : scene.said[Number(index)]?.look;
      if (look) move(look, true);
    },
    signal,
  );
  const unfold = (open: boolean) => {
    row.toggleAttribute("data-open", open);
    assign(more, "aria-expanded", open);
    if (!open) for (const one of list.querySelectorAll("details")) one.open = false;
    label();
  };
  const label = () => {
    more.hidden = scene.said.length === 0;
    write(more, row.hasAttribute("data-open") ? strings.fewerFindings : strings.moreFindings(scene.said.length - 1));
  };
  listen(more, "click", () => unfold(!row.hasAttribute("data-open")), signal);
  listen(row, "keydown", (event) => event.key === "Escape" && unfold(false), signal);
  list.addEventListener("toggle", ({ target }) => (target as HTMLDetailsElement).open && unfold(true), {
    signal,
    capture: true,
  });
  document.addEventListener("pointerdown", (event) => !event.composedPath().includes(row) && unfold(false), {
    signal,
    capture: true,
  });
  return {
    element: row,
    paint: ({ place }) => {
      if (!changed(store.changes, place.step)) return;
      const before = JSON.stringify(scene.said);
      scene = resolve(store, place, strings);
      if (JSON.stringify(scene.said) !== before) fill(list, scene.said, stage);
      label();
      write(note, [scene.message, scene.note].filter((text) => text !== "").join(" \u00b7 "));
    },
  };
}

/** The lines anew; what was unfolded stays so. */
function fill(list: HTMLElement, said: readonly Said[], stage: Stage): void {
  const open = new Set([...list.querySelectorAll("details[open]")].map((one) => one.getAttribute("data-name")));
  list.replaceChildren(...said.map((one, index) => lineOf(one, index, open.has(one.name), stage)));
}

function lineOf(said: Said, index: number, open: boolean, { strings }: Stage): HTMLElement {
  const { name, severity, word, sentence, advice, source, look, place } = said;
  const line = element("li", { "data-severity": severity });
  line.append(
    element("span", { class: "rnnw-severity" }, word),
    " ",
    element("span", { class: "rnnw-sentence" }, sentence),
    " ",
  );
  if (look) {
    const attributes = { class: "rnnw-quiet", "data-look": String(index), title: strings.lookHelp };
    line.append(element("button", attributes, `\u2192 ${place}`));
  }
  if (advice || source) {
    const more = element("details", { "data-name": name, open }, element("summary", {}, strings.advice));
    for (const text of [advice, source]) if (text) more.append(element("p", {}, text));
    line.append(more);
  }
  return line;
}
