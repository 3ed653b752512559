/**
 * Zoom and pan of a heatmap: the wheel with Ctrl or Cmd, drags with Shift, Ctrl, Cmd or the middle button, two fingers,
 * the keys + - and 0. A plain wheel scrolls the page and a plain drag selects: neither is taken away.
 */

import { panned, type Sight, zoomed } from "../panels/sight";
import { listen } from "./dom";
import type { Stage } from "./panel";

export interface Zoomed {
  /** What is in sight, and of how many times and units; null while there is nothing. */
  readonly sight: () => { readonly now: Sight; readonly times: number; readonly units: number } | null;
  /** Null shows everything. */
  readonly set: (sight: Sight | null) => void;
}

type Point = readonly [x: number, y: number];

const FACTOR = 1.3;

export function zooming({ signal }: Stage, target: HTMLElement, zoom: Zoomed): void {
  const shareOf = ({ clientX, clientY }: MouseEvent): Point => {
    const { left, top, width, height } = target.getBoundingClientRect();
    return [(clientX - left) / width, (clientY - top) / height];
  };
  target.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      scale(zoom, Math.exp(event.deltaY * 0.002), shareOf(event));
    },
    { signal, passive: false },
  );
  listen(
    target,
    "keydown",
    ({ key }) => {
      if (key === "0") zoom.set(null);
      const factor = { "+": 1 / FACTOR, "=": 1 / FACTOR, "-": FACTOR }[key];
      if (factor) scale(zoom, factor, [0.5, 0.5]);
    },
    signal,
  );
  listen(target, "dblclick", () => zoom.set(null), signal);
  grasping(target, zoom, shareOf, signal);
}

export function scale({ sight, set }: Zoomed, factor: number, [x, y]: Point): void {
  const found = sight();
  if (!found) return;
  const { now, times, units } = found;
  set({ time: zoomed(now.time, times, factor, x), unit: zoomed(now.unit, units, factor, y) });
}

/** Drags that pan, and two pointers that pinch; while either goes on, no other listener of the target hears of it. */
function grasping(target: HTMLElement, zoom: Zoomed, shareOf: (event: MouseEvent) => Point, signal: AbortSignal): void {
  const pointers = new Map<number, Point>();
  let panning = false;
  const held = () => panning || pointers.size > 1;
  const down = (event: PointerEvent) => {
    if (pointers.size === 0) panning = event.shiftKey || event.ctrlKey || event.metaKey || event.button === 1;
    pointers.set(event.pointerId, shareOf(event));
    if (!held()) return;
    event.preventDefault();
    target.setPointerCapture(event.pointerId);
    event.stopImmediatePropagation();
  };
  const move = (event: PointerEvent) => {
    const before = pointers.get(event.pointerId);
    if (!before || !held()) return;
    event.stopImmediatePropagation();
    const [x, y] = shareOf(event);
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const spread = ([a, b]: Point) => Math.hypot(a - other[0], b - other[1]);
      scale(zoom, spread(before) / Math.max(spread([x, y]), 0.01), [(x + other[0]) / 2, (y + other[1]) / 2]);
    }
    shift(zoom, (before[0] - x) / pointers.size, (before[1] - y) / pointers.size);
    pointers.set(event.pointerId, [x, y]);
  };
  const up = (event: PointerEvent) => {
    if (held()) event.stopImmediatePropagation();
    pointers.delete(event.pointerId);
    if (pointers.size === 0) panning = false;
  };
  listen(target, "pointerdown", down, signal);
  listen(target, "pointermove", move, signal);
  for (const name of ["pointerup", "pointercancel"] as const) listen(target, name, up, signal);
}

function shift({ sight, set }: Zoomed, across: number, down: number): void {
  const found = sight();
  if (!found) return;
  const { now, times, units } = found;
  set({ time: panned(now.time, times, across), unit: panned(now.unit, units, down) });
}
