import { beforeEach, describe, expect, test } from "vitest";
import { type Row, row } from "../src/series";
import { Store } from "../src/store";
import { curves, delta, GATES, join, meta, norms, step } from "./frames";

let store: Store;
let now = 0;

beforeEach(() => {
  now = 0;
  store = new Store(() => now);
});

function rowOf(name: string, which: Row): number[] {
  const series = store.series.get(name);
  return series ? [...row(series, which)] : [];
}

describe("deltas", () => {
  test("apply in order: steps, status, sequence number", () => {
    store.applyDelta(delta(1), step(0));
    store.applyDelta(delta(2), step(7));
    expect(store.steps).toEqual([0, 7]);
    expect(store.seq).toBe(2);
    expect(store.status?.step).toBe(2);
    expect(store.gaps).toEqual([]);
    expect(store.frame(7)?.header.step).toBe(7);
    expect(store.frame(3)).toBeUndefined();
  });

  test("are taken once", () => {
    store.applyDelta(delta(1), step(0, { scalars: { loss: 1 } }));
    store.applyDelta(delta(1), step(0, { scalars: { loss: 2 } }));
    expect(store.frame(0)?.header.scalars).toEqual({ loss: 1 });
  });

  test("replace a step that they hold again, since scalars may have been added", () => {
    store.applyDelta(delta(1), step(0));
    store.applyDelta(delta(2), step(0, { scalars: { loss: 2 } }));
    expect(store.steps).toEqual([0]);
    expect(store.frame(0)?.header.scalars).toEqual({ loss: 2 });
    expect(store.held).toBe(step(0, { scalars: { loss: 2 } }).length);
  });

  test("may bring a status alone", () => {
    store.applyDelta(delta(1, { status: { ...delta(1).status, state: "paused" } }), curves({}));
    expect(store.status?.state).toBe("paused");
    expect(store.steps).toEqual([]);
  });

  test("that bring nothing have lost what they brought", () => {
    store.applyDelta(delta(1), new Uint8Array(0));
    expect([store.seq, store.damaged, store.steps]).toEqual([1, 1, []]);
    store.applySnapshot(meta(1), new Uint8Array(0));
    expect(store.damaged).toBe(2);
    store.applySnapshot(meta(1), step(3));
    expect([store.damaged, store.steps]).toEqual([0, [3]]);
  });

  test("that are missing leave a gap, behind the last step held", () => {
    store.applyDelta(delta(1), step(4));
    store.applyDelta(delta(4), step(9));
    expect(store.gaps).toEqual([{ from: 2, to: 3, after: 4 }]);
  });

  test("that come late fill their part of the gap with their step, and change neither status nor curves", () => {
    store.applyDelta(delta(1), step(1));
    store.applyDelta(
      delta(5),
      join(
        curves({
          loss: [
            [1, 1],
            [5, 5],
          ],
        }),
        step(5),
      ),
    );
    store.applyDelta(delta(3), join(curves({ loss: [[1, 9]] }), step(3)));
    expect(store.gaps).toEqual([
      { from: 2, to: 2, after: 1 },
      { from: 4, to: 4, after: 1 },
    ]);
    expect(store.steps).toEqual([1, 3, 5]);
    expect(store.seq).toBe(5);
    expect(store.status?.step).toBe(5);
    expect(rowOf("loss", "mean")).toEqual([1, 5]);
  });

  test("of another run empty the store first", () => {
    store.applyDelta(delta(1), join(curves({ loss: [[1, 1]] }), step(1)));
    store.applyDelta(delta(1, { run: "other" }), step(3));
    expect(store.run).toBe("other");
    expect(store.steps).toEqual([3]);
    expect(store.series.size).toBe(0);
    expect(store.held).toBe(step(3).length);
  });

  test("of another protocol are refused and told, and change nothing else", () => {
    store.applyDelta(delta(1), step(1));
    store.applyDelta(delta(2, { version: 9, run: "other" }), step(2));
    expect(store.foreign).toBe(9);
    expect(store.run).toBe("run");
    expect(store.steps).toEqual([1]);
  });

  test("that are damaged keep what is sound before the damage, and are counted", () => {
    store.applyDelta(delta(1), join(step(1), step(2).slice(0, 50)));
    expect(store.steps).toEqual([1]);
    expect(store.damaged).toBe(1);
  });
});

