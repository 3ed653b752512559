/** The panel of the matrix: pointing shows the number and both tokens, pressing moves the cursor to the time. */

import { wishAt } from "../cursor";
import { cellAt, describe, paint, paintStill, resolve, topOf } from "../panels/matrix";
import { element, framed, write } from "./dom";
import type { PanelView, Stage } from "./panel";
import { picture } from "./picture";

export function matrix(stage: Stage): PanelView {
  const { strings, store, place } = stage;
  const title = `${strings.panel.matrix}: ${strings.matrixTitle}`;
  const drawing = picture(stage, {
    role: "matrix",
    resolve: (shown, width) => resolve(store, shown, width, strings),
    still: paintStill,
    paint,
    depends: ({ step, layer }) => [store.analysis(step), topOf(store, layer?.name ?? "")],
    label: ({ message, reading, notes }) => `${title}: ${message || [reading, ...notes].join(", ")}`,
    hit: (scene, x, y) => {
      const cell = cellAt(scene, x, y);
      if (!cell) return null;
      return { lines: describe(scene, place(), cell.loss, cell.time, strings), change: wishAt(place(), cell.time) };
    },
  });
  const reading = element("p", { class: "rnnw-readings" });
  const notes = element("p", { class: "rnnw-notes" });
  return {
    element: framed(title, [reading], drawing.element, notes),
    paint: (shown) => {
      const scene = drawing.paint(shown);
      write(reading, scene.reading);
      write(notes, scene.notes.join(" \u00b7 "));
    },
  };
}
