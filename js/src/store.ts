/**
 * The browser's memory of one run: step frames, curves, status, and which messages were missed.
 *
 * Messages may be lost, doubled or out of order, and a snapshot may be older than the deltas already here: sequence
 * numbers decide. Everything is synchronous and cheap: headers are read, planes are kept as bytes. Frames are held within
 * a cap; beyond it the older half is thinned, the most crowded in log(step) first. Knows nothing of the page.
 */

import { type Bytes, type CurvesFrame, FrameError, readFrames, type StepFrame } from "./frame";
import { type Delta, type Meta, STORE_BYTES, type Status, VERSION } from "./protocol.gen";
import { binsOf, joined, row, type Series, select } from "./series";

/** Messages `from`..`to` did not arrive; the last step held before them was `after`. */
export interface Gap {
  readonly from: number;
  readonly to: number;
  readonly after: number;
}

export class Store {
  run = "";
  seq = 0;
  status: Status | null = null;
  /** The version of a recording that this module cannot read. */
  foreign: number | null = null;
  /** Messages that arrived damaged since the last whole snapshot. */
  damaged = 0;
  /** Step frames given up to stay within the cap. */
  thinned = 0;
  /** Counts what was applied: equal counts mean that nothing changed. */
  changes = 0;
  /** When something last arrived, by the given clock. */
  arrived = Number.NEGATIVE_INFINITY;

  readonly #listeners = new Set<() => void>();
  #steps: number[] = [];
  #frames = new Map<number, StepFrame>();
  #series = new Map<string, Series>();
  #highs = new Map<string, number>();
  #gaps: Gap[] = [];
  #held = 0;

  constructor(
    readonly now: () => number,
    readonly cap: number = STORE_BYTES,
  ) {}

  /** The steps held, rising. */
  get steps(): readonly number[] {
    return this.#steps;
  }

  get series(): ReadonlyMap<string, Series> {
    return this.#series;
  }

  get gaps(): readonly Gap[] {
    return this.#gaps;
  }

  /** Bytes of the step frames held. */
  get held(): number {
    return this.#held;
  }

  frame(step: number): StepFrame | undefined {
    return this.#frames.get(step);
  }

  /** The largest `high` that any frame of this run had for a quantity: the top of a scale that is fixed over steps. */
  high(layer: string, name: string): number {
    return this.#highs.get(`${layer}\n${name}`) ?? 0;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Take a live message, unless it was taken before or a snapshot stands for it. */
  applyDelta(delta: Delta, bytes: Bytes): void {
    if (!this.#accepts(delta)) return;
    const late = delta.seq <= this.seq;
    if (late && !this.#fill(delta.seq)) return;
    if (delta.seq > this.seq + 1) this.#gaps.push({ from: this.seq + 1, to: delta.seq - 1, after: this.#latest() });
    if (!late) {
      this.seq = delta.seq;
      this.status = delta.status;
    }
    this.#read(bytes, {
      step: (frame) => this.#hold(frame),
      // Curves of a late message would cut off what came after it.
      curves: (frame) => late || this.#replaceCurves(frame),
    });
    this.#changed();
  }

  /** Take a snapshot: it stands for every delta up to its `seq`; what is newer here, or more detailed, stays. */
  applySnapshot(meta: Meta, bytes: Bytes): void {
    if (!this.#accepts(meta)) return;
    const newest = meta.seq >= this.seq;
    if (newest) {
      this.seq = meta.seq;
      this.status = meta.status;
    }
    const damagedBefore = this.damaged;
    this.#read(bytes, {
      step: (frame) => this.#holdUnlessReduced(frame),
      curves: (frame) => (newest ? this.#replaceCurves(frame) : this.#prependCurves(frame)),
    });
    if (this.damaged === damagedBefore) {
      this.#heal(meta.seq);
      if (newest) this.damaged = 0;
    }
    this.#changed();
  }

  #accepts(message: Meta | Delta): boolean {
    if (message.version !== VERSION) {
      this.foreign = message.version;
      this.#changed();
      return false;
    }
    if (message.run !== this.run) this.#reset(message.run);
    return true;
  }

