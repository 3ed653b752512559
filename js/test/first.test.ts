import { beforeEach, describe, expect, test } from "vitest";
import { type Cursor, resolve as resolveCursor, START, wishAt } from "../src/cursor";
import * as cellPanel from "../src/panels/cell";
import * as findingsPanel from "../src/panels/findings";
import * as flowPanel from "../src/panels/flow";
import * as gatesPanel from "../src/panels/gates";
import { timeText } from "../src/panels/labels";
import * as matrixPanel from "../src/panels/matrix";
import * as unitsPanel from "../src/panels/units";
import { ofQuantity } from "../src/panels/values";
import { Store } from "../src/store";
import { ENGLISH } from "../src/strings";
import { encode, GATES, join, LSTM, meta, norms, type Planned, step } from "./frames";
import { FINDING } from "./scenery";

// Of 77 times the last 4 are recorded: 73 to 76.
const FIRST = 73;
const layers = [{ ...LSTM, first: FIRST }];
const tokens = [["gate", "said", "so", "loud"]];
const matrix: Planned = {
  ...{ name: "flow", axes: ["sample", "loss_time", "time"], shape: [1, 4, 4], encoding: "signed_log", high: 1 },
  values: Array(16).fill(200),
};
const found = { ...FINDING, step: 0, time: 74 };

describe("a recording that begins later than its input", () => {
  let store: Store;

  const place = (changes: Partial<Cursor> = {}) => resolveCursor({ ...START, ...changes }, store);
  const texts = (labels: ReadonlyArray<{ readonly text: string }>) => labels.map(({ text }) => text);

  beforeEach(() => {
    store = new Store(() => 0);
    const analysis = encode({ kind: "analysis", step: 0, numbers: {}, findings: [found] }, [matrix]);
    const planes = [...GATES, norms("dh", [1, 2, 3, 4])];
    store.applySnapshot(meta(1), join(step(0, { layers, tokens }, planes), analysis));
  });

  test("is looked at by the times of the input, and shows its nearest one", () => {
    const looked = [0, 73, 75, 76, 900].map((time) => place({ time }));
    expect(looked.map(({ first, time }) => [first, time])).toEqual([
      [73, 0],
      [73, 0],
      [73, 2],
      [73, 3],
      [73, 3],
    ]);
    expect(looked.map((one) => wishAt(one, one.time).time)).toEqual([73, 73, 75, 76, 76]);
    expect([wishAt(place(), -5), wishAt(place(), 9)]).toEqual([{ time: 73 }, { time: 76 }]);
  });

  test("keeps the time of the input while another step begins elsewhere", () => {
    store.applySnapshot(meta(2), step(1, { layers: [{ ...LSTM, first: 74 }] }));
    expect([0, 1].map((shown) => place({ step: shown, time: 75 })).map(({ first, time }) => first + time)).toEqual([
      75, 75,
    ]);
  });

  test("says its times as those of the input, in words and along the axes", () => {
    const now = place({ time: 75, unit: 0 });
    expect(timeText(now, now.time, ENGLISH)).toBe("t = 75 / 76");
    const gates = gatesPanel.resolve(store, now, 600, ENGLISH);
    expect(gatesPanel.describe(gates, now, 1, 0, ENGLISH)).toContain("t = 74 / 76 \u2018said\u2019");
    const flow = flowPanel.resolve(store, now, 600, 0, ENGLISH);
    expect(texts(flow.labels)).toEqual(expect.arrayContaining(["73", "t = 75", "76"]));
    const units = unitsPanel.resolve(store, now, 600, ENGLISH);
    expect(texts(units.labels)).toEqual(expect.arrayContaining(["73", "t = 75", "76"]));
    expect(flow.labels.find(({ text }) => text === "t = 75")?.x).toBe(flow.rule);
  });

  test("numbers round times of the input, not of itself", () => {
    const long = [{ ...LSTM, lengths: [40], first: 73 }];
    store.applySnapshot(
      meta(2),
      step(1, { layers: long }, [{ name: "h", shape: [40, 1, 1], values: Array(40).fill(0) }]),
    );
    const { labels, box } = gatesPanel.resolve(store, place({ step: 1, gate: "h", time: 73 }), 600, ENGLISH);
    const numbers = texts(labels.filter(({ y }) => y < box.y)).map(Number);
    expect(numbers.filter((number) => number % 5 === 0).length).toBeGreaterThan(2);
    expect(numbers.filter((number) => !Number.isNaN(number) && number % 5 !== 0)).toEqual([]);
  });

  test("says them in the matrix, and finds the token of each", () => {
    const now = place({ time: 74 });
    const scene = matrixPanel.resolve(store, now, 600, ENGLISH);
    expect(scene.reading).toContain("t = 74 learns most from the loss at s = 74 \u2018said\u2019");
    expect(matrixPanel.describe(scene, now, 3, 1, ENGLISH).slice(1)).toEqual([
      "loss at s: s = 76 \u2018loud\u2019",
      "state at t: t = 74 \u2018said\u2019",
    ]);
    expect(texts(scene.labels)).toEqual(expect.arrayContaining(["73", "76"]));
  });

  test("says them in the cell, whose first one does not start the sequence", () => {
    const written = (time: number) =>
      cellPanel
        .resolve(store, place({ time }), 600, ENGLISH)
        .formulas.map(({ runs }) => runs.map(({ text }) => text).join(""));
    expect(written(75)).toEqual(expect.arrayContaining(["t = 74", "t = 75"]));
    expect(written(73)).toEqual(expect.arrayContaining(["t = 72", "t = 73"]));
    expect(written(73)).not.toContain("start");
  });

  test("heads the columns of its file with them", () => {
    expect(ofQuantity(place()).columns).toEqual(["unit", "t=73 gate", "t=74 said", "t=75 so", "t=76 loud"]);
  });

  test("is where a finding leads, whose times are those of the input", () => {
    const [said] = findingsPanel.resolve(store, place(), ENGLISH).said;
    expect(said?.place).toContain("t = 74");
    expect(place(said?.look ?? {})).toMatchObject({ first: 73, time: 1 });
  });
});

test("norms of which every second time was sent stand at the times they are of", () => {
  const store = new Store(() => 0);
  const half = { ...norms("dh", [1, 100]), full: [4, 1], stride: [2, 1] };
  store.applySnapshot(meta(1), step(0, {}, [...GATES, half]));
  const { lines } = flowPanel.resolve(store, resolveCursor(START, store), 600, 0, ENGLISH);
  const heights = [...(lines[0]?.points ?? [])].filter((_, index) => index % 2 === 1);
  expect(heights.length).toBe(4);
  expect(heights[0]).toBe(heights[1]);
  expect(heights[2]).toBe(heights[3]);
  expect(heights[2]).toBeLessThan(heights[0] ?? 0);
});
