import { beforeEach, describe, expect, test } from "vitest";
import { type Cursor, resolve as resolveCursor, START } from "../src/cursor";
import { fill, spread } from "../src/marks/heatmap";
import * as gatesPanel from "../src/panels/gates";
import { type Sheet, valueAt } from "../src/panels/sheet";
import { Store } from "../src/store";
import { ENGLISH } from "../src/strings";
import { delta, fineOf, GATES, LSTM, type Planned, step } from "./frames";

let store: Store;

beforeEach(() => {
  store = new Store(() => 0);
});

const place = (changes: Partial<Cursor> = {}) => resolveCursor({ ...START, ...changes }, store);

describe("the gates scene", () => {
  // (time 4, sample 2, unit 3): code = 100 * sample + 10 * time + unit
  const values = Array.from({ length: 24 }, (_, index) => {
    const [time, sample, unit] = [Math.floor(index / 6), Math.floor(index / 3) % 2, index % 3];
    return 100 * sample + 10 * time + unit;
  });
  const f: Planned = { name: "f", shape: [4, 2, 3], values };
  const layer = { ...LSTM, lengths: [4, 2] };
  const tokens = [
    ["the", "gate", "said", "so"],
    ["it", "did", "<pad>", "<pad>"],
  ];
  const scene = (changes: Partial<Cursor> = {}, width = 500, wish: Partial<gatesPanel.Wish> = {}) =>
    gatesPanel.resolve(store, place({ gate: "f", ...changes }), width, ENGLISH, { ...gatesPanel.PLAIN, ...wish });
  const read = ({ sheet }: gatesPanel.GatesScene, time: number, unit: number) => sheet && valueAt(sheet, time, unit);

  beforeEach(() => {
    store.applyDelta(
      delta(1),
      step(3, { samples: [0, 5], layers: [layer], tokens }, [
        ...GATES.filter(({ name }) => name === "h"),
        f,
        fineOf(f),
      ]),
    );
  });

  test("waits in words before the first step", () => {
    store = new Store(() => 0);
    expect(scene()).toMatchObject({ message: "Waiting for the first training step\u2026", sheet: null, labels: [] });
  });

  test("says which quantity was not recorded", () => {
    expect(scene({ gate: "dh" })).toMatchObject({
      message: "gradient of the hidden state dh: not recorded at this step",
    });
  });

  test("reads the value of each time and unit of the chosen sample", () => {
    expect(read(scene(), 2, 1)).toBeCloseTo(21 / 252);
    expect(read(scene({ sample: 1 }), 1, 2)).toBeCloseTo(112 / 252);
  });

  test("has no data past the end of a sequence", () => {
    const padded = scene({ sample: 1 });
    expect(padded.sheet).toMatchObject({ columns: 2, length: 2, times: 4 });
    expect(read(padded, 2, 0)).toBeNull();
    expect(gatesPanel.describe(padded, place({ gate: "f", sample: 1 }), 2, 0, ENGLISH)[0]).toBe(
      "padding: past the end of this sequence",
    );
  });

  test("fills pixels row by row from the codes of the sample alone", () => {
    const { sheet } = scene({ sample: 1 });
    if (!sheet) throw new Error("there are no cells");
    const pixels = new Uint32Array(6);
    fill(
      pixels,
      sheet,
      Uint32Array.from({ length: 256 }, (_, code) => code),
      spread(2, 99),
      spread(3, 99),
    );
    expect([...pixels]).toEqual([100, 110, 101, 111, 102, 112]);
  });

  test("outlines the column and the row of the cursor", () => {
    const { box, column, row } = scene({ time: 2, unit: 1 });
    expect(column).toEqual({ x: box.x + box.width / 2, y: box.y, width: box.width / 4, height: box.height });
    expect(row).toEqual({ x: box.x, y: box.y + box.height / 3, width: box.width, height: box.height / 3 });
    expect(scene().row).toBeNull();
  });

  test("labels the columns with the tokens of the sample, the selected one bold", () => {
    const texts = (one: gatesPanel.GatesScene) => one.labels.filter(({ y }) => y < one.box.y).map(({ text }) => text);
    expect(texts(scene()).sort()).toEqual(["gate", "said", "so", "the"]);
    expect(texts(scene({ sample: 1 })).sort()).toEqual(["did", "it"]);
    expect(
      scene({ time: 2 })
        .labels.filter(({ bold }) => bold)
        .map(({ text }) => text),
    ).toEqual(["said"]);
  });

  test("keeps one scale over steps: the largest of the run", () => {
    const h = { name: "h", shape: [4, 1, 3], encoding: "symmetric" as const, values: Array(12).fill(126) };
    store.applyDelta(delta(2), step(4, {}, [{ ...h, high: 8 }]));
    store.applyDelta(delta(3), step(5, {}, [{ ...h, high: 2 }]));
    const found = scene({ gate: "h" });
    expect(found.top).toBe(8);
    expect(found.legend?.ticks.map(({ text }) => text)).toEqual(["\u22128", "\u22124", "0", "4", "8"]);
  });

  test("says only the ends of its colors where one unit leaves no room for more", () => {
    const h = { name: "h", shape: [4, 1, 1], encoding: "symmetric" as const, values: Array(4).fill(126), high: 2 };
    store.applyDelta(delta(2), step(4, {}, [h]));
    expect(scene({ gate: "h" }).legend?.ticks.map(({ text }) => text)).toEqual(["\u22122", "2"]);
  });

  test("ends the scale of a gradient at a power of ten", () => {
    store.applyDelta(delta(2), step(4, {}, [{ ...f, name: "dh", encoding: "signed_log", high: 0.03 }, ...GATES]));
    const found = scene({ gate: "dh" });
    expect(found.top).toBeCloseTo(0.1);
    expect(found.legend?.ticks[0]?.text).toBe("10\u207b\u00b9");
  });

  test("counts values that are not numbers, in the legend and in words", () => {
    const bad = { ...f, values: values.map((code, index) => (index < 3 ? 253 + index : code)) };
    store.applyDelta(delta(2), step(4, { samples: [0, 5], layers: [layer] }, [bad, ...GATES]));
    expect(scene().legend?.swatches.map(({ text }) => text)).toEqual(["NaN", "+\u221e", "\u2212\u221e"]);
    expect(scene().notes).toEqual(["1 NaN, 1 +\u221e, 1 \u2212\u221e values"]);
    expect(scene({ sample: 1 }).notes).toEqual([]);
  });

  test("says what was reduced, and reads reduced planes at their stride", () => {
    const reduced = { name: "f", shape: [2, 1, 2], full: [4, 2, 3], stride: [2, 2, 2], values: [10, 20, 30, 40] };
    store.applyDelta(delta(2), step(4, { samples: [0, 5], layers: [{ ...LSTM, lengths: [3, 4] }], tokens }, [reduced]));
    const found = scene({ sample: 1, time: 3 });
    expect(found.notes).toEqual(["downsampled: every 2nd unit, every 2nd timestep, sample 0 is shown instead"]);
    expect(found.sheet?.length).toBe(3);
    expect(found.tokens).toEqual(tokens[0]);
    expect(read(found, 2, 2)).toBeCloseTo(40 / 252);
    expect(read(found, 1, 1)).toBeCloseTo(10 / 252);
  });

  test("shows the times and units in sight, with outlines and numbers of what is in it alone", () => {
    const sight = { time: { from: 1, to: 3 }, unit: { from: 1, to: 3 } };
    const found = scene({ time: 2, unit: 1 }, 500, { sight });
    const { box, column, row } = found;
    expect(found.shown).toMatchObject(sight);
    expect(column).toEqual({ x: box.x + box.width / 2, y: box.y, width: box.width / 2, height: box.height });
    expect(row).toEqual({ x: box.x, y: box.y, width: box.width, height: box.height / 2 });
    expect(scene({ time: 0, unit: 0 }, 500, { sight })).toMatchObject({ column: null, row: null });
    const above = found.labels.filter(({ y }) => y < box.y).map(({ text }) => text);
    expect(above.sort()).toEqual(["gate", "said"]);
    expect(found.labels.filter(({ align }) => align === "right").map(({ text }) => text)).toEqual(["2", "1"]);
  });

  test("puts units in the order chosen, and the outline where the unit now is", () => {
    const found = scene({ unit: 0 }, 500, { order: "mean" });
    expect([...found.shown.order]).toEqual([2, 1, 0]);
    expect(found.row?.y).toBeCloseTo(found.box.y + (2 / 3) * found.box.height);
    expect(found.labels.filter(({ bold }) => bold).map(({ text }) => text)).toContain("0");
    expect([0, 1, 2].map((at) => gatesPanel.unitAt(found.sheet as Sheet, found.shown.order, at))).toEqual([2, 1, 0]);
  });

  test("has the mean of each unit beside the cells and of each time below, on the scale of the colors", () => {
    const [right, below] = scene().profiles;
    expect([...(right?.ends ?? [])].slice(0, 1)).toEqual([expect.closeTo(15 / 252)]);
    const { box } = scene();
    expect(right?.ends.length).toBe(3);
    expect([...(below?.ends ?? [])].map((end) => end * 252)).toEqual(
      [1, 11, 21, 31].map((mean) => expect.closeTo(mean)),
    );
    expect(right?.box).toMatchObject({ y: box.y, height: box.height });
    expect(below?.box).toMatchObject({ x: box.x, width: box.width });
    expect([...(scene({ sample: 1 }).profiles[1]?.ends ?? [])].map(Number.isNaN)).toEqual([false, false, true, true]);
  });

  test("describes a cell with value, gate, layer, unit, time and token", () => {
    expect(gatesPanel.describe(scene(), place({ gate: "f" }), 1, 2, ENGLISH)).toEqual([
      "f = 0.0476",
      "forget gate f",
      "layer lstm.l0",
      "unit 2",
      "t = 1 / 3 \u2018gate\u2019",
    ]);
  });

  test("gives each unit whole pixels where they fit, and never more room than it should", () => {
    for (const [units, height] of [
      [3, 72],
      [128, 256],
      [300, 300],
      [1024, 300],
    ] as const) {
      const plane = { name: "f", shape: [1, 1, units], values: new Uint8Array(units) };
      const h = { ...plane, name: "h" };
      store.applyDelta(delta(store.seq + 1), step(store.seq + 9, { layers: [{ ...LSTM, lengths: [1] }] }, [h, plane]));
      expect(scene({}, 900).box.height).toBe(height);
    }
  });
});

test("spread takes every index where there is room, and else the one under the middle of each share", () => {
  expect([...spread(3, 10)]).toEqual([0, 1, 2]);
  expect([...spread(9, 3)]).toEqual([1, 4, 7]);
});
