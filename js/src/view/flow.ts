/** The gradient through time on the page: a picture to read and to choose a time from, and the numbers at that time. */

import { wishAt } from "../cursor";
import { domainOf, type FlowScene, paint, paintStill, type Reading, resolve } from "../panels/flow";
import { LEFT, RIGHT } from "../panels/geometry";
import { timeText } from "../panels/labels";
import { bandAt } from "../scale";
import { assign, element, framed, listen, write } from "./dom";
import type { PanelView, Stage } from "./panel";
import { picture } from "./picture";

export function flow(stage: Stage): PanelView {
  const { strings, store, signal, place } = stage;
  const title = strings.panel.flow;
  let all = false;
  const drawing = picture<FlowScene>(stage, {
    role: "flow",
    resolve: (shown, width, room) => resolve(store, shown, width, room, strings, all),
    still: paintStill,
    paint,
    label: ({ message, readings: found }, where) => {
      const facts = [timeText(where, where.time, strings), ...found.map(textOf)].join(", ");
      return `${title}: ${message || facts}`;
    },
    hit: ({ width, height }, x) => {
      const { times } = place();
      if (times === 0) return null;
      const time = bandAt(times, LEFT, width - RIGHT, x);
      const at = resolve(store, { ...place(), time }, width, height, strings, all);
      return { lines: [timeText(place(), time, strings), ...at.readings.map(textOf)], change: wishAt(place(), time) };
    },
    fill: true,
    depends: (shown) => [all, ...domainOf(store, shown)],
  });
  const readings = element("p", { class: "rnnw-readings" });
  const toggle = element("button", { "data-role": "samples", class: "rnnw-quiet" }, strings.allSamples);
  const turn = () => {
    all = !all;
    stage.repaint();
  };
  listen(toggle, "click", turn, signal);
  return {
    element: framed(title, [readings, toggle], drawing.element),
    paint: (shown) => {
      list(readings, drawing.paint(shown).readings);
      toggle.toggleAttribute("hidden", shown.place.samples.length < 2);
      assign(toggle, "aria-pressed", all);
    },
  };
}

function textOf({ name, symbol, text }: Reading): string {
  return [name, symbol, "=", text].filter(Boolean).join(" ");
}

function list(parent: HTMLElement, readings: readonly Reading[]): void {
  if (parent.childElementCount !== readings.length) parent.replaceChildren(...readings.map(() => element("span")));
  readings.forEach((reading, index) => {
    const child = parent.children[index];
    if (!child) return;
    assign(child, "data-tone", reading.tone);
    write(child, textOf(reading));
  });
}