  #reset(run: string): void {
    this.run = run;
    this.seq = 0;
    this.status = null;
    this.foreign = null;
    this.damaged = 0;
    this.thinned = 0;
    this.#steps = [];
    this.#frames = new Map();
    this.#series = new Map();
    this.#highs = new Map();
    this.#gaps = [];
    this.#held = 0;
  }

  #changed(): void {
    this.arrived = this.now();
    this.changes += 1;
    for (const listener of [...this.#listeners]) listener();
  }

  #latest(): number {
    return this.#steps[this.#steps.length - 1] ?? -1;
  }

  #read(bytes: Bytes, take: { step: (frame: StepFrame) => void; curves: (frame: CurvesFrame) => void }): void {
    try {
      for (const frame of readFrames(bytes)) {
        if (frame.header.kind === "step") take.step(frame as StepFrame);
        else take.curves(frame as CurvesFrame);
      }
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.damaged += 1;
    }
  }

  /** Take one message out of the gaps; false when it was not missing. */
  #fill(seq: number): boolean {
    const gap = this.#gaps.find(({ from, to }) => from <= seq && seq <= to);
    if (!gap) return false;
    const rest = [
      { ...gap, to: seq - 1 },
      { ...gap, from: seq + 1 },
    ].filter(({ from, to }) => from <= to);
    this.#gaps.splice(this.#gaps.indexOf(gap), 1, ...rest);
    return true;
  }

  #heal(seq: number): void {
    this.#gaps = this.#gaps.filter(({ to }) => to > seq).map((gap) => ({ ...gap, from: Math.max(gap.from, seq + 1) }));
  }

  #holdUnlessReduced(frame: StepFrame): void {
    const held = this.#frames.get(frame.header.step);
    if (!held || held.body.length <= frame.body.length) this.#hold(frame);
  }

  #hold(frame: StepFrame): void {
    const { step, planes } = frame.header;
    const before = this.#frames.get(step);
    if (before) this.#held -= before.size;
    else this.#steps.splice(insertion(this.#steps, step), 0, step);
    this.#frames.set(step, frame);
    this.#held += frame.size;
    for (const { layer, name, high } of planes) {
      this.#highs.set(`${layer}\n${name}`, Math.max(high, this.high(layer, name)));
    }
    if (this.#held > this.cap) this.#thin();
  }

  #thin(): void {
    const sizes = this.#steps.map((step) => this.#frames.get(step)?.size ?? 0);
    const dropped = new Set(thin(this.#steps, sizes, this.cap));
    for (const step of dropped) {
      this.#held -= this.#frames.get(step)?.size ?? 0;
      this.#frames.delete(step);
    }
    this.#steps = this.#steps.filter((step) => !dropped.has(step));
    this.thinned += dropped.size;
  }

  #replaceCurves(frame: CurvesFrame): void {
    for (const plane of frame.header.planes) {
      const bins = binsOf(frame, plane);
      if (bins.count === 0) continue;
      const from = bins.rows[0] as number;
      const held = this.#series.get(plane.name);
      this.#series.set(
        plane.name,
        held
          ? joined(
              select(held, (first) => first < from),
              bins,
            )
          : bins,
      );
    }
  }

  #prependCurves(frame: CurvesFrame): void {
    for (const plane of frame.header.planes) {
      const bins = binsOf(frame, plane);
      const to = row(bins, "last")[bins.count - 1] ?? Number.NEGATIVE_INFINITY;
      const held = this.#series.get(plane.name);
      this.#series.set(
        plane.name,
        held
          ? joined(
              bins,
              select(held, (first) => first > to),
            )
          : bins,
      );
    }
  }
}

/** Where to put `step` into rising `steps`; the position of the first that is not smaller. */
export function insertion(steps: readonly number[], step: number): number {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((steps[middle] as number) < step) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The steps to give up so that 15/16 of `cap` bytes hold the rest. The latest frames, half of the cap, stay; of the older
 * ones those go whose neighbours are closest in the logarithm of the step; the first and the last are never given up.
 */
export function thin(steps: readonly number[], sizes: readonly number[], cap: number): number[] {
  let excess = sizes.reduce((sum, size) => sum + size, 0) - cap * (15 / 16);
  let recent = steps.length - 1;
  for (let bytes = sizes[recent] ?? 0; recent > 0; recent--) {
    bytes += sizes[recent - 1] ?? 0;
    if (bytes > cap / 2) break;
  }
  const old = steps.slice(0, recent + 1).map((step, index) => ({ step, size: sizes[index] ?? 0 }));
  const first = steps[0] ?? 0;
  const dropped: number[] = [];
  while (excess > 0 && old.length > 2) {
    const gaps = old
      .slice(2)
      .map(({ step }, index) => Math.log1p(step - first) - Math.log1p((old[index]?.step ?? 0) - first));
    const [victim] = old.splice(1 + gaps.indexOf(Math.min(...gaps)), 1);
    if (!victim) break;
    dropped.push(victim.step);
    excess -= victim.size;
  }
  const rest = steps
    .slice(1, -1)
    .filter((step) => step > (old.at(-1)?.step ?? 0) || old.some((one) => one.step === step));
  for (const step of rest) {
    if (excess <= 0) break;
    dropped.push(step);
    excess -= sizes[insertion(steps, step)] ?? 0;
  }
  return dropped;
}
