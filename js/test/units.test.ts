import { beforeEach, describe, expect, test } from "vitest";
import { type Cursor, resolve as resolveCursor, START } from "../src/cursor";
import * as gatesPanel from "../src/panels/gates";
import * as panel from "../src/panels/units";
import { CODE_NAN, CODE_POSITIVE_INFINITY } from "../src/protocol.gen";
import { Store } from "../src/store";
import { ENGLISH } from "../src/strings";
import { delta, GATES, LSTM, type Planned, step } from "./frames";
import { frameOf, PLAIN, valuesOf } from "./scenery";

let store: Store;

beforeEach(() => {
  store = new Store(() => 0);
});

const place = (changes: Partial<Cursor> = {}) => resolveCursor({ ...START, ...changes }, store);
const scene = (changes: Partial<Cursor> = {}, pins: readonly number[] = []) =>
  panel.resolve(store, place(changes), 600, ENGLISH, pins);

describe("the scene of units over time", () => {
  test("waits in words", () => {
    expect(scene()).toMatchObject({ message: "Waiting for the first training step\u2026", lines: [] });
  });

  test("draws the selected unit on the scale of the heatmap and over its columns", () => {
    store.applyDelta(delta(1), frameOf(1));
    const found = scene({ gate: "f", unit: 7, sample: 1, time: 5 });
    const points = found.lines.at(-1)?.points as Float64Array;
    const { box } = found;
    const heatmap = gatesPanel.resolve(store, place({ gate: "f" }), 600, ENGLISH).box;
    for (let time = 0; time < PLAIN.times; time++) {
      const value = valuesOf(PLAIN)["f"]?.[(time * PLAIN.samples + 1) * PLAIN.units + 7] as number;
      expect(points[2 * time]).toBeCloseTo(heatmap.x + ((time + 0.5) / PLAIN.times) * heatmap.width);
      expect(Math.abs((points[2 * time + 1] as number) - (box.y + (1 - value) * box.height))).toBeLessThan(0.5);
    }
    expect(found.rule).toBe(points[10]);
    expect(found.lines.at(-1)).toMatchObject({ tone: "ink" });
  });

  test("keeps the lines of pinned units, each in a style of its own, the selected one last and not twice", () => {
    store.applyDelta(delta(1), frameOf(1));
    const found = scene({ unit: 7, time: 3 }, [1, 7, 4, 99]);
    expect(found.units).toEqual([1, 4, 7]);
    expect(found.lines.slice(1).map(({ tone }) => tone)).toEqual(["total", "direct", "ink"]);
    expect(
      found.labels
        .slice(-3)
        .map(({ text }) => text)
        .sort(),
    ).toEqual(["1", "4", "7"]);
    expect(found.readings.map(({ unit }) => unit)).toEqual([1, 4, 7]);
    expect(scene({}, [1]).units).toEqual([1]);
  });

  test("has the band from the lowest to the highest unit, and the mean, behind the lines", () => {
    store.applyDelta(delta(1), frameOf(1));
    const found = scene({ gate: "c" });
    const values = valuesOf(PLAIN)["c"] as Float64Array;
    const at = (time: number) =>
      values.subarray(time * PLAIN.samples * PLAIN.units, (time * PLAIN.samples + 1) * PLAIN.units);
    const top = Math.max(...values.map(Math.abs));
    const y = (value: number) => found.box.y + ((1 - value / top) / 2) * found.box.height;
    expect(found.upper[2 * 9 + 1]).toBeCloseTo(y(Math.max(...at(9))), 0);
    expect(found.lower[2 * 9 + 1]).toBeCloseTo(y(Math.min(...at(9))), 0);
    const mean = at(9).reduce((sum, value) => sum + value, 0) / PLAIN.units;
    expect(found.lines[0]?.points[2 * 9 + 1]).toBeCloseTo(y(mean), 0);
  });

  test("puts equal ratios of gradients at equal distances, by their sign", () => {
    const codes = [252, 242, 232, 0];
    const dh: Planned = { name: "dh", shape: [4, 1, 1], encoding: "signed_log", high: 1, values: codes };
    store.applyDelta(delta(1), step(1, {}, [dh, ...GATES]));
    const points = scene({ gate: "dh", unit: 0 }).lines.at(-1)?.points as Float64Array;
    const y = (time: number) => points[2 * time + 1] as number;
    expect(y(1) - y(0)).toBeCloseTo(y(2) - y(1), 6);
    expect(y(3)).toBe(scene({ gate: "dh" }).box.y + scene({ gate: "dh" }).box.height);
  });

  test("breaks the line where there is no number, says so, and stops at the end of the sequence", () => {
    const layers = [{ ...LSTM, lengths: [3] }];
    const values = [10, 10, 10, CODE_NAN, 10, 10, CODE_POSITIVE_INFINITY, 10, 10, 10, 10, 10];
    store.applyDelta(delta(1), step(1, { layers }, [{ name: "i", shape: [4, 1, 3], values }, ...GATES.slice(1)]));
    const found = scene({ unit: 0, time: 1 });
    const points = found.lines.at(-1)?.points as Float64Array;
    expect([points.length, points[3], points[5]]).toEqual([6, Number.NaN, Number.NaN]);
    expect(found.dots.map(({ tone }) => tone)).toEqual(["nan"]);
    expect(found.readings[0]?.text).toBe("i = NaN");
    expect(scene({ unit: 0, time: 3 })).toMatchObject({ rule: null, dots: [] });
    expect(scene({ unit: 0, time: 3 }).readings[0]?.text).toBe(ENGLISH.noData);
  });
});
