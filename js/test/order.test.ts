import { expect, test } from "vitest";
import { readFrames, type StepFrame } from "../src/frame";
import { type Order, orderOf, ordersFor } from "../src/panels/order";
import { meansOf, type Sheet, sheetOf, valueAt } from "../src/panels/sheet";
import { CODE_NAN, CODE_POSITIVE_INFINITY, CODE_ZERO, type Layer } from "../src/protocol.gen";
import { LSTM, type Planned, step } from "./frames";

const TIMES = 12;
const UNITS = 9;
const LAYER: Layer = { ...LSTM, lengths: [TIMES] };

/** A plane from a function of time and unit, (time, 1, unit). */
function plane(name: string, code: (time: number, unit: number) => number, changes: Partial<Planned> = {}): Planned {
  const values = Array.from({ length: TIMES * UNITS }, (_, index) => code(Math.floor(index / UNITS), index % UNITS));
  return { name, shape: [TIMES, 1, UNITS], values, ...changes };
}

function sheetFrom(layer: Layer, name: string, ...planes: Planned[]): readonly [StepFrame, Sheet] {
  const [frame] = readFrames(step(0, { layers: [layer] }, planes)) as Iterable<StepFrame>;
  const sheet = sheetOf(frame as StepFrame, layer, name, 0);
  if (!sheet) throw new Error(`there is no ${name}`);
  return [frame as StepFrame, sheet];
}

function ordered(order: Order, layer: Layer, name: string, ...planes: Planned[]): number[] {
  const [frame, sheet] = sheetFrom(layer, name, ...planes);
  return [...orderOf(frame, layer, sheet, order)];
}

const byIndex = [0, 1, 2, 3, 4, 5, 6, 7, 8];

test("units stand by index, or by mean from the largest to the smallest, ties by index", () => {
  const f = plane("f", (_, unit) => [10, 80, 80, 30, 20, 70, 90, 0, 50][unit] ?? 0);
  expect(ordered("index", LAYER, "f", f)).toEqual(byIndex);
  expect(ordered("mean", LAYER, "f", f)).toEqual([6, 1, 2, 5, 8, 3, 4, 0, 7]);
});

test("variance puts first what changes most, whatever its mean", () => {
  const f = plane("f", (time, unit) => 100 + (time % 2 === 0 ? 1 : -1) * ((unit * 4) % UNITS) + unit);
  const spread = byIndex.map((unit) => (unit * 4) % UNITS);
  expect(ordered("variance", LAYER, "f", f)).toEqual([...byIndex].sort((a, b) => (spread[b] ?? 0) - (spread[a] ?? 0)));
});

test("saturation counts gates below 0.1 or above 0.9, tanh values beyond 0.9, cell states by their tanh", () => {
  const share = (unit: number, time: number, edge: number, middle: number) => (time < unit ? edge : middle);
  const falling = [...byIndex].reverse();
  for (const edge of [25, 227])
    expect(
      ordered(
        "saturation",
        LAYER,
        "f",
        plane("f", (t, u) => share(u, t, edge, 126)),
      ),
    ).toEqual(falling);
  for (const middle of [26, 226])
    expect(
      ordered(
        "saturation",
        LAYER,
        "f",
        plane("f", (t, u) => share(u, t, middle, 126)),
      ),
    ).toEqual(byIndex);
  const symmetric = (name: string, high: number) =>
    plane(name, (t, u) => share(u, t, 126 + 100, 126), { encoding: "symmetric", high });
  expect(ordered("saturation", LAYER, "g", symmetric("g", 1))).toEqual(byIndex);
  expect(ordered("saturation", LAYER, "g", symmetric("g", 1.2))).toEqual(falling);
  expect(ordered("saturation", LAYER, "c", symmetric("c", 1.2))).toEqual(byIndex);
  expect(ordered("saturation", LAYER, "c", symmetric("c", 3))).toEqual(falling);
});

test("gradient orders any quantity by the size of the gradient of its units, and is offered only where there is one", () => {
  const f = plane("f", () => 9);
  const dh = plane("dh", (time, unit) => CODE_ZERO + (time % 2 === 0 ? unit : -unit), { encoding: "signed_log" });
  expect(ordered("gradient", LAYER, "f", f, dh)).toEqual([...byIndex].reverse());
  const offered = (name: string, ...planes: Planned[]) => {
    const [frame, sheet] = sheetFrom(LAYER, name, ...planes);
    return ordersFor(frame, LAYER, sheet);
  };
  expect(offered("f", f, dh)).toEqual(["index", "mean", "variance", "saturation", "similarity", "gradient"]);
  expect(offered("f", f)).toEqual(["index", "mean", "variance", "saturation", "similarity"]);
  expect(offered("dh", f, dh)).toEqual(["index", "mean", "variance", "similarity", "gradient"]);
  expect(ordered("gradient", LAYER, "f", f)).toEqual(byIndex);
});

test("similarity makes neighbors of units that do the same at the same times", () => {
  const kinds = [
    (time: number) => (time < 6 ? 200 : 20),
    (time: number) => (time % 2 === 0 ? 200 : 20),
    (time: number) => (time < 6 ? 20 : 200),
  ];
  const f = plane("f", (time, unit) => (kinds[unit % 3]?.(time) ?? 0) + unit);
  const order = ordered("similarity", LAYER, "f", f);
  expect([...order].sort((a, b) => a - b)).toEqual(byIndex);
  const changes = order.slice(1).filter((unit, index) => unit % 3 !== (order[index] ?? 0) % 3).length;
  expect(changes).toBe(2);
  expect(ordered("similarity", LAYER, "f", f)).toEqual(order);
});

test("similarity stands by index where all units do the same", () => {
  expect(
    ordered(
      "similarity",
      LAYER,
      "f",
      plane("f", () => 100),
    ),
  ).toEqual(byIndex);
});

test("values that are no numbers are left out of means, and a unit of nothing else stands last", () => {
  const f = plane("f", (time, unit) => (unit === 3 ? CODE_NAN : time === 0 ? CODE_POSITIVE_INFINITY : 2 * unit));
  const [frame, sheet] = sheetFrom(LAYER, "f", f);
  const { times, units } = meansOf(frame, sheet);
  expect(units[4]).toBeCloseTo(8 / 252);
  expect(units[3]).toBeNaN();
  expect(times[0]).toBeNaN();
  expect(times[1]).toBeCloseTo((2 * (36 - 3)) / 8 / 252);
  for (const order of ["mean", "similarity"] as const) expect(ordered(order, LAYER, "f", f).length).toBe(UNITS);
  expect(ordered("mean", LAYER, "f", f).at(-1)).toBe(3);
});

test("nothing past the end of a sequence counts", () => {
  const layer = { ...LAYER, lengths: [2] };
  const f = plane("f", (time, unit) => (time < 2 ? unit : 252 - unit));
  expect(ordered("mean", layer, "f", f)).toEqual([...byIndex].reverse());
  const [, sheet] = sheetFrom(layer, "f", f);
  expect([valueAt(sheet, 1, 5), valueAt(sheet, 2, 5), valueAt(sheet, -1, 5)]).toEqual([
    expect.closeTo(5 / 252),
    null,
    null,
  ]);
});
