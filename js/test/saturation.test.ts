import { beforeEach, describe, expect, test } from "vitest";
import { type Cursor, resolve as resolveCursor, START } from "../src/cursor";
import * as panel from "../src/panels/saturation";
import { CODE_NAN } from "../src/protocol.gen";
import { Store } from "../src/store";
import { ENGLISH } from "../src/strings";
import { delta, GATES, LSTM, type Planned, step } from "./frames";
import { frameOf, PLAIN, valuesOf } from "./scenery";

let store: Store;

beforeEach(() => {
  store = new Store(() => 0);
});

const place = (changes: Partial<Cursor> = {}) => resolveCursor({ ...START, ...changes }, store);
const scene = (changes: Partial<Cursor> = {}, width = 600) => panel.resolve(store, place(changes), width, ENGLISH);

describe("the saturation scene", () => {
  // (time 4, sample 2, unit 3); the second sample ends after 2 times, so that 6 values of each unit count.
  const codes: Record<number, readonly number[]> = {
    0: [227, 227, 227, 226, 25, 26],
    1: [252, 252, 252, 252, 252, 252],
    2: [0, 25, 25, 26, CODE_NAN, 126],
  };
  const f: Planned = {
    name: "f",
    shape: [4, 2, 3],
    values: Array.from({ length: 24 }, (_, index) => {
      const [time, sample, unit] = [Math.floor(index / 6), Math.floor(index / 3) % 2, index % 3];
      return sample === 1 && time > 1 ? 252 : (codes[unit]?.[sample === 0 ? time : 4 + time] as number);
    }),
  };
  const layer = { ...LSTM, lengths: [4, 2] };
  const rest = GATES.filter(({ name }) => name === "h");

  test("waits in words, and says where nothing can saturate", () => {
    expect(scene()).toMatchObject({ message: "Waiting for the first training step\u2026", squares: [] });
    const relu = { ...LSTM, name: "rnn.l0", kind: "RNN_RELU" as const };
    store.applyDelta(delta(1), step(1, { layers: [relu] }, [{ ...(rest[0] as Planned), layer: "rnn.l0" }]));
    expect(scene().message).toBe("No gate of this layer can saturate.");
  });

  test("counts the times above 0.9 and below 0.1 over all samples, within their sequences, without what is no number", () => {
    store.applyDelta(delta(1), step(1, { samples: [0, 1], layers: [layer] }, [f, ...rest]));
    const [square] = scene().squares;
    expect([...(square?.shares.right ?? [])]).toEqual([3 / 6, 1, 0]);
    expect([...(square?.shares.left ?? [])]).toEqual([1 / 6, 0, 3 / 5]);
    expect(square?.labels.slice(-2).map(({ text }) => text)).toEqual(["open > 0.9: 50 %", "closed < 0.1: 26 %"]);
  });

  test("has a square for each gate, in the model's order, and agrees with the numbers themselves", () => {
    store.applyDelta(delta(1), frameOf(1));
    const { squares } = scene();
    expect(squares.map(({ gate }) => gate)).toEqual(["i", "f", "o"]);
    const truth = valuesOf(PLAIN)["o"] as Float64Array;
    const right = (unit: number) =>
      truth.filter((value, index) => index % PLAIN.units === unit && value > 0.9).length / PLAIN.times / PLAIN.samples;
    squares[2]?.shares.right.forEach((share, unit) => {
      expect(Math.abs(share - right(unit))).toBeLessThan(0.05);
    });
  });

  test("shows the tanh of a layer without gates, by its two ends", () => {
    store.applyDelta(delta(1), frameOf(1, { kind: "RNN_TANH" }));
    expect(scene().squares.map(({ gate }) => gate)).toEqual(["h"]);
    expect(scene().squares[0]?.labels.at(-1)?.text).toMatch(/^closed < −0.9: \d+ %$/);
  });

  test("marks the selected unit, and names the unit under the pointer", () => {
    store.applyDelta(delta(1), step(1, { samples: [0, 1], layers: [layer] }, [f, ...rest]));
    const found = scene({ unit: 2 });
    const square = found.squares[0] as panel.Square;
    expect(square.selected).toBe(2);
    expect(scene().squares[0]?.selected).toBeNull();
    const { x, y, width, height } = square.box;
    expect(panel.dotAt(found, x + 0.5 * width + 3, y + (5 / 6) * height)).toEqual({ square, unit: 0 });
    expect(panel.dotAt(found, x + width, y + height)).toEqual({ square, unit: 1 });
    expect(panel.dotAt(found, x + 0.75 * width, y)).toBeNull();
    expect(panel.describe(square, 2, ENGLISH)).toEqual(["unit 2", "forget gate f", "open: 0 %", "closed: 60 %"]);
  });

  test.each([320, 420, 600, 1200])("stays within %d pixels", (width) => {
    store.applyDelta(delta(1), frameOf(1));
    for (const { box } of scene({}, width).squares) {
      expect(box.x + box.width).toBeLessThanOrEqual(width);
      expect(box.width).toBe(box.height);
      expect(box.width).toBeGreaterThan(60);
    }
  });
});
