/**
 * The browser's memory of one run: step frames, curves, status, and which messages were missed.
 *
 * Messages may be lost, doubled or out of order, and a snapshot may be older than the deltas already here: sequence
 * numbers decide. Everything is synchronous and cheap: headers are read, planes are kept as bytes. Analyses are kept
 * beside the steps, in an eighth of their bytes. Knows nothing of the page.
 */

import { type AnalysisFrame, type Bytes, type CurvesFrame, FrameError, readFrames, type StepFrame } from "./frame";
import { Held } from "./held";
import { type Delta, type Meta, STORE_BYTES, type Status, VERSION } from "./protocol.gen";
import { binsOf, joined, row, type Series, select } from "./series";
import { isMessage } from "./sound";

const ANALYSES_SHARE = 1 / 8;

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
  /** Counts what was applied: equal counts mean that nothing changed. */
  changes = 0;
  /** When something last arrived, by the given clock. */
  arrived = -Number.POSITIVE_INFINITY;
  /** The stores whose quantities have one scale with those of this one. */
  peers: readonly Store[] = [this];

  readonly #listeners = new Set<() => void>();
  #frames: Held<StepFrame>;
  #analyses: Held<AnalysisFrame>;
  #series = new Map<string, Series>();
  #highs = new Map<string, number>();
  #gaps: Gap[] = [];

  constructor(
    readonly now: () => number,
    readonly cap: number = STORE_BYTES,
  ) {
    this.#frames = new Held(cap);
    this.#analyses = new Held(cap * ANALYSES_SHARE);
  }

  /** The steps held, rising. */
  get steps(): readonly number[] {
    return this.#frames.steps;
  }

  /** The steps whose analyses are held, rising. */
  get analysed(): readonly number[] {
    return this.#analyses.steps;
  }

  get series(): ReadonlyMap<string, Series> {
    return this.#series;
  }

  get gaps(): readonly Gap[] {
    return this.#gaps;
  }

  /** Bytes of the step frames held. */
  get held(): number {
    return this.#frames.bytes;
  }

  /** Step frames given up to stay within the cap. */
  get thinned(): number {
    return this.#frames.thinned;
  }

  frame(step: number): StepFrame | undefined {
    return this.#frames.at(step);
  }

  /** What was found at this step, or at the nearest analysed step before it; its header tells which. */
  analysis(step: number): AnalysisFrame | undefined {
    return this.#analyses.before(step);
  }

  /**
   * The largest `high` that any frame or analysis had for a quantity of a layer: the top of a scale that is fixed over
   * steps. Peers, whose layers may have other names, have one for all layers.
   */
  high(layer: string, name: string): number {
    const key = `${this.peers.length > 1 ? "" : layer}\n${name}`;
    return Math.max(...this.peers.map((peer) => peer.#highs.get(key) ?? 0));
  }

  /** Hold one frame that was made in the page, or none; scales end at `high`. */
  showOnly(frame: StepFrame | null, high: number): void {
    this.#frames = new Held(this.cap);
    if (frame) this.#hold(this.#frames, frame);
    for (const key of this.#highs.keys()) this.#highs.set(key, high);
    this.#changed();
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
      step: (frame) => this.#hold(this.#frames, frame),
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
    if (!isMessage(message)) {
      this.damaged += 1;
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
    this.#frames = new Held(this.cap);
    this.#analyses = new Held(this.cap * ANALYSES_SHARE);
    this.#series = new Map();
    this.#highs = new Map();
    this.#gaps = [];
  }

  #changed(): void {
    this.arrived = this.now();
    this.changes += 1;
    for (const listener of [...this.#listeners]) listener();
  }

  #latest(): number {
    return this.steps[this.steps.length - 1] ?? -1;
  }

  #read(bytes: Bytes, take: { step: (frame: StepFrame) => void; curves: (frame: CurvesFrame) => void }): void {
    try {
      for (const frame of readFrames(bytes)) {
        if (frame.header.kind === "step") take.step(frame as StepFrame);
        else if (frame.header.kind === "curves") take.curves(frame as CurvesFrame);
        else this.#hold(this.#analyses, frame as AnalysisFrame);
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
    const held = this.#frames.at(frame.header.step);
    if (!held || held.body.length <= frame.body.length) this.#hold(this.#frames, frame);
  }

  #hold<One extends StepFrame | AnalysisFrame>(held: Held<One>, frame: One): void {
    held.hold(frame);
    for (const { layer, name, high } of frame.header.planes) {
      for (const key of [`${layer}\n${name}`, `\n${name}`]) {
        this.#highs.set(key, Math.max(high, this.#highs.get(key) ?? 0));
      }
    }
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
      const to = row(bins, "last")[bins.count - 1] ?? -Number.POSITIVE_INFINITY;
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
