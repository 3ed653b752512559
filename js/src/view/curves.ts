/**
 * The curves over training on the page: click, drag or arrow keys go to a step; a menu picks series; a drag on the strip
 * below, or the keys + - and 0, choose the part of the run that is drawn.
 */

import { nearest } from "../cursor";
import { value as valueText } from "../format";
import type { Domain, ScaleKind } from "../panels/chart";
import {
  type CurvesScene,
  chartAt,
  describe,
  paint as paintScene,
  paintShown,
  resolve,
  stepAt,
  stepOn,
  titleOf,
} from "../panels/curves";
import { cleared, size } from "./canvas";
import { assign, dragged, element, framed, listen, within, write } from "./dom";
import { type PanelView, type Shown, type Stage, watch } from "./panel";
import { type Picks, picking } from "./picking";
import { tip } from "./tip";

const KINDS = ["auto", "log", "linear"] as const satisfies readonly ScaleKind[];
const ZOOM = 2;
const LEAST = 200;

/** What the reader chose here. */
interface Choice {
  kind: ScaleKind;
  range: Domain | null;
  scene: CurvesScene | null;
}

export function curves(stage: Stage): PanelView {
  const { strings, store, signal, repaint } = stage;
  const canvas = element("canvas", { "data-role": "curves", role: "application", tabindex: "0" });
  const plot = element("canvas", { class: "rnnw-under", "aria-hidden": "true" });
  const toggle = element("button", {
    "data-role": "scale",
    class: "rnnw-quiet",
    title: strings.scaleHelp,
  });
  const whole = element("button", { "data-role": "whole-run", class: "rnnw-quiet" }, strings.wholeRun);
  const choice: Choice = { kind: "auto", range: null, scene: null };
  const hint = tip(canvas, (event) => linesAt(stage, canvas, choice, event), signal);
  const figure = element("div", { class: "rnnw-figure rnnw-fill" }, plot, canvas, hint.element);
  const picks = picking(stage, (group) => titleOf(group, strings));
  const zoom = (range: Domain | null) => {
    choice.range = range;
    repaint();
  };
  listen(
    toggle,
    "click",
    () => {
      choice.kind = KINDS[(KINDS.indexOf(choice.kind) + 1) % KINDS.length] ?? "auto";
      repaint();
    },
    signal,
  );
  listen(whole, "click", () => zoom(null), signal);
  const go = (step: number, settled: boolean) => {
    const held = store.steps[nearest(store.steps, step)];
    if (held !== undefined) stage.move({ step: held }, settled);
  };
  pointing(signal, canvas, choice, { go, zoom });
  keys(stage, canvas, choice, { go, zoom });
  const painted = painting(stage, { canvas, plot, figure, toggle, whole }, choice, picks);
  const paint = (shown: Shown) => {
    if (painted(shown)) hint.renew();
  };
  return { element: framed(strings.panel.curves, [picks.element, toggle, whole], figure), paint };
}

type Parts = Readonly<
  Record<"canvas" | "plot", HTMLCanvasElement> & Record<"figure" | "toggle" | "whole", HTMLElement>
>;

