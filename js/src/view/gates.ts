/** The heatmap on the page: tabs of gates, cells on one canvas, labels and outlines on another, tooltip, keys, slider. */

import { type Place, wishAt } from "../cursor";
import { keptPixels } from "../marks/grid";
import {
  describe,
  type GatesScene,
  marksOf,
  paintData,
  paint as paintScene,
  paintStill,
  positionOfUnit,
  resolve,
  unitAt,
  type Wish,
  wordAt,
} from "../panels/gates";
import type { Order } from "../panels/order";
import { described } from "../panels/sheet";
import { fitted, isWhole, revealing, type Sight } from "../panels/sight";
import { bandAt } from "../scale";
import { arrows, lower } from "./arrows";
import { contextOf, paintOn, size } from "./canvas";
import { assign, dragged, element, framed, listen, write } from "./dom";
import { type PanelView, type Shown, type Stage, watch } from "./panel";
import { gateTabs } from "./tabs";
import { timeSlider } from "./time";
import { tip } from "./tip";
import { type Zoomed, zooming } from "./zoom";

type At = readonly [time: number, unit: number];

export function gates(stage: Stage): PanelView {
  const { strings, store } = stage;
  const data = element("canvas", { "data-role": "heatmap", tabindex: "0", role: "application", class: "rnnw-cells" });
  const marks = element("canvas", { class: "rnnw-marks", "aria-hidden": "true" });
  const below = element("canvas", { class: "rnnw-under", "aria-hidden": "true" });
  const readout = element("p", { class: "rnnw-readout" });
  const notes = element("p", { class: "rnnw-notes" });
  const tabs = gateTabs(stage);
  const slider = timeSlider(stage);
  const wish = wishing(stage);
  const pixels = keptPixels();
  let scene: GatesScene | null = null;
  const [changed, marked] = [watch(), watch()];
  const at = pointed(data, () => scene);
  const lines = (cell: At | null) => cell && scene && describe(scene, stage.place(), ...cell, strings);
  const hint = tip(data, (event) => lines(at(event)), stage.signal);
  const figure = element("div", { class: "rnnw-figure" }, below, data, marks, hint.element);

  const paint = (shown: Shown) => {
    const { place, look, pixelRatio } = shown;
    tabs.paint(shown);
    const now = resolve(store, place, stage.sizeOf(figure).width, strings, wish.now(shown));
    scene = now;
    wish.paint(scene);
    slider.paint(place, wordAt(scene, place, place.time, strings));
    const { box, profiles } = scene;
    figure.style.height = `${scene.height}px`;
    data.style.transform = `translate(${box.x}px, ${box.y}px)`;
    const resized = size(data, box.width, box.height, pixelRatio);
    if (changed(profiles, look, scene.height) || resized) {
      paintData(scene, contextOf(data), pixels, look);
      size(below, scene.width, scene.height, pixelRatio);
      paintOn(below, pixelRatio, (context) => paintStill(now, context, look));
    }
    const cleared = size(marks, scene.width, scene.height, pixelRatio);
    if (marked(marksOf(scene), look) || cleared) {
      paintOn(marks, pixelRatio, (context) => paintScene(now, context, look));
    }
    const words = wordsOf(stage, scene);
    write(readout, [strings.gate[place.gate] ?? place.gate, words].filter(Boolean).join(" \u00b7 "));
    write(notes, scene.notes.join(" \u00b7 "));
    const facts = [strings.gate[place.gate] ?? "", place.layer?.name ?? "", strings.step(String(place.step)), words];
    assign(data, "aria-label", `${strings.heatmap}: ${scene.message || facts.join(", ")} (${strings.heatmapHelp})`);
    hint.renew();
  };

  const select = (cell: At | null, settled: boolean) => {
    if (cell) stage.move({ ...wishAt(stage.place(), cell[0]), unit: cell[1] }, settled);
  };
  zooming(stage, data, wish.zoom);
  dragged(data, (event, settled) => select(at(event), settled), stage.signal);
  const down = (by: number) => stepped(scene, stage.place(), by);
  arrows(stage, data, down, () => (scene ? wordsOf(stage, scene) : ""));
  return {
    element: framed(strings.panel.gates, [tabs.element, ...wish.elements], figure, slider.element, readout, notes),
    paint,
  };
}

