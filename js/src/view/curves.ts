/** The curves over training on the page: click or arrow keys go to a step; a button switches the scale. */

import { nearest } from "../cursor";
import { value as valueText } from "../format";
import { type CurvesScene, paint as paintScene, paintShown, resolve, type ScaleKind, stepAt } from "../panels/curves";
import { cleared, size } from "./canvas";
import { assign, dragged, element, write } from "./dom";
import { type PanelView, type Stage, watch } from "./panel";

const KINDS = ["auto", "log", "linear"] as const satisfies readonly ScaleKind[];

export function curves(stage: Stage): PanelView {
  const { strings, store, signal, repaint } = stage;
  const canvas = element("canvas", { "data-role": "curves", role: "application", tabindex: "0" });
  const plot = element("canvas", { class: "rnnw-under", "aria-hidden": "true" });
  const figure = element("div", { class: "rnnw-figure" }, plot, canvas);
  const moved = watch();
  const changed = watch();
  const toggle = element("button", {
    type: "button",
    "data-role": "scale",
    class: "rnnw-quiet",
    title: strings.scaleHelp,
  });
  let kind: ScaleKind = "auto";
  let scene: CurvesScene | null = null;
  toggle.addEventListener(
    "click",
    () => {
      kind = KINDS[(KINDS.indexOf(kind) + 1) % KINDS.length] ?? "auto";
      repaint();
    },
    { signal },
  );
  choosing(stage, canvas, () => scene);
  const head = element("div", { class: "rnnw-head" }, element("h3", {}, strings.curves), toggle);
  return {
    element: element("div", {}, head, figure),
    paint: ({ place, look, pixelRatio }) => {
      const width = figure.clientWidth;
      if (!moved(store.changes, place.frame, width, kind, look, pixelRatio)) return;
      scene = resolve(store, place, width, kind, strings);
      const resized = size(plot, scene.width, scene.height, pixelRatio);
      if (changed(store.changes, width, kind, look) || resized) paintScene(scene, cleared(plot, pixelRatio), look);
      size(canvas, scene.width, scene.height, pixelRatio);
      paintShown(scene, cleared(canvas, pixelRatio), look);
      write(toggle, strings.scale[kind]);
      const facts = scene.charts.map(
        ({ name, shown }) => `${strings.series[name] ?? name} ${shown === null ? "" : valueText(shown)}`,
      );
      const words = scene.message || `${strings.step(String(place.step))}, ${facts.join(", ")}`;
      assign(canvas, "aria-label", `${strings.curves}: ${words} (${strings.curvesHelp})`);
    },
  };
}

function choosing({ store, place, move, signal }: Stage, canvas: HTMLElement, scene: () => CurvesScene | null): void {
  const go = (position: number, settled: boolean) => {
    const step = store.steps[Math.max(0, Math.min(position, store.steps.length - 1))];
    if (step !== undefined) move({ step }, settled);
  };
  const select = (event: PointerEvent, settled: boolean) => {
    const current = scene();
    const { left, top } = canvas.getBoundingClientRect();
    const step = current && stepAt(current, event.clientX - left, event.clientY - top);
    if (step !== null) go(nearest(store.steps, step), settled);
  };
  dragged(canvas, select, signal);
  canvas.addEventListener(
    "keydown",
    (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!by) return;
      event.preventDefault();
      go(place().position + by, false);
    },
    { signal },
  );
  canvas.addEventListener("keyup", (event) => /^Arrow(Left|Right)$/.test(event.key) && move({}, true), { signal });
}
