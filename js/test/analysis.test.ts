/** Analyses as Python writes them, and how the store keeps them beside the steps. */

import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { type AnalysisFrame, type Bytes, codesOf, decoded, floatsOf, planeOf, readFrames } from "../src/frame";
import { Store } from "../src/store";
import { delta, encode, join, meta, step } from "./frames";

const golden: Bytes = new Uint8Array(readFileSync(new URL("../../tests/golden/frames.bin", import.meta.url)));
const frames = [...readFrames(golden)].filter(({ header }) => header.kind === "analysis") as AnalysisFrame[];

function analysis(number: number, findings: readonly object[] = []): Bytes {
  return encode({ kind: "analysis", step: number, numbers: {}, findings }, []);
}

describe("an analysis that Python wrote", () => {
  const [whole, reduced] = frames;
  if (!whole || !reduced) throw new Error("the golden frames hold two analyses");

  test("has its findings, in both languages, with where to look", () => {
    const [first, second] = whole.header.findings;
    expect(whole.header.findings.length).toBe(2);
    expect(first).toMatchObject({ name: "not_finite", severity: "problem", sentence_zh: "第一个 NaN 在 f 中。" });
    expect([first?.step, first?.layer, first?.time, first?.unit, first?.gate]).toEqual([12, "lstm.l0", 3, 1, "f"]);
    expect([second?.step, second?.layer, second?.time, second?.unit, second?.gate]).toEqual(Array(5).fill(null));
  });

  test("has its numbers by layer, infinities as words", () => {
    expect(whole.header.numbers).toEqual({
      "lstm.l0": { half_life: 2.5, horizon: 4, lyapunov: "-inf" },
      "gru.l0": {},
    });
  });

  test("has a flow matrix of sample, time of the loss and time, nothing where the loss comes first", () => {
    const plane = planeOf(whole, "lstm.l0", "flow");
    if (!plane) throw new Error("the flow matrix is missing");
    expect([plane.shape, plane.full, plane.stride]).toEqual([
      [2, 3, 5],
      [2, 5, 5],
      [1, 2, 1],
    ]);
    const values = Array.from(codesOf(whole, plane), (code) => decoded(code, plane));
    expect(values.slice(1, 5)).toEqual([0, 0, 0, 0]);
    expect(values[15]).toBe(Number.POSITIVE_INFINITY);
    expect(values[23]).toBeNaN();
    expect(values[0]).toBeGreaterThan(0);
  });

  test("says by its strides what a smaller one leaves out", () => {
    const plane = planeOf(reduced, "lstm.l0", "flow");
    expect(reduced.size).toBeLessThan(whole.size);
    expect(plane?.full).toEqual([2, 5, 5]);
    expect((plane?.stride ?? []).reduce((product, one) => product * one)).toBeGreaterThan(2);
  });

  test("has spectra and histograms of each gate's recurrent weights", () => {
    const spectrum = planeOf(whole, "lstm.l0", "spectrum.f");
    const counts = planeOf(whole, "lstm.l0", "weights.f");
    if (!spectrum || !counts) throw new Error("a plane is missing");
    expect([spectrum.shape, spectrum.axes]).toEqual([
      [2, 3],
      ["part", "index"],
    ]);
    const imaginary = [...floatsOf(whole, spectrum)].slice(3);
    expect(imaginary.reduce((sum, part) => sum + part)).toBeCloseTo(0, 6);
    expect([counts.shape, counts.high]).toEqual([[8], 2]);
    expect([...floatsOf(whole, counts)].reduce((sum, count) => sum + count)).toBeLessThanOrEqual(9);
  });
});

describe("the store", () => {
  let store: Store;

  beforeEach(() => {
    store = new Store(() => 0);
  });

  test("gives the analysis of a step, or of the nearest analysed step before it", () => {
    store.applyDelta(delta(1), join(step(4), analysis(4), step(5), step(9), analysis(9)));
    expect(store.steps).toEqual([4, 5, 9]);
    expect(store.analysed).toEqual([4, 9]);
    const found = [3, 4, 5, 8, 9, 1000].map((at) => store.analysis(at)?.header.step);
    expect(found).toEqual([undefined, 4, 4, 4, 9, 9]);
  });

  test("takes analyses from snapshots and from late messages too, and the last one of a step", () => {
    store.applyDelta(delta(3), analysis(9));
    store.applyDelta(delta(2), analysis(7));
    store.applySnapshot(
      meta(3),
      join(step(9), analysis(1), analysis(9, [{ ...frames[0]?.header.findings[0], name: "clipped" }])),
    );
    expect(store.analysed).toEqual([1, 7, 9]);
    expect(store.analysis(9)?.header.findings.map(({ name }) => name)).toEqual(["clipped"]);
  });

  test("forgets them with the run", () => {
    store.applyDelta(delta(1), analysis(9));
    store.applyDelta(delta(1, { run: "another" }), step(0));
    expect(store.analysed).toEqual([]);
  });

  test("keeps them in an eighth of the bytes that it may hold, and never at the cost of a step", () => {
    const size = analysis(0).length;
    store = new Store(() => 0, 8 * 10.5 * size);
    for (let index = 1; index <= 100; index++) store.applyDelta(delta(index), analysis(index));
    expect(store.analysed.length).toBeLessThanOrEqual(10);
    expect(store.analysed.length).toBeGreaterThan(6);
    expect([store.analysed[0], store.analysed.at(-1)]).toEqual([1, 100]);
    expect([store.held, store.thinned]).toEqual([0, 0]);
  });
});
