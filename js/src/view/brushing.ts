/**
 * Steps chosen on a picture of them, by pointing and by keys: a click goes to a step, a drag marks a range and draws it alone
 * once it is let go, a drag with Shift takes the cursor along. On the strip, which stands still, a drag draws at once.
 */

import { type Axis, type Domain, spanned, stepOn, zoomed } from "../panels/brush";
import { axisAt, type CurvesScene } from "../panels/curves";
import { BESIDE, dragged, listen, within } from "./dom";
import type { Stage } from "./panel";

export interface Brushing {
  readonly scene: () => CurvesScene | null;
  /** What is drawn alone now. */
  readonly range: () => Domain | null;
  /** What is marked while a drag lasts. */
  readonly mark: (range: Domain | null) => void;
  /** What is drawn alone; null for the whole run. */
  readonly zoom: (range: Domain | null) => void;
  readonly go: (step: number, settled: boolean) => void;
}

interface Held {
  readonly axis: Axis;
  /** Where it began: in pixels of the page, and as a step. */
  readonly x: number;
  readonly step: number;
  readonly scrubs: boolean;
  readonly live: boolean;
}

/** Pixels within which a drag is still a click. */
const SLACK = 4;
const ZOOM = 2;

/** Escape ends a drag without a trace. */
export function pointing(signal: AbortSignal, canvas: HTMLElement, { scene, mark, zoom, go }: Brushing): void {
  let held: Held | null = null;
  let moved = false;
  const begin = (event: PointerEvent) => {
    const shown = scene();
    const [x, y] = within(canvas, event);
    const axis = shown && axisAt(shown, x, y);
    if (!axis || event.button !== 0) return;
    moved = false;
    const live = axis === shown.overview;
    held = { axis, x: event.clientX, step: stepOn(axis, x), scrubs: event.shiftKey, live };
  };
  const move = (event: PointerEvent, settled: boolean) => {
    if (!held) return;
    const step = stepOn(held.axis, within(canvas, event)[0]);
    moved ||= Math.abs(event.clientX - held.x) > SLACK;
    if (held.scrubs || (settled && !moved)) go(step, settled);
    const range = moved && !held.scrubs && spanned(held.step, step);
    if (range) (settled || held.live ? zoom : mark)(range);
  };
  const end = () => {
    held = null;
    mark(null);
  };
  listen(canvas, "pointerdown", begin, signal);
  dragged(canvas, move, signal);
  listen(canvas, "lostpointercapture", end, signal);
  listen(canvas, "dblclick", () => zoom(null), signal);
  const leave = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !held) return;
    event.stopImmediatePropagation();
    end();
  };
  listen(canvas, "keydown", leave, signal);
}

/** Arrow keys go from step to step; + and - draw less and more about the step shown, 0 and Escape the whole run. */
export function keys(stage: Stage, canvas: HTMLElement, { scene, range, zoom, go }: Brushing): void {
  const { place, move, signal } = stage;
  const press = (event: KeyboardEvent) => {
    const by = BESIDE[event.key];
    const factor = { "+": 1 / ZOOM, "=": 1 / ZOOM, "-": ZOOM }[event.key];
    const whole = scene()?.overview?.domain;
    if (factor && whole) zoom(zoomed(range() ?? whole, place().step, factor, whole));
    else if (event.key === "0" || event.key === "Escape") zoom(null);
    else if (by) go(stage.store.steps[Math.max(0, place().position + by)] ?? place().step, false);
    else return;
    event.preventDefault();
  };
  listen(canvas, "keydown", press, signal);
  listen(canvas, "keyup", ({ key }) => key in BESIDE && move({}, true), signal);
}
