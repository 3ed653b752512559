/** Units over time on the page: pin the selected unit to keep its line, press its number to let it go. */

import { wishAt } from "../cursor";
import { paint } from "../panels/flow";
import { LEFT, RIGHT } from "../panels/geometry";
import { timeText } from "../panels/labels";
import { MOST_PINS, paintStill, resolve } from "../panels/units";
import { bandAt } from "../scale";
import { assign, element, framed, listen, write } from "./dom";
import type { PanelView, Shown, Stage } from "./panel";
import { picture } from "./picture";

export function units(stage: Stage): PanelView {
  const { strings, store, place, signal, repaint } = stage;
  const title = strings.panel.units;
  let pins: readonly number[] = [];
  const drawing = picture(stage, {
    role: "units",
    resolve: (shown, width) => resolve(store, shown, width, strings, pins),
    still: paintStill,
    paint,
    label: ({ message, readings }, where) => {
      const facts = readings.map(({ unit, text }) => `${strings.unit} ${unit} ${text}`);
      return `${title}: ${message || [strings.gate[where.gate] ?? where.gate, timeText(where, where.time, strings), ...facts].join(", ")}`;
    },
    hit: ({ width, units: shown }, x) => {
      const { times } = place();
      if (times === 0) return null;
      const time = bandAt(times, LEFT, width - RIGHT, x);
      const at = resolve(store, { ...place(), time }, width, strings, pins);
      const lines = shown.map((unit, index) => `${strings.unit} ${unit}: ${at.readings[index]?.text ?? ""}`);
      return { lines: [timeText(place(), time, strings), ...lines], change: wishAt(place(), time) };
    },
    depends: ({ layer, gate }) => [pins, store.high(layer?.name ?? "", gate)],
  });
  const pin = element("button", { "data-role": "pin", class: "rnnw-quiet" });
  const list = element("span", { class: "rnnw-pins" });
  const set = (next: readonly number[]) => {
    pins = next.slice(-MOST_PINS);
    list.replaceChildren(...pins.map((unit) => pinned(unit, `${strings.unpin} ${unit}`)));
    repaint();
  };
  listen(
    list,
    "click",
    (event) => {
      const unit = (event.target as Element).closest("[data-unit]")?.getAttribute("data-unit");
      if (unit) set(pins.filter((one) => one !== Number(unit)));
    },
    signal,
  );
  listen(pin, "click", () => set([...pins, place().unit ?? 0]), signal);
  const paintAll = (shown: Shown) => {
    drawing.paint(shown);
    const { unit } = shown.place;
    pin.disabled = unit === null || pins.includes(unit);
    write(pin, unit === null ? strings.noUnit : `${strings.pin} ${unit}`);
    assign(pin, "title", strings.pinHelp);
  };
  return { element: framed(title, [list, pin], drawing.element), paint: paintAll };
}

function pinned(unit: number, title: string): HTMLButtonElement {
  const attributes = { "data-unit": String(unit), title, "aria-label": title };
  return element("button", attributes, `${unit} \u00d7`);
}
