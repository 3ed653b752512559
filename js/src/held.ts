/**
 * Frames by their step, within a cap of bytes: beyond it the older half is thinned, the most crowded in log(step) first.
 */

import type { AnalysisFrame, StepFrame } from "./frame";

export class Held<F extends StepFrame | AnalysisFrame> {
  /** Bytes held. */
  bytes = 0;
  /** Frames given up to stay within the cap. */
  thinned = 0;

  #steps: number[] = [];
  readonly #frames = new Map<number, F>();

  constructor(readonly cap: number) {}

  /** The steps held, rising. */
  get steps(): readonly number[] {
    return this.#steps;
  }

  at(step: number): F | undefined {
    return this.#frames.get(step);
  }

  /** The frame of this step or, where there is none, of the nearest step before it. */
  before(step: number): F | undefined {
    return this.#frames.get(this.#steps[insertion(this.#steps, step + 1) - 1] ?? Number.NaN);
  }

  /** Keep a frame in the place of any other of its step. */
  hold(frame: F): void {
    const { step } = frame.header;
    const replaced = this.#frames.get(step);
    if (replaced) this.bytes -= replaced.size;
    else this.#steps.splice(insertion(this.#steps, step), 0, step);
    this.#frames.set(step, frame);
    this.bytes += frame.size;
    if (this.bytes > this.cap) this.#thin();
  }

  #thin(): void {
    const sizes = this.#steps.map((step) => this.#frames.get(step)?.size ?? 0);
    const dropped = new Set(thin(this.#steps, sizes, this.cap));
    for (const step of dropped) {
      this.bytes -= this.#frames.get(step)?.size ?? 0;
      this.#frames.delete(step);
    }
    this.#steps = this.#steps.filter((step) => !dropped.has(step));
    this.thinned += dropped.size;
  }
}

/** Where to put `step` into rising `steps`; the position of the first that is not smaller. */
export function insertion(steps: ArrayLike<number>, step: number): number {
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
