/**
 * Where the reader looks: step, time, layer, gate, unit, sample. One cursor for all views of a run on a page.
 *
 * The cursor is a wish: it may name a step that was thinned, or a time past the end. `resolve` turns it into what is
 * there. Views that join through the same hub share it and agree without the kernel. Knows nothing of the page.
 */

import { planeOf, type StepFrame } from "./frame";
import { insertion } from "./held";
import { FINE_PREFIX, GATES, type Layer, NORM_PREFIX, TOTAL_GRADIENTS } from "./protocol.gen";
import type { Store } from "./store";

export interface Cursor {
  /** Null follows the latest step. */
  readonly step: number | null;
  /** Counted from the start of the input, also where a recording begins later. */
  readonly time: number;
  /** Empty means the first layer. */
  readonly layer: string;
  /** Empty means the first gate. */
  readonly gate: string;
  readonly unit: number | null;
  /** Position among the samples kept. */
  readonly sample: number;
}

export const START: Cursor = { step: null, time: 0, layer: "", gate: "", unit: null, sample: 0 };
/** As text, so that the bundle writes them as they are: traits of the models have these names. */
export const FIELDS = ["step", "time", "layer", "gate", "unit", "sample"] as const satisfies ReadonlyArray<
  keyof Cursor
>;

export type Listener = (settled: boolean) => void;

/** A cursor that several views read and move. `settled` marks a move as finished: a release, not a drag. */
export class SharedCursor {
  readonly #listeners = new Set<Listener>();

  constructor(public value: Cursor) {}

  get shared(): boolean {
    return this.#listeners.size > 0;
  }

  move(change: Partial<Cursor>, settled: boolean): void {
    const next = { ...this.value, ...change };
    if (!settled && FIELDS.every((field) => next[field] === this.value[field])) return;
    this.value = next;
    for (const listener of [...this.#listeners]) listener(settled);
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

interface Seat {
  readonly cursor: SharedCursor;
  users: number;
}

/** The cursors in use, by run; `opened` is called when there is one more. */
export class Hub extends Map<string, Seat> {
  readonly opened = new Set<() => void>();
}

/** The cursor of a run, made on first use from `wish` and forgotten with its last user. A later user's wish moves it. */
export function join(seats: Hub, run: string, wish: Cursor): { cursor: SharedCursor; leave: () => void } {
  let seat = seats.get(run);
  if (seat) {
    const asked = FIELDS.filter((field) => wish[field] !== START[field]);
    seat.cursor.move(Object.fromEntries(asked.map((field) => [field, wish[field]])), false);
  } else {
    seat = { cursor: new SharedCursor(wish), users: 0 };
    seats.set(run, seat);
    for (const tell of seats.opened) tell();
  }
  const taken = seat;
  taken.users += 1;
  let left = false;
  const leave = () => {
    if (left) return;
    left = true;
    taken.users -= 1;
    if (taken.users === 0 && seats.get(run) === taken) seats.delete(run);
  };
  return { cursor: taken.cursor, leave };
}

/** What a cursor shows in a store. Without a frame, or without layers in it, everything is empty. */
export interface Place {
  readonly frame: StepFrame | null;
  /** The step shown, and its position among the steps held; -1 without a frame. */
  readonly step: number;
  readonly position: number;
  readonly following: boolean;
  readonly layer: Layer | null;
  readonly layers: readonly string[];
  readonly gate: string;
  readonly gates: readonly string[];
  /** The time of the input with which the layer's recording begins; `time` and `times` count from there. */
  readonly first: number;
  readonly times: number;
  readonly time: number;
  /** Timesteps of this sample; the rest up to `times` is padding. */
  readonly length: number;
  readonly units: number;
  readonly unit: number | null;
  /** Position among the samples kept, and their indices in the batch. */
  readonly sample: number;
  readonly samples: readonly number[];
  readonly tokens: readonly string[] | null;
}

/** Nearest of rising steps, the latest for null; its position. */
export function nearest(steps: readonly number[], step: number | null): number {
  if (step === null) return steps.length - 1;
  const after = Math.min(insertion(steps, step), steps.length - 1);
  const before = Math.max(after - 1, 0);
  const nearer = step - (steps[before] ?? 0) < (steps[after] ?? 0) - step;
  return nearer ? before : after;
}

export function resolve(cursor: Cursor, store: Store): Place {
  const position = nearest(store.steps, cursor.step);
  const step = store.steps[position] ?? -1;
  const frame = store.frame(step) ?? null;
  const layers = frame?.header.layers ?? [];
  const layer = layers.find(({ name }) => name === cursor.layer) ?? layers[0] ?? null;
  const gates = frame && layer ? quantities(frame, layer) : [];
  const gate = gates.find((name) => name === cursor.gate) ?? gates[0] ?? "";
  const samples = frame?.header.samples ?? [];
  const sample = clamp(cursor.sample, samples.length);
  const first = layer?.first ?? 0;
  const [times, units] = frame && layer ? extent(frame, layer.name, gate) : [0, 0];
  return {
    frame,
    step,
    position,
    following: cursor.step === null,
    layer,
    layers: layers.map(({ name }) => name),
    gate,
    gates,
    first,
    times,
    time: clamp(cursor.time - first, times),
    length: Math.min(layer?.lengths[sample] ?? times, times),
    units,
    unit: cursor.unit === null || units === 0 ? null : clamp(cursor.unit, units),
    sample,
    samples,
    tokens: frame?.header.tokens?.[sample] ?? null,
  };
}

/** The wish for a time of what is shown, counted from where it begins. */
export function wishAt({ first, times }: Place, time: number): Pick<Cursor, "time"> {
  return { time: first + clamp(time, times) };
}

/** What a layer can show: the quantities of its kind; of a cell written by hand, whatever the frame holds of it. */
function quantities(frame: StepFrame, { name, kind }: Layer): readonly string[] {
  if (kind !== "TAP") return [...GATES[kind], ...TOTAL_GRADIENTS[kind]];
  const planes = frame.header.planes.filter((plane) => plane.layer === name && plane.shape.length === 3);
  return planes.map((plane) => plane.name).filter((one) => !one.startsWith(FINE_PREFIX));
}

/** Times and units of what is looked at: the gates of a projected layer have more units than its output. */
function extent(frame: StepFrame, layer: string, gate: string): [times: number, units: number] {
  const plane =
    planeOf(frame, layer, gate) ??
    planeOf(frame, layer, "h") ??
    frame.header.planes.find((one) => one.layer === layer && !one.name.startsWith(NORM_PREFIX));
  return [plane?.full[0] ?? 0, plane?.full[2] ?? 0];
}

function clamp(index: number, count: number): number {
  return Math.max(0, Math.min(Math.trunc(index), count - 1));
}
