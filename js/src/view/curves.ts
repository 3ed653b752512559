/** The curves over training on the page: steps are chosen on the charts themselves, series from a menu. */

import { nearest } from "../cursor";
import { grouped, value as valueText } from "../format";
import { type Domain, stepOn } from "../panels/brush";
import type { ScaleKind } from "../panels/chart";
import {
  axisAt,
  type CurvesScene,
  describe,
  paint as paintScene,
  paintShown,
  resolve,
  titleOf,
} from "../panels/curves";
import { type Brushing, keys, pointing } from "./brushing";
import { paintOn, size } from "./canvas";
import { assign, element, framed, listen, nameOf, within, write } from "./dom";
import { type PanelView, type Shown, type Stage, watch } from "./panel";
import { type Picks, picking } from "./picking";
import { tip } from "./tip";

const KINDS = ["auto", "log", "linear"] as const satisfies readonly ScaleKind[];
const LEAST = 200;

/** What the reader chose here. */
interface Choice {
  kind: ScaleKind;
  range: Domain | null;
  brush: Domain | null;
  /** The run, or runs, of which the range is a part. */
  run: string;
  scene: CurvesScene | null;
}

export function curves(stage: Stage): PanelView {
  const { strings, signal, repaint } = stage;
  const canvas = element("canvas", { "data-role": "curves", role: "application", tabindex: "0" });
  const plot = element("canvas", { class: "rnnw-under", "aria-hidden": "true" });
  const toggle = element("button", {
    "data-role": "scale",
    class: "rnnw-quiet",
    title: strings.scaleHelp,
  });
  const whole = element("button", { "data-role": "whole-run" }, strings.wholeRun);
  const caption = element("span", { "data-role": "range", class: "rnnw-notes" });
  const seen = stage.runs();
  const legend = seen.length > 1 ? seen.map(({ name }, run) => nameOf(name, run)) : [];
  const choice: Choice = { kind: "auto", range: null, brush: null, run: "", scene: null };
  const hint = tip(canvas, (event) => linesAt(stage, canvas, choice, event), signal);
  const figure = element("div", { class: "rnnw-figure rnnw-fill" }, plot, canvas, hint.element);
  const picks = picking(stage, (group) => titleOf(group, strings));
  const choose = (part: Partial<Choice>) => {
    Object.assign(choice, part);
    repaint();
  };
  const acts: Brushing = {
    scene: () => choice.scene,
    range: () => choice.range,
    mark: (brush) => choose({ brush }),
    zoom: (range) => {
      choose({ range, brush: null });
      stage.say(range ? strings.steps(grouped(range[0]), grouped(range[1])) : strings.wholeRun);
    },
    go: (step, settled) => {
      const { steps } = stage.store;
      const held = steps[nearest(steps, step)];
      if (held !== undefined) stage.move({ step: held }, settled);
    },
  };
  const next = () => choose({ kind: KINDS[(KINDS.indexOf(choice.kind) + 1) % KINDS.length] ?? "auto" });
  listen(toggle, "click", next, signal);
  listen(whole, "click", () => acts.zoom(null), signal);
  pointing(signal, canvas, acts);
  keys(stage, canvas, acts);
  const painted = painting(stage, { canvas, plot, figure, toggle, caption, whole }, choice, picks);
  const paint = (shown: Shown) => {
    if (painted(shown)) hint.renew();
  };
  return { element: framed(strings.panel.curves, [...legend, caption, whole, picks.element, toggle], figure), paint };
}

type Parts = Readonly<
  Record<"canvas" | "plot", HTMLCanvasElement> & Record<"figure" | "toggle" | "caption" | "whole", HTMLElement>
>;

function painting(
  { strings, runs, sizeOf }: Stage,
  parts: Parts,
  choice: Choice,
  picks: Picks,
): (shown: Shown) => boolean {
  const { canvas, plot, figure, toggle, caption, whole } = parts;
  const moved = watch();
  const changed = watch();
  return ({ place, look, pixelRatio }) => {
    const { width, height } = sizeOf(figure);
    const all = runs();
    const run = all.map(({ store }) => store.run).join();
    if (choice.run !== run) Object.assign(choice, { run, range: null });
    const { kind, range, brush } = choice;
    const { picked, hidden } = picks;
    const wish = { width, height, kind, picked: picked(), hidden: hidden(), range, brush };
    const changes = all.map(({ store }) => store.changes).join();
    const fixed = [changes, width, height, kind, range, wish.picked, wish.hidden, look, pixelRatio] as const;
    if (!moved(...fixed, brush, ...all.map((one) => one.place.frame))) return false;
    const scene = resolve(all, place, wish, strings);
    choice.scene = scene;
    picks.offer(scene.groups, new Set(scene.charts.map(({ name }) => name)));
    // What the reader picked makes the figure as high as it needs; left to itself it takes the room that there is.
    figure.style.minHeight = `${wish.picked ? scene.height : LEAST}px`;
    const resized = size(plot, scene.width, scene.height, pixelRatio);
    if (changed(...fixed) || resized) paintOn(plot, pixelRatio, (context) => paintScene(scene, context, look));
    size(canvas, scene.width, scene.height, pixelRatio);
    paintOn(canvas, pixelRatio, (context) => paintShown(scene, context, look));
    write(toggle, strings.scale[kind]);
    write(caption, scene.caption);
    whole.toggleAttribute("hidden", range === null);
    const facts = scene.charts.flatMap(({ title, curves: lines }) =>
      lines.map(({ label, shown }) => `${title} ${label} ${shown === null ? "" : valueText(shown)}`),
    );
    const words =
      scene.message || [strings.step(String(place.step)), scene.caption, ...facts].filter(Boolean).join(", ");
    assign(canvas, "aria-label", `${strings.panel.curves}: ${words} (${strings.curvesHelp})`);
    return true;
  };
}

/** What is marked; else what the step under the pointer is. */
function linesAt(
  { strings }: Stage,
  canvas: HTMLElement,
  { scene, brush }: Choice,
  event: PointerEvent,
): string[] | null {
  if (!scene) return null;
  if (brush) return [scene.caption];
  const [x, y] = within(canvas, event);
  const axis = axisAt(scene, x, y);
  return axis && describe(axis, Math.round(stepOn(axis, x)), strings);
}
