/** The panels that draw analyses: who teaches whom, weights, findings. */

import { beforeEach, describe, expect, test } from "vitest";
import { COLOR_DECADES } from "../src/color";
import { type Cursor, resolve as resolveCursor, START } from "../src/cursor";
import { value } from "../src/format";
import * as findingsPanel from "../src/panels/findings";
import * as matrixPanel from "../src/panels/matrix";
import * as weightsPanel from "../src/panels/weights";
import { CODE_NAN, type Finding } from "../src/protocol.gen";
import type { Box } from "../src/scale";
import { Store } from "../src/store";
import { CHINESE, ENGLISH } from "../src/strings";
import { delta, encode, fineOf, GATES, join, LSTM, type Planned, step } from "./frames";
import { analysisOf, FINDING, frameOf } from "./scenery";

let store: Store;

beforeEach(() => {
  store = new Store(() => 0);
});

const place = (changes: Partial<Cursor> = {}) => resolveCursor({ ...START, ...changes }, store);

function analysis(number: number, planes: readonly Planned[], findings: readonly Finding[] = []) {
  store.applyDelta(delta(store.seq + 1), encode({ kind: "analysis", step: number, numbers: {}, findings }, planes));
}

describe("the matrix of who teaches whom", () => {
  const scene = (changes: Partial<Cursor> = {}) => matrixPanel.resolve(store, place(changes), 600, ENGLISH);
  const tokens = [["the", "gate", "said", "so"]];
  // (sample 2, loss 4, time 4): code 126 is zero; sample 1 holds what sample 0 does not.
  const values = Array.from({ length: 32 }, (_, index) => {
    const [sample, loss, time] = [index >> 4, (index >> 2) & 3, index & 3];
    return time > loss ? 126 : 200 + sample + 4 * loss + time;
  });
  const flow: Planned = {
    ...{ name: "flow", axes: ["sample", "loss_time", "time"], shape: [2, 4, 4], values },
    ...{ encoding: "signed_log" as const, high: 0.05 },
  };
  const number = (code: number) => 0.05 * 10 ** (12 * ((code - 126 - 1) / 125 - 1));

  beforeEach(() => {
    const layers = [{ ...LSTM, lengths: [4, 4] }];
    store.applyDelta(delta(1), step(8, { samples: [0, 1], tokens: [...tokens, ...tokens], layers }, GATES));
  });

  test("says in words that there is none yet", () => {
    expect(scene()).toMatchObject({ message: ENGLISH.noMatrix, matrix: null });
    store = new Store(() => 0);
    expect(scene().message).toBe(ENGLISH.waiting);
  });

  test("has the number of each loss and each time of the sample chosen, and none above the diagonal", () => {
    analysis(8, [flow]);
    const [first, second] = [scene().matrix, scene({ sample: 1 }).matrix];
    if (!first || !second) throw new Error("there is no matrix");
    expect(matrixPanel.valueAt(first, 3, 1)).toBeCloseTo(number(213), 12);
    expect(matrixPanel.valueAt(second, 3, 1)).toBeCloseTo(number(214), 12);
    expect(matrixPanel.valueAt(first, 1, 3)).toBeNull();
    expect(matrixPanel.valueAt(first, 2, 2)).toBeCloseTo(number(210), 12);
  });

  test("has the other triangle in a reverse layer", () => {
    const layers = [{ ...LSTM, name: "lstm.l0_reverse" }];
    const planes = GATES.map((plane) => ({ ...plane, layer: "lstm.l0_reverse" }));
    store.applyDelta(delta(2), step(9, { layers }, planes));
    analysis(9, [{ ...flow, layer: "lstm.l0_reverse" }]);
    const { matrix } = scene();
    if (!matrix) throw new Error("there is no matrix");
    expect(matrixPanel.valueAt(matrix, 3, 1)).toBeNull();
    expect(matrixPanel.valueAt(matrix, 1, 3)).not.toBeNull();
  });

  test("says which loss teaches most at the time shown, and says so where none does", () => {
    analysis(8, [flow, fineOf(flow)]);
    expect(scene({ time: 1 }).reading).toBe(
      `t = 1 learns most from the loss at s = 3 \u2018so\u2019: ${value(Number(number(213).toPrecision(2)))}`,
    );
    analysis(8, [{ ...flow, values: values.map(() => 126) }]);
    expect(scene({ time: 1 }).reading).toBe("no gradient of a loss reaches t = 1");
  });

  test("describes a cell with its number, the loss, the state, and both tokens", () => {
    analysis(8, [flow, fineOf(flow)]);
    const lines = matrixPanel.describe(scene(), place(), 3, 1, ENGLISH);
    expect(lines.slice(1)).toEqual(["loss at s: s = 3 \u2018so\u2019", "state at t: t = 1 \u2018gate\u2019"]);
    expect(lines[0]).toBe(`|dL\u209b/dh\u209c| = ${value(Number(number(213).toPrecision(2)))}`);
    analysis(8, [flow]);
    expect(matrixPanel.describe(scene(), place(), 3, 1, ENGLISH)[0]).toContain("not sent");
    expect(matrixPanel.describe(scene(), place(), 1, 3, ENGLISH)[0]).toBe("this loss does not depend on this state");
  });

  test("finds the cell under a point, and outlines the column of the time shown", () => {
    analysis(8, [flow]);
    const found = scene({ time: 2 });
    const { x, y, width, height } = found.box;
    expect(matrixPanel.cellAt(found, x + 0.3 * width, y + 0.9 * height)).toEqual({ loss: 3, time: 1 });
    expect(matrixPanel.cellAt(found, x - 1, y)).toBeNull();
    expect(found.column).toEqual({ x: x + width / 2, y, width: width / 4, height });
  });

  test("is that of the nearest analysed step before, and says which; its scale ends at a power of ten of all", () => {
    analysis(3, [{ ...flow, high: 7 }]);
    const found = scene();
    expect(found.notes).toEqual(["last analysis: step 3"]);
    analysis(8, [flow]);
    expect(scene()).toMatchObject({ notes: [], top: 10 });
    expect(scene().legend?.ticks.map(({ text }) => text)).toEqual([
      "10\u207b\u2075",
      "10\u207b\u00b3",
      "10\u207b\u00b9",
      "10\u00b9",
    ]);
    expect(COLOR_DECADES).toBe(6);
  });

  test("reads a matrix that was reduced at its strides, and says that it was", () => {
    const reduced = { ...flow, shape: [1, 2, 2], full: [2, 4, 4], stride: [2, 2, 2], values: [200, 126, 210, 220] };
    analysis(8, [reduced]);
    const found = scene({ sample: 1 });
    if (!found.matrix) throw new Error("there is no matrix");
    expect(matrixPanel.valueAt(found.matrix, 3, 1)).toBeCloseTo(number(210), 12);
    expect(found.notes).toEqual(["downsampled: every 2nd timestep", "sample 0 is shown instead"]);
  });

  test("keeps what is not a number apart", () => {
    analysis(8, [{ ...flow, values: values.map((code, index) => (index === 12 ? CODE_NAN : code)) }]);
    expect(matrixPanel.describe(scene(), place(), 3, 0, ENGLISH)[0]).toContain("= NaN");
  });
});

