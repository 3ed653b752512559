import { beforeEach, describe, expect, test } from "vitest";
import { type Cursor, resolve as resolveCursor, START } from "../src/cursor";
import * as curvesPanel from "../src/panels/curves";
import { Store } from "../src/store";
import { ENGLISH } from "../src/strings";
import { curves, delta, join, step } from "./frames";

let store: Store;

beforeEach(() => {
  store = new Store(() => 0);
});

const place = (changes: Partial<Cursor> = {}) => resolveCursor({ ...START, ...changes }, store);

describe("the curves scene", () => {
  const points = (values: readonly number[]) => values.map((value, at) => [10 * at, value] as const);
  const scene = (changes: Partial<Cursor> = {}, kind: curvesPanel.ScaleKind = "auto", width = 700) =>
    curvesPanel.resolve(store, place(changes), width, kind, ENGLISH);

  test("says what will appear before there are scalars", () => {
    expect(scene()).toMatchObject({ charts: [], message: "Loss and gradient norm appear here." });
  });

  test("draws loss and gradient norm first, then the others by name, at most eight", () => {
    const names = ["zeta", "beta", "grad_norm", "loss", "a", "b", "c", "d", "e", "f"];
    store.applyDelta(delta(1), curves(Object.fromEntries(names.map((name) => [name, points([1, 2])]))));
    expect(scene().charts.map(({ name }) => name)).toEqual(["loss", "grad_norm", "a", "b", "beta", "c", "d", "e"]);
  });

  test("chooses a logarithmic scale for a wide range of positive values, unless told otherwise", () => {
    store.applyDelta(
      delta(1),
      curves({ loss: points([4, 2, 1]), grad_norm: points([100, 1, 0.1]), lr: points([-1, 0, 1]) }),
    );
    const kinds = (kind: curvesPanel.ScaleKind) => scene({}, kind).charts.map(({ logarithmic }) => logarithmic);
    expect(kinds("auto")).toEqual([false, true, false]);
    expect(kinds("log")).toEqual([true, true, false]);
    expect(kinds("linear")).toEqual([false, false, false]);
  });

  test("breaks the line at NaN and marks the place at the foot of the chart", () => {
    store.applyDelta(delta(1), curves({ loss: points([3, Number.NaN, 1]) }));
    const [chart] = scene().charts;
    expect(chart?.line.points[3]).toBe(Number.NaN);
    expect(chart?.upper[3]).toBe(chart?.upper[1]);
    expect(chart?.bad).toEqual([
      { x: chart?.line.points[2], y: (chart?.box.y ?? 0) + (chart?.box.height ?? 0) - 3, radius: 2.5, tone: "nan" },
    ]);
  });

  test("shows the value of the step: the frame's own, else that of the curve", () => {
    store.applyDelta(
      delta(1),
      join(curves({ loss: points([3, 2, 1]), lr: points([7, 8, 9]) }), step(10, { scalars: { loss: 2.5 } })),
    );
    const [loss, lr] = scene().charts;
    expect([loss?.shown, lr?.shown]).toEqual([2.5, 8]);
    expect(loss?.value?.text).toBe("2.5");
    expect(loss?.rule).toBe((loss?.box.x ?? 0) + (loss?.box.width ?? 0) / 2);
  });

  test("finds the step under a point, of the nearest chart, held within the axis", () => {
    store.applyDelta(delta(1), curves({ loss: points([3, 2, 1]), grad_norm: points([3, 2, 1]) }));
    const found = scene();
    for (const { box } of found.charts) {
      expect(curvesPanel.stepAt(found, box.x + box.width / 4, box.y + 5)).toBeCloseTo(5);
      expect(curvesPanel.stepAt(found, box.x + box.width / 4, found.height + 500)).toBeCloseTo(5);
    }
    expect(curvesPanel.stepAt(found, -50, 0)).toBe(0);
    expect(curvesPanel.stepAt({ ...found, charts: [] }, 0, 0)).toBeNull();
  });

  test("stays inside its width, in as many columns as fit", () => {
    store.applyDelta(delta(1), curves({ loss: points([3, 2]), grad_norm: points([1, 1]), lr: points([1, 2]) }));
    for (const width of [300, 380, 700, 1400]) {
      const found = scene({}, "auto", width);
      expect(new Set(found.charts.map(({ cell }) => cell.x)).size).toBe(Math.min(3, Math.floor(width / 300)));
      for (const { box } of found.charts) expect(box.x + box.width).toBeLessThanOrEqual(width);
    }
  });
});
