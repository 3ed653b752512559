import { beforeEach, describe, expect, test } from "vitest";
import { type Cursor, resolve as resolveCursor, START } from "../src/cursor";
import * as flowPanel from "../src/panels/flow";
import * as gatesPanel from "../src/panels/gates";
import { Store } from "../src/store";
import { ENGLISH } from "../src/strings";
import { delta, GATES, LSTM, norms, step } from "./frames";

let store: Store;

beforeEach(() => {
  store = new Store(() => 0);
});

const place = (changes: Partial<Cursor> = {}) => resolveCursor({ ...START, ...changes }, store);

describe("the flow scene", () => {
  const scene = (changes: Partial<Cursor> = {}) => flowPanel.resolve(store, place(changes), 514, 0, ENGLISH);
  const total = [1e-4, 1e-3, 1e-2, 1e-1];
  const lineOf = (tone: string, found: flowPanel.FlowScene) =>
    found.lines.find((line) => line.tone === tone)?.points ?? [];

  beforeEach(() => {
    store.applyDelta(delta(1), step(1, {}, [...GATES, norms("dh", total), norms("dy", [0, 0, 0, 1e-1])]));
  });

  test("fills the room that there is, within bounds", () => {
    const heights = [0, 300, 5000].map((room) => flowPanel.resolve(store, place(), 514, room, ENGLISH).height);
    expect(heights).toEqual([152, 300, 452]);
  });

  test("says that there is no gradient where none was recorded", () => {
    store.applyDelta(delta(2), step(2));
    expect(scene()).toMatchObject({
      message: "No gradient at this step: there was no backward pass.",
      lines: [],
      rule: null,
    });
  });

  test("puts equal ratios at equal distances, at the middles of the heatmap's columns", () => {
    const points = lineOf("total", scene());
    const [x0, y0, x1, y1, x2, y2] = points as unknown as [number, number, number, number, number, number];
    const heatmap = gatesPanel.resolve(store, place(), 514, ENGLISH);
    expect(y0 - y1).toBeCloseTo(y1 - y2, 4);
    expect(y0).toBeGreaterThan(y1);
    expect([x0, x1, x2]).toEqual([0.5, 1.5, 2.5].map((at) => heatmap.box.x + (at * heatmap.box.width) / 4));
    expect(scene({ time: 2 }).rule).toBe(x2);
  });

  test("marks a zero by a hollow dot on the floor, and breaks the line", () => {
    const found = scene();
    const zeros = found.dots.filter(({ hollow }) => hollow);
    expect(zeros.length).toBe(3);
    for (const { y } of zeros) expect(y).toBe(found.box.y + found.box.height - 5);
    expect(lineOf("direct", found)[1]).toBe(Number.NaN);
    expect(found.labels.map(({ text }) => text)).toContain("0");
  });

  test("labels whole powers of ten", () => {
    const texts = scene().labels.map(({ text }) => text);
    expect(texts).toEqual(expect.arrayContaining(["10\u207b\u2074", "10\u207b\u00b9"]));
  });

  test("reads the norms at the time shown, total first", () => {
    const readings = scene({ time: 1 }).readings;
    expect(readings.map(({ name, text }) => `${name} ${text}`)).toEqual([
      "total 0.001",
      "direct 0",
      "gradient ratio (first / last timestep) 0.001",
    ]);
  });

  test("keeps one scale over the steps held", () => {
    const before = lineOf("total", scene({ step: 1 }))[7];
    store.applyDelta(delta(2), step(2, {}, [...GATES, norms("dh", [1, 1, 1, 1e4])]));
    const after = scene({ step: 1 });
    expect(lineOf("total", after)[7]).toBeGreaterThan(before as number);
    expect(after.grid.length).toBe(scene({ step: 2 }).grid.length);
  });

  test("has room for a step whose gradients all lie more than 16 decades below those of another", () => {
    store.applyDelta(delta(2), step(2, {}, [...GATES, norms("dh", [1e30, 1e30, 1e30, 1e20])]));
    const heights = [...lineOf("total", scene({ step: 1 }))].filter((_, index) => index % 2 === 1);
    expect(new Set(heights).size).toBe(4);
    const [first, second, third] = heights as [number, number, number];
    expect(first - second).toBeCloseTo(second - third, 4);
    const exploded = scene({ step: 2 });
    const { y, height } = exploded.box;
    expect([1, 7].map((at) => lineOf("total", exploded)[at])).toEqual([y, y + (10 / 16) * (height - 23)]);
  });

  test("shows NaN and infinity in their colors, and stops at the end of the sequence", () => {
    const layers = [{ ...LSTM, lengths: [3] }];
    const bad = norms("dh", [Number.NaN, Number.POSITIVE_INFINITY, 1, 1]);
    store.applyDelta(delta(2), step(2, { layers }, [...GATES, bad]));
    const found = scene({ time: 3 });
    expect(found.dots.map(({ tone }) => tone)).toEqual(["nan", "positive", "total"]);
    expect(lineOf("total", found).length).toBe(6);
    expect(found.readings[0]?.text).toBe("\u2013");
  });

  test("keeps the names at the ends of the lines apart", () => {
    store.applyDelta(delta(2), step(2, {}, [...GATES, norms("dh", total), norms("dc", total), norms("dy", total)]));
    const ys = scene()
      .labels.filter(({ text }) => ["total", "direct", "cell"].includes(text))
      .map(({ y }) => y);
    expect(ys.length).toBe(3);
    for (let index = 1; index < 3; index++)
      expect((ys[index] as number) - (ys[index - 1] as number)).toBeGreaterThanOrEqual(13);
  });

  test("shows the totals of the other samples behind, each to its own end, where all are wished", () => {
    const layers = [{ ...LSTM, lengths: [4, 2, 3] }];
    const three = norms("dh", [1, 10, 100, 1, 10, 100, 1, 10, 100, 1, 10, 100], 3);
    const i = { name: "i", shape: [4, 3, 3], values: new Uint8Array(36) };
    store.applyDelta(delta(2), step(2, { samples: [0, 1, 2], layers }, [i, three]));
    const lines = (all: boolean) => flowPanel.resolve(store, place({ sample: 1 }), 514, 200, ENGLISH, all).lines;
    expect(lines(false).map(({ tone }) => tone)).toEqual(["total"]);
    expect(lines(true).map(({ tone, points }) => [tone, points.length / 2])).toEqual([
      ["muted", 4],
      ["muted", 3],
      ["total", 2],
    ]);
    const heights = lines(true).map(({ points }) => points[1] as number);
    expect((heights[0] as number) - (heights[2] as number)).toBeCloseTo(
      (heights[2] as number) - (heights[1] as number),
    );
  });
});