/** The order of the units and what is in sight, chosen here alone; what is in sight follows the cursor, wherever it is moved. */
function wishing({ strings, signal, place, repaint }: Stage) {
  const select = element("select", { "data-role": "order" });
  const reset = element("button", { "data-role": "reset", class: "rnnw-quiet" }, strings.wholeHeatmap);
  let wish: Wish = { order: "index", sight: null };
  let scene: GatesScene | null = null;
  const change = (part: Partial<Wish>) => {
    wish = { ...wish, ...part };
    repaint();
  };
  const extent = () => [scene?.sheet?.times ?? 0, scene?.sheet?.units ?? 0] as const;
  const zoom: Zoomed = {
    sight: () => {
      const [times, units] = extent();
      if (times === 0 || units === 0) return null;
      const now = { time: fitted(wish.sight?.time, times), unit: fitted(wish.sight?.unit, units) };
      return { now, times, units };
    },
    set: (sight: Sight | null) => change({ sight: isWhole(sight, ...extent()) ? null : sight }),
  };
  listen(select, "change", () => change({ order: select.value as Order }), signal);
  listen(reset, "click", () => change({ sight: null }), signal);
  const [moved, other] = [watch(), watch()];
  /** Units stay in their order while a move lasts. */
  const now = ({ settled }: Shown): Wish => {
    const { time, unit, layer, gate, sample } = place();
    const anew = other(layer?.name, gate, sample, wish.order) || settled;
    wish = { ...wish, rows: anew ? null : (scene?.shown.order ?? null) };
    const found = wish.sight && zoom.sight();
    if (moved(time, unit) && found && scene?.sheet) {
      const position = unit === null ? null : positionOfUnit(scene.sheet, scene.shown.order, unit);
      const rows = position === null ? found.now.unit : revealing(found.now.unit, found.units, position);
      wish = { ...wish, sight: { time: revealing(found.now.time, found.times, time), unit: rows } };
    }
    return wish;
  };
  const paint = (next: GatesScene) => {
    scene = next;
    if (select.childElementCount !== next.orders.length) {
      select.replaceChildren(...next.orders.map((order) => element("option", { value: order }, strings.orders[order])));
    }
    select.value = next.orders.includes(wish.order) ? wish.order : "index";
    select.disabled = next.orders.length === 0;
    reset.toggleAttribute("hidden", wish.sight === null);
  };
  const label = element("label", { class: "rnnw-choice", "data-offered": "true" }, strings.order, select);
  return { elements: [label, reset], now, paint, zoom };
}

/** "t = 17 / 35 'gate' · unit 12 · f = 0.83": what is selected. */
function wordsOf({ place, strings }: Stage, scene: GatesScene): string {
  const { time, times, unit, gate } = place();
  if (times === 0) return "";
  const words = [wordAt(scene, place(), time, strings)];
  if (unit === null) return words.join("");
  words.push(`${strings.unit} ${unit}`, described(scene.sheet, gate, time, unit, strings));
  return words.join(" \u00b7 ");
}

/** The time and the unit under the pointer. */
function pointed(data: HTMLElement, scene: () => GatesScene | null): (event: PointerEvent) => At | null {
  return (event) => {
    const current = scene();
    if (!current?.sheet) return null;
    const { time, unit, order } = current.shown;
    const { left, right, top, bottom } = data.getBoundingClientRect();
    const position = unit.from + bandAt(unit.to - unit.from, top, bottom, event.clientY);
    return [
      time.from + bandAt(time.to - time.from, left, right, event.clientX),
      unitAt(current.sheet, order, position),
    ];
  };
}

/** The unit so many positions further down, as the units are ordered; from an end where none is selected. */
function stepped(scene: GatesScene | null, { unit, units }: Place, by: number): number {
  if (!scene?.sheet) return lower(unit, units, by);
  const { sheet, shown } = scene;
  const from = unit === null ? (by < 0 ? units : -1) : positionOfUnit(sheet, shown.order, unit);
  return unitAt(sheet, shown.order, lower(from, units, unit === null ? Math.sign(by) : by));
}
