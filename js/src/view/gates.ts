/** The heatmap on the page: tabs of gates, cells on one canvas, labels and outlines on another, tooltip, keys, slider. */

import { value as valueText } from "../format";
import { describe, type GatesScene, paintData, paint as paintScene, resolve, timeText, valueAt } from "../panels/gates";
import { bandAt } from "../scale";
import { cleared, contextOf, size } from "./canvas";
import { assign, dragged, element, write } from "./dom";
import { type PanelView, type Shown, type Stage, watch } from "./panel";
import { gateTabs } from "./tabs";
import { timeSlider } from "./time";

type At = readonly [time: number, unit: number];

export function gates(stage: Stage): PanelView {
  const { strings, store } = stage;
  const data = element("canvas", { "data-role": "heatmap", tabindex: "0", role: "application", class: "rnnw-cells" });
  const marks = element("canvas", { class: "rnnw-marks", "aria-hidden": "true" });
  const tooltip = element("div", { class: "rnnw-tooltip", "aria-hidden": "true" });
  const figure = element("div", { class: "rnnw-figure" }, data, marks, tooltip);
  const title = element("h3", {}, strings.gates);
  const readout = element("p", { class: "rnnw-readout" });
  const notes = element("p", { class: "rnnw-notes" });
  const tabs = gateTabs(stage);
  const slider = timeSlider(stage);
  const scratch = contextOf(document.createElement("canvas"));
  let scene: GatesScene | null = null;
  const changed = watch();

  const paint = (shown: Shown) => {
    const { place, look, pixelRatio } = shown;
    tabs.paint(shown);
    scene = resolve(store, place, figure.clientWidth, strings);
    slider.paint(place, timeText(scene, place, place.time, strings));
    const { box } = scene;
    figure.style.height = `${scene.height}px`;
    data.style.transform = `translate(${box.x}px, ${box.y}px)`;
    const resized = size(data, box.width, box.height, pixelRatio);
    if (changed(place.frame, scene.plane, scene.cells?.start, scene.top, look) || resized) {
      paintData(scene, contextOf(data), scratch, look);
    }
    size(marks, scene.width, scene.height, pixelRatio);
    paintScene(scene, cleared(marks, pixelRatio), look);
    const words = wordsOf(stage, scene);
    write(readout, words);
    write(notes, scene.notes.join(" \u00b7 "));
    const facts = [strings.gate[place.gate] ?? "", place.layer?.name ?? "", strings.step(String(place.step)), words];
    assign(data, "aria-label", `${strings.heatmap}: ${scene.message || facts.join(", ")} (${strings.heatmapHelp})`);
  };

  points(
    stage,
    data,
    () => scene,
    tip(stage, tooltip, figure, () => scene),
  );
  keys(stage, data, () => scene);
  const head = element("div", { class: "rnnw-head" }, title, tabs.element);
  return { element: element("div", {}, head, figure, slider.element, readout, notes), paint };
}

/** "t = 17 / 35 'gate' · unit 12 · f = 0.83": what is selected. */
function wordsOf({ place, strings }: Stage, scene: GatesScene): string {
  const { time, times, unit, gate } = place();
  if (times === 0) return "";
  const words = [timeText(scene, place(), time, strings)];
  if (unit === null) return words.join("");
  const value = valueAt(scene, time, unit);
  words.push(`${strings.unit} ${unit}`, value === null ? strings.noData : `${gate} = ${valueText(value)}`);
  return words.join(" \u00b7 ");
}

type Tip = { show: (event: PointerEvent, at: At) => void; hide: () => void };

function tip(
  { place, strings }: Stage,
  tooltip: HTMLElement,
  figure: HTMLElement,
  scene: () => GatesScene | null,
): Tip {
  return {
    hide: () => tooltip.removeAttribute("data-shown"),
    show: (event, [time, unit]) => {
      const current = scene();
      if (!current) return;
      const lines = describe(current, place(), time, unit, strings);
      tooltip.replaceChildren(...lines.map((line) => element("div", {}, line)));
      tooltip.setAttribute("data-shown", "");
      const around = figure.getBoundingClientRect();
      const [x, y] = [event.clientX - around.left, event.clientY - around.top];
      const left = x + 16 + tooltip.offsetWidth > around.width ? x - 12 - tooltip.offsetWidth : x + 16;
      const top = Math.min(Math.max(y - tooltip.offsetHeight / 2, 0), around.height - tooltip.offsetHeight);
      tooltip.style.transform = `translate(${Math.max(left, 0)}px, ${top}px)`;
    },
  };
}

/** Pointing shows the tooltip; pressing selects, dragging goes on selecting, releasing settles. */
function points(
  { place, move, signal }: Stage,
  data: HTMLElement,
  scene: () => GatesScene | null,
  { show, hide }: Tip,
): void {
  const at = (event: PointerEvent): At | null => {
    const { times, units } = place();
    if (!scene()?.plane || times === 0 || units === 0) return null;
    const around = data.getBoundingClientRect();
    return [
      bandAt(times, around.left, around.right, event.clientX),
      bandAt(units, around.top, around.bottom, event.clientY),
    ];
  };
  const select = (event: PointerEvent, settled: boolean) => {
    const cell = at(event);
    if (cell) move({ time: cell[0], unit: cell[1] }, settled);
  };
  dragged(data, select, signal);
  const hover = (event: PointerEvent) => {
    const cell = at(event);
    if (cell) show(event, cell);
    else hide();
  };
  data.addEventListener("pointermove", hover, { signal });
  data.addEventListener("pointerleave", hide, { signal });
}

/** Arrows move time and unit, ten at once with Shift; Home and End go to the ends; Escape lets the unit go. */
function keys(stage: Stage, data: HTMLElement, scene: () => GatesScene | null): void {
  const { place, move, say, signal } = stage;
  data.addEventListener(
    "keydown",
    (event) => {
      const { times, time, units, unit } = place();
      const far = event.shiftKey ? 10 : 1;
      const within = (index: number, count: number) => Math.max(0, Math.min(index, count - 1));
      const moves: Record<string, Parameters<Stage["move"]>[0]> = {
        ArrowLeft: { time: within(time - far, times) },
        ArrowRight: { time: within(time + far, times) },
        ArrowUp: { unit: unit === null ? units - 1 : within(unit - far, units) },
        ArrowDown: { unit: unit === null ? 0 : within(unit + far, units) },
        Home: { time: 0 },
        End: { time: within(times, times) },
        Escape: { unit: null },
      };
      const change = moves[event.key];
      if (!change || times === 0 || units === 0) return;
      event.preventDefault();
      move(change, false);
    },
    { signal },
  );
  data.addEventListener(
    "keyup",
    (event) => {
      const current = scene();
      if (!current || !/^(Arrow|Home|End|Escape)/.test(event.key)) return;
      move({}, true);
      say(wordsOf(stage, current));
    },
    { signal },
  );
}