describe("the scene of the weights", () => {
  const scene = (width = 600) => weightsPanel.resolve(store, place(), width, ENGLISH);
  const spectrum: Planned = {
    ...{ name: "spectrum.f", axes: ["part", "index"], shape: [2, 3], dtype: "f4" as const, encoding: "raw" as const },
    high: 1.5,
    values: [0.5, 0.5, -1.5, 0.25, -0.25, 0],
  };
  const counts: Planned = {
    ...{ name: "weights.f", axes: ["bin"], shape: [4], dtype: "f4" as const, encoding: "raw" as const, high: 0.75 },
    values: [1, 4, 2, 0],
  };

  beforeEach(() => store.applyDelta(delta(1), step(8)));

  test("says in words that there are none yet", () => {
    expect(scene()).toMatchObject({ message: ENGLISH.noWeights, blocks: [] });
  });

  test("puts each eigenvalue at its place about the unit circle, those outside in another tone, and says the radius", () => {
    analysis(8, [spectrum, counts]);
    const [block] = scene().blocks;
    if (!block) throw new Error("there is no block");
    const { box, unit, dots } = block;
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    expect(dots.map((dot) => [(dot.x - x) / unit, (y - dot.y) / unit].map((part) => Number(part.toFixed(6))))).toEqual([
      [0.5, 0.25],
      [0.5, -0.25],
      [-1.5, 0],
    ]);
    expect(dots.map(({ tone }) => tone)).toEqual(["total", "total", "direct"]);
    expect(block.radius).toBe(1.5);
    expect(block.labels[1]).toMatchObject({ text: "radius 1.5", tone: "direct" });
    for (const dot of dots) expect(Math.abs(dot.x - x)).toBeLessThan(box.width / 2);
  });

  test("draws the histogram from the least to the largest count, between the ends of its range", () => {
    analysis(8, [spectrum, counts]);
    const [block] = scene().blocks;
    expect([...(block?.histogram?.ends ?? [])]).toEqual([0.75, 0, 0.5, 1]);
    expect(block?.labels.slice(2).map(({ text }) => text)).toEqual(["1", "1.65", "\u22120.75", "0", "0.75"]);
  });

  const middle = (box?: Box) => (box ? box.x + box.width / 2 : Number.NaN);

  test("has one scale for all steps, and for runs side by side whatever their layers are called", () => {
    const narrow = { ...spectrum, high: 0.75, values: [0.25, 0.25, -0.75, 0.125, -0.125, 0] };
    analysis(8, [spectrum, counts]);
    const [before] = scene().blocks;
    store.applyDelta(delta(3), step(9));
    analysis(9, [narrow, { ...counts, high: 0.25 }]);
    const [block] = scene().blocks;
    expect(block?.unit).toBe(before?.unit);
    expect(block?.histogram?.box.width).toBeCloseTo((before?.histogram?.box.width ?? 0) / 3, 9);
    expect(middle(block?.histogram?.box)).toBeCloseTo(middle(before?.histogram?.box), 9);
    expect(block?.labels.slice(2)).toEqual(before?.labels.slice(2));

    const other = new Store(() => 0);
    const wide = { ...spectrum, layer: "gru.l1", high: 3 };
    const header = { kind: "analysis" as const, step: 9, numbers: {}, findings: [] };
    other.applyDelta(delta(1), encode(header, [wide, { ...counts, layer: "gru.l1", high: 1.5 }]));
    const scales = weightsPanel.scalesOf(store, place());
    store.peers = [store, other];
    expect(scales).toEqual({ spectra: [1.5], weights: [0.75] });
    expect(weightsPanel.scalesOf(store, place())).toEqual({ spectra: [3], weights: [1.5] });
    const [beside] = scene().blocks;
    expect(beside?.unit).toBeCloseTo((before?.unit ?? 0) / 2, 9);
    expect(beside?.labels.slice(2).map(({ text }) => text)).toEqual(["1", "3.3", "\u22121.5", "0", "1.5"]);
  });

  test("says the layer's numbers in words, an infinite one too, and leaves out those that are drawn or not known", () => {
    const numbers = {
      "lstm.l0": { half_life: 2.21, horizon: "inf" as const, omega: "nan" as const, "spectral_radius.f": 1.5 },
    };
    const header = { kind: "analysis" as const, step: 8, numbers, findings: [] };
    store.applyDelta(delta(2), encode(header, [spectrum, counts]));
    expect(scene().notes).toEqual(["memory half-life: 2.21", "gradient horizon: \u221e"]);
  });

  test("names the eigenvalue under the pointer", () => {
    analysis(8, [spectrum, counts]);
    const [dot] = scene().blocks[0]?.dots.slice(1) ?? [];
    expect(weightsPanel.describeAt(scene(), (dot?.x ?? 0) + 2, dot?.y ?? 0, ENGLISH)).toEqual([
      "\u03bb = 0.5 \u2212 0.25i",
      "|\u03bb| = 0.559",
      "forget gate f",
    ]);
    expect(weightsPanel.describeAt(scene(), 0, 0, ENGLISH)).toBeNull();
  });

  test.each([320, 420, 600, 1200])("has a block a gate within %d pixels", (width) => {
    store.applyDelta(delta(2), join(frameOf(9), analysisOf(9)));
    const { blocks, height } = scene(width);
    expect(blocks.map(({ gate }) => gate)).toEqual(["i", "f", "g", "o"]);
    for (const { box } of blocks) {
      expect(box.x + box.width).toBeLessThanOrEqual(width);
      expect(box.y + box.height).toBeLessThan(height);
    }
  });
});

