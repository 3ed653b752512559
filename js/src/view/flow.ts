/** The gradient through time on the page: a canvas to read and to choose a time from, and the numbers at that time. */

import { paint as paintScene, type Reading, resolve } from "../panels/flow";
import { LEFT, RIGHT } from "../panels/geometry";
import { bandAt } from "../scale";
import { cleared, size } from "./canvas";
import { assign, dragged, element, framed, listen, write } from "./dom";
import { type PanelView, type Stage, watch } from "./panel";

export function flow(stage: Stage): PanelView {
  const { strings, store, signal, move, place } = stage;
  const canvas = element("canvas", { "data-role": "flow", role: "img" });
  const figure = element("div", { class: "rnnw-figure rnnw-fill rnnw-flow" }, canvas);
  const readings = element("p", { class: "rnnw-readings" });
  const toggle = element("button", { type: "button", "data-role": "samples", class: "rnnw-quiet" }, strings.allSamples);
  let all = false;
  const changed = watch();
  const select = (event: PointerEvent, settled: boolean) => {
    const { times } = place();
    const { left, right } = canvas.getBoundingClientRect();
    if (times > 0) move({ time: bandAt(times, left + LEFT, right - RIGHT, event.clientX) }, settled);
  };
  dragged(canvas, select, signal);
  const turn = () => {
    all = !all;
    stage.repaint();
  };
  listen(toggle, "click", turn, signal);
  return {
    element: framed(strings.flow, [readings, toggle], figure),
    paint: ({ place: shown, look, pixelRatio }) => {
      const [width, room] = [figure.clientWidth, figure.clientHeight];
      const { frame, layer, time, sample } = shown;
      if (!changed(store.changes, frame, layer, time, sample, width, room, look, pixelRatio, all)) return;
      const scene = resolve(store, shown, width, room, strings, all);
      toggle.hidden = shown.samples.length < 2;
      assign(toggle, "aria-pressed", String(all));
      size(canvas, scene.width, scene.height, pixelRatio);
      paintScene(scene, cleared(canvas, pixelRatio), look);
      list(readings, scene.readings);
      const words = scene.readings.map(({ name, symbol, text }) => `${name} ${symbol} ${text}`);
      const facts = [strings.at(shown.time, shown.times), ...words].join(", ");
      assign(canvas, "aria-label", `${strings.flow}: ${scene.message || facts}`);
    },
  };
}

function list(parent: HTMLElement, readings: readonly Reading[]): void {
  if (parent.childElementCount !== readings.length) parent.replaceChildren(...readings.map(() => element("span")));
  readings.forEach(({ tone, name, symbol, text }, index) => {
    const child = parent.children[index];
    if (!child) return;
    assign(child, "data-tone", String(tone));
    write(child, [name, symbol, "=", text].filter(Boolean).join(" "));
  });
}
