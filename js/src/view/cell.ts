/** The cell diagram on the page: the picture, and the unit whose numbers it shows. */

import { paint, resolve } from "../panels/cell";
import { timeText } from "../panels/labels";
import { assign, element, folded, framed, listen } from "./dom";
import type { PanelView, Stage } from "./panel";
import { picture } from "./picture";

export function cell(stage: Stage): PanelView {
  const { strings, store, signal, move } = stage;
  const unit = element("input", { type: "number", "data-role": "unit", min: "0", step: "1", class: "rnnw-unit" });
  listen(unit, "input", () => unit.value !== "" && move({ unit: Number(unit.value) }, false), signal);
  listen(unit, "change", () => move({}, true), signal);
  const drawing = picture(stage, {
    role: "cell",
    resolve: (place, width) => resolve(store, place, width, strings),
    paint,
    depends: ({ layer, gates }) => gates.map((gate) => store.high(layer?.name ?? "", gate)),
    label: ({ message, facts, unit: shown }, place) =>
      `${strings.panel.cell}: ${message || [timeText(place, place.time, strings), `${strings.unit} ${shown}`, ...facts].join(", ")}`,
  });
  const choice = element("label", { class: "rnnw-choice", "data-offered": "true" }, strings.unit, unit);
  return {
    element: framed(strings.panel.cell, [choice, legend(stage)], drawing.element),
    paint: (shown) => {
      const { unit: number, units } = drawing.paint(shown);
      assign(unit, "max", Math.max(units - 1, 0));
      unit.disabled = units === 0;
      if (document.activeElement !== unit) unit.value = number === null ? "" : String(number);
    },
  };
}

/** What the signs and colors of the diagram mean, to unfold. */
function legend({ strings, signal }: Stage): HTMLElement {
  const rows = strings.cellLegend.flatMap(([sign, meaning]) => [element("dt", {}, sign), element("dd", {}, meaning)]);
  return folded("cell-legend", strings.cellLegendTitle, element("dl", { class: "rnnw-menu" }, ...rows), signal);
}