describe("a snapshot", () => {
  test("stands for every delta up to its number", () => {
    store.applySnapshot(meta(5), join(curves({ loss: [[0, 3]] }), step(0), step(4)));
    store.applyDelta(delta(5), step(3));
    expect(store.steps).toEqual([0, 4]);
    store.applyDelta(delta(6), step(5));
    expect(store.steps).toEqual([0, 4, 5]);
    expect(store.gaps).toEqual([]);
  });

  test("heals the gaps that it covers, and those in part that it covers in part", () => {
    store.applyDelta(delta(1), step(1));
    store.applyDelta(delta(4), step(4));
    store.applyDelta(delta(9), step(9));
    store.applySnapshot(meta(6), join(curves({}), step(2), step(6)));
    expect(store.gaps).toEqual([{ from: 7, to: 8, after: 4 }]);
    expect(store.steps).toEqual([1, 2, 4, 6, 9]);
    store.applySnapshot(meta(9), curves({}));
    expect(store.gaps).toEqual([]);
  });

  test("older than the deltas here leaves status and newer curves as they are", () => {
    store.applyDelta(delta(1), curves({ loss: [[0, 1]] }));
    store.applyDelta(
      delta(3),
      curves({
        loss: [
          [2, 20],
          [3, 30],
        ],
      }),
    );
    store.applySnapshot(
      meta(2),
      curves({
        loss: [
          [0, 1],
          [1, 10],
          [2, 20],
        ],
      }),
    );
    expect(store.status?.step).toBe(3);
    expect(rowOf("loss", "first")).toEqual([0, 1, 2, 3]);
    expect(rowOf("loss", "mean")).toEqual([1, 10, 20, 30]);
  });

  test("does not replace a step that is held in more detail, but one that has the same detail", () => {
    const reduced = [{ name: "h", shape: [1, 1, 1], full: [4, 1, 3], stride: [4, 1, 3], values: [0] }];
    store.applyDelta(delta(1), step(1));
    store.applyDelta(delta(2), step(2, {}, reduced));
    store.applySnapshot(meta(2), join(step(1, {}, reduced), step(2, { scalars: { loss: 7 } }, reduced)));
    expect(store.frame(1)?.header.planes.length).toBe(2 * GATES.length);
    expect(store.frame(2)?.header.scalars).toEqual({ loss: 7 });
  });

  test("that is damaged heals nothing", () => {
    store.applyDelta(delta(2), step(2));
    store.applySnapshot(meta(2), step(1).slice(0, 40));
    expect(store.gaps).toEqual([{ from: 1, to: 1, after: -1 }]);
    expect(store.damaged).toBe(1);
    store.applySnapshot(meta(2), step(1));
    expect([store.gaps, store.damaged]).toEqual([[], 0]);
  });

  test("and deltas give the same steps and curves in any order", () => {
    const snapshot = join(
      curves({
        loss: [
          [0, 0],
          [1, 1],
          [2, 2],
        ],
      }),
      step(0),
      step(1),
      step(2),
    );
    const actions = [
      () => store.applySnapshot(meta(3), snapshot),
      () => store.applyDelta(delta(3), join(curves({ loss: [[2, 2]] }), step(2))),
      () => store.applyDelta(delta(4), join(curves({ loss: [[3, 3]] }), step(3))),
      () => store.applyDelta(delta(5), join(curves({ loss: [[4, 4]] }), step(4))),
    ];
    for (const order of permutations(actions)) {
      store = new Store(() => now);
      for (const act of order) act();
      expect(store.steps).toEqual([0, 1, 2, 3, 4]);
      expect(store.seq).toBe(5);
      expect(store.gaps).toEqual([]);
      expect(rowOf("loss", "mean").at(-1)).toBe(4);
    }
  });
});

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, index) => permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]));
}

describe("curves", () => {
  test("replace every bin of their series from their own first step on, and no other series", () => {
    store.applyDelta(
      delta(1),
      curves({
        loss: [
          [0, 1],
          [1, 2],
          [2, 3],
        ],
        lr: [[0, 5]],
      }),
    );
    store.applyDelta(
      delta(2),
      curves({
        loss: [
          [2, 30],
          [3, 40],
        ],
      }),
    );
    expect(rowOf("loss", "first")).toEqual([0, 1, 2, 3]);
    expect(rowOf("loss", "mean")).toEqual([1, 2, 30, 40]);
    expect(rowOf("loss", "count")).toEqual([1, 1, 1, 1]);
    expect(rowOf("lr", "mean")).toEqual([5]);
  });

  test("keep NaN and infinities", () => {
    store.applyDelta(
      delta(1),
      curves({
        loss: [
          [0, Number.NaN],
          [1, Number.POSITIVE_INFINITY],
        ],
      }),
    );
    expect(rowOf("loss", "mean")).toEqual([Number.NaN, Number.POSITIVE_INFINITY]);
  });
});

test("the scale of a quantity is the largest of the run, also of frames given up", () => {
  const plane = { name: "dh", shape: [1, 1, 1], encoding: "signed_log" as const, values: [0] };
  store.applyDelta(delta(1), step(1, {}, [{ ...plane, high: 8 }]));
  store.applyDelta(delta(2), step(2, {}, [{ ...plane, high: 2 }]));
  expect(store.high("lstm.l0", "dh")).toBe(8);
  expect(store.high("lstm.l0", "dc")).toBe(0);
});

test("listeners hear of every change until they stop, and when it came", () => {
  let heard = 0;
  const stop = store.subscribe(() => {
    heard += 1;
  });
  now = 12;
  store.applyDelta(delta(1), step(1));
  store.applySnapshot(meta(1), step(1));
  stop();
  store.applyDelta(delta(2), step(2, {}, [norms("dh", [1])]));
  expect(heard).toBe(2);
  expect([store.changes, store.arrived]).toEqual([3, 12]);
});
