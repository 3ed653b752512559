/** The saturation of gates on the page: pointing names a unit, pressing selects it. */

import { describe, dotAt, paintStill, resolve } from "../panels/saturation";
import { element, framed } from "./dom";
import type { PanelView, Stage } from "./panel";
import { picture } from "./picture";

export function saturation(stage: Stage): PanelView {
  const { strings, store } = stage;
  const title = strings.panel.saturation;
  const drawing = picture(stage, {
    role: "saturation",
    resolve: (place, width) => resolve(store, place, width, strings),
    still: paintStill,
    label: ({ message, squares }, place) => {
      const facts = squares.flatMap(({ gate, labels }) => [gate, ...labels.slice(-2).map(({ text }) => text)]);
      return `${title}: ${message || [strings.step(String(place.step)), ...facts].join(", ")}`;
    },
    hit: (scene, x, y) => {
      const found = dotAt(scene, x, y);
      return found && { lines: describe(found.square, found.unit, strings), change: { unit: found.unit } };
    },
  });
  const note = element("p", { class: "rnnw-notes" }, strings.saturationHelp);
  return { element: framed(title, [], drawing.element, note), paint: drawing.paint };
}
