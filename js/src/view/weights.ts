/** The recurrent weights on the page. */

import { describeAt, paintStill, resolve, scalesOf } from "../panels/weights";
import { element, framed, write } from "./dom";
import type { PanelView, Stage } from "./panel";
import { picture } from "./picture";

export function weights(stage: Stage): PanelView {
  const { strings, store } = stage;
  const title = strings.panel.weights;
  const drawing = picture(stage, {
    role: "weights",
    resolve: (place, width) => resolve(store, place, width, strings),
    still: paintStill,
    depends: (place) => [store.analysis(place.step), ...Object.values(scalesOf(store, place)).flat()],
    label: ({ message, blocks, notes }) => {
      const facts = blocks.map(({ gate, labels }) => `${gate} ${labels[1]?.text ?? ""}`);
      return `${title}: ${message || [...facts, ...notes].join(", ")}`;
    },
    hit: (scene, x, y) => {
      const lines = describeAt(scene, x, y, strings);
      return lines && { lines, change: null };
    },
  });
  const notes = element("p", { class: "rnnw-notes" });
  return {
    element: framed(title, [], drawing.element, element("p", { class: "rnnw-notes" }, strings.weightsHelp), notes),
    paint: (shown) => write(notes, drawing.paint(shown).notes.join(" \u00b7 ")),
  };
}