function painting({ strings, store }: Stage, parts: Parts, choice: Choice, picks: Picks): (shown: Shown) => boolean {
  const { canvas, plot, figure, toggle, whole } = parts;
  const moved = watch();
  const changed = watch();
  return ({ place, look, pixelRatio }) => {
    const [width, height] = [figure.clientWidth, figure.clientHeight];
    const { kind, range } = choice;
    const { picked, hidden } = picks;
    const wish = { width, height, kind, picked: picked(), hidden: hidden(), range };
    const fixed = [store.changes, width, height, kind, range, wish.picked, wish.hidden, look, pixelRatio] as const;
    if (!moved(...fixed, place.frame)) return false;
    const scene = resolve(store, place, wish, strings);
    choice.scene = scene;
    picks.offer(scene.groups, new Set(scene.charts.map(({ name }) => name)));
    // What the reader picked makes the figure as high as it needs; left to itself it takes the room that there is.
    figure.style.minHeight = `${wish.picked ? scene.height : LEAST}px`;
    const resized = size(plot, scene.width, scene.height, pixelRatio);
    if (changed(...fixed) || resized) paintScene(scene, cleared(plot, pixelRatio), look);
    size(canvas, scene.width, scene.height, pixelRatio);
    paintShown(scene, cleared(canvas, pixelRatio), look);
    write(toggle, strings.scale[kind]);
    whole.hidden = range === null;
    const facts = scene.charts.flatMap(({ title, curves: lines }) =>
      lines.map(({ label, shown }) => `${title} ${label} ${shown === null ? "" : valueText(shown)}`),
    );
    const words = scene.message || `${strings.step(String(place.step))}, ${facts.join(", ")}`;
    assign(canvas, "aria-label", `${strings.panel.curves}: ${words} (${strings.curvesHelp})`);
    return true;
  };
}

interface Acts {
  readonly go: (step: number, settled: boolean) => void;
  readonly zoom: (range: Domain | null) => void;
}

/** Dragging in a chart goes through its steps; dragging on the strip chooses the steps from where it began. */
function pointing(signal: AbortSignal, canvas: HTMLElement, choice: Choice, { go, zoom }: Acts): void {
  let began: number | null = null;
  listen(
    canvas,
    "pointerdown",
    (event) => {
      const strip = choice.scene?.overview;
      const [x, y] = within(canvas, event);
      began = strip && y >= strip.box.y - 4 ? stepOn(strip, x) : null;
    },
    signal,
  );
  dragged(
    canvas,
    (event, settled) => {
      const { scene } = choice;
      if (!scene) return;
      const [x, y] = within(canvas, event);
      const step = began !== null && scene.overview ? stepOn(scene.overview, x) : stepAt(scene, x, y);
      if (step === null) return;
      if (began !== null && scene.overview) zoom(spanned(began, step, scene.overview.domain));
      go(step, settled);
    },
    signal,
  );
  listen(canvas, "dblclick", () => zoom(null), signal);
}

function linesAt({ strings }: Stage, canvas: HTMLElement, { scene }: Choice, event: PointerEvent): string[] | null {
  const [x, y] = within(canvas, event);
  const chart = scene && (scene.overview && y >= scene.overview.box.y - 4 ? null : chartAt(scene, x, y));
  return chart && describe(chart, Math.round(stepOn(chart, x)), strings);
}

/** The steps between two, in order; nothing where they are as good as one. */
function spanned(one: number, other: number, [first, last]: Domain): Domain | null {
  const least = Math.max(1, (last - first) / 100);
  return Math.abs(one - other) < least ? null : [Math.min(one, other), Math.max(one, other)];
}

function keys({ store, place, move, signal }: Stage, canvas: HTMLElement, choice: Choice, { go, zoom }: Acts): void {
  const scaled = (factor: number) => {
    const whole = choice.scene?.overview?.domain;
    if (!whole) return;
    const [from, to] = choice.range ?? whole;
    const half = ((to - from) * factor) / 2;
    const middle = place().step;
    zoom(2 * half >= whole[1] - whole[0] ? null : spanned(middle - half, middle + half, whole));
  };
  listen(
    canvas,
    "keydown",
    (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      const factor = { "+": 1 / ZOOM, "=": 1 / ZOOM, "-": ZOOM }[event.key];
      if (!by && !factor && event.key !== "0") return;
      event.preventDefault();
      if (factor) scaled(factor);
      else if (!by) zoom(null);
      else go(store.steps[Math.max(0, Math.min(place().position + by, store.steps.length - 1))] ?? 0, false);
    },
    signal,
  );
  listen(canvas, "keyup", (event) => /^Arrow(Left|Right)$/.test(event.key) && move({}, true), signal);
}