describe("the findings", () => {
  const scene = (strings = ENGLISH) => findingsPanel.resolve(store, place(), strings);
  const problem: Finding = {
    ...FINDING,
    name: "nan",
    severity: "problem",
    layer: "lstm.l0",
    step: 1240,
    time: 3,
    unit: 7,
    gate: "g",
  };
  const note: Finding = { ...FINDING, name: "fine", severity: "info", layer: null, step: null, time: null, unit: null };

  test("say in words that nothing was analysed, or nothing was found", () => {
    expect(scene()).toEqual({ said: [], message: ENGLISH.noAnalysis, note: "" });
    store.applyDelta(delta(1), step(8));
    analysis(8, []);
    expect(scene()).toEqual({ said: [], message: "No problems found (last check: step 8)", note: "" });
  });

  test("stand with the gravest first, each with where to look, and say of which step they are", () => {
    store.applyDelta(delta(1), step(9));
    analysis(8, [], [note, FINDING, problem]);
    const { said, note: of } = scene();
    expect(said.map(({ word }) => word)).toEqual(["Problem", "Warning", "Note"]);
    expect(said[0]).toMatchObject({
      look: { step: 1240, layer: "lstm.l0", time: 3, unit: 7, gate: "g" },
      place: "step 1\u202f240, lstm.l0, g, t = 3, unit 7",
    });
    expect(said[1]?.look).toEqual({ layer: "lstm.l0", time: 0 });
    expect(said[2]).toMatchObject({ look: null, place: "" });
    expect(of).toBe("last analysis: step 8");
  });

  test("of earlier versions, which have no gate, are shown and select none", () => {
    const { gate, ...earlier } = problem;
    store.applyDelta(delta(1), step(8));
    analysis(8, [], [earlier as Finding]);
    expect([store.damaged, gate]).toEqual([0, "g"]);
    expect(scene().said[0]?.look).toEqual({ step: 1240, layer: "lstm.l0", time: 3, unit: 7 });
  });

  test("are in the reader's language", () => {
    store.applyDelta(delta(1), step(8));
    analysis(8, [], [FINDING]);
    expect(scene().said[0]).toMatchObject({
      sentence: FINDING.sentence,
      advice: FINDING.advice,
      source: FINDING.source,
    });
    expect(scene(CHINESE).said[0]).toMatchObject({
      sentence: FINDING.sentence_zh,
      advice: FINDING.advice_zh,
      word: "警告",
    });
  });
});
