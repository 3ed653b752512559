import { describe, expect, test } from "vitest";
import { Hub, join as joinCursor, nearest, resolve, SharedCursor, START } from "../src/cursor";
import { Store } from "../src/store";
import { delta, LSTM, norms, step } from "./frames";

const GRU = { ...LSTM, name: "gru.l0", kind: "GRU" as const, lengths: [2, 6] };
const gruPlane = {
  layer: "gru.l0",
  name: "h",
  shape: [3, 1, 5],
  full: [6, 2, 10],
  stride: [2, 2, 2],
  values: Array(15).fill(0),
};

function filled(): Store {
  const store = new Store(() => 0);
  store.applyDelta(delta(1), step(10));
  store.applyDelta(delta(2), step(20, { samples: [3, 8], layers: [LSTM, GRU], tokens: [["a"], ["b"]] }, [gruPlane]));
  return store;
}

describe("resolve", () => {
  test("shows nothing in an empty store, and keeps following", () => {
    const place = resolve(START, new Store(() => 0));
    expect(place).toMatchObject({
      frame: null,
      step: -1,
      layer: null,
      gate: "",
      gates: [],
      times: 0,
      time: 0,
      following: true,
    });
  });

  test("shows the latest step, the first layer, the first gate and the first sample by default", () => {
    const store = new Store(() => 0);
    store.applyDelta(delta(1), step(10));
    const place = resolve(START, store);
    expect(place).toMatchObject({
      step: 10,
      position: 0,
      gate: "i",
      times: 4,
      units: 3,
      length: 4,
      sample: 0,
      unit: null,
    });
    expect(place.gates).toEqual(["i", "f", "g", "o", "c", "h", "dh", "dc"]);
    expect(place.layer?.name).toBe("lstm.l0");
  });

  test("takes the quantities of a cell written by hand from the frame, with their gradients, without norms", () => {
    const store = new Store(() => 0);
    const cell = { ...LSTM, name: "cell", kind: "TAP" as const };
    const planes = ["memory", "dmemory", "write"].map((name) => ({ ...gruPlane, layer: "cell", name }));
    store.applyDelta(
      delta(1),
      step(10, { layers: [cell] }, [...planes, { ...norms("dmemory", [1, 1, 1]), layer: "cell" }]),
    );
    expect(resolve(START, store)).toMatchObject({
      gates: ["memory", "dmemory", "write"],
      gate: "memory",
      times: 6,
      units: 10,
    });
    expect(resolve({ ...START, gate: "write" }, store).gate).toBe("write");
  });

  test("counts times and units as recorded, not as sent", () => {
    const place = resolve({ ...START, layer: "gru.l0", sample: 1 }, filled());
    expect(place).toMatchObject({ times: 6, units: 10, length: 6, sample: 1, gate: "r", tokens: ["b"] });
    expect(place.gates).toEqual(["r", "z", "n", "h", "dh"]);
    expect(resolve({ ...START, layer: "gru.l0" }, filled()).length).toBe(2);
  });

  test("counts the units of the gate looked at: a projected layer has fewer outputs than gates", () => {
    const store = new Store(() => 0);
    const gate = { ...gruPlane, name: "r", full: [6, 2, 14] };
    store.applyDelta(delta(1), step(1, { samples: [3, 8], layers: [GRU], tokens: null }, [gruPlane, gate]));
    expect(resolve({ ...START, gate: "r" }, store).units).toBe(14);
    expect(resolve({ ...START, gate: "h" }, store).units).toBe(10);
  });

  test("shows the nearest step to one that is not held", () => {
    const store = filled();
    expect(resolve({ ...START, step: 12 }, store)).toMatchObject({ step: 10, following: false });
    expect(resolve({ ...START, step: 18 }, store).step).toBe(20);
    expect(resolve({ ...START, step: 999 }, store).step).toBe(20);
  });

  test("keeps time, unit and sample within what is there", () => {
    const far = { ...START, layer: "gru.l0", time: 99, unit: 99, sample: 9 };
    expect(resolve(far, filled())).toMatchObject({ time: 5, unit: 9, sample: 1 });
    expect(resolve({ ...far, time: -3, unit: -1, sample: -1 }, filled())).toMatchObject({
      time: 0,
      unit: 0,
      sample: 0,
    });
  });

  test("shows the first layer and gate for names that are not there", () => {
    expect(resolve({ ...START, layer: "nowhere", gate: "z" }, filled())).toMatchObject({
      gate: "i",
      layer: { name: "lstm.l0" },
    });
  });
});

test("nearest is the latest for null, the earlier of two equally near, and -1 for nothing", () => {
  expect([null, 0, 4, 6, 99].map((at) => nearest([2, 6, 9], at))).toEqual([2, 0, 1, 1, 2]);
  expect(nearest([2, 6], 4)).toBe(1);
  expect(nearest([], null)).toBe(-1);
});

describe("a shared cursor", () => {
  test("tells its listeners of a move, and whether it has settled", () => {
    const cursor = new SharedCursor(START);
    const heard: boolean[] = [];
    cursor.subscribe((settled) => heard.push(settled));
    cursor.move({ time: 3 }, false);
    cursor.move({ time: 3 }, false);
    cursor.move({ time: 3 }, true);
    expect(cursor.value.time).toBe(3);
    expect(heard).toEqual([false, true]);
  });

  test("is one for all that join the same run, and none that join another", () => {
    const hub = new Hub();
    const one = joinCursor(hub, "a", START);
    const two = joinCursor(hub, "a", START);
    const other = joinCursor(hub, "b", START);
    one.cursor.move({ gate: "f" }, true);
    expect(two.cursor.value.gate).toBe("f");
    expect(other.cursor.value.gate).toBe("");
    for (const { leave } of [one, two, other]) leave();
  });

  test("goes where a later view asks, in the fields that it asks for", () => {
    const hub = new Hub();
    const one = joinCursor(hub, "a", { ...START, time: 5 });
    const two = joinCursor(hub, "a", { ...START, gate: "h" });
    expect(one.cursor.value).toEqual({ ...START, time: 5, gate: "h" });
    one.leave();
    two.leave();
  });

  test("is forgotten with its last user, however often one leaves", () => {
    const hub = new Hub();
    const one = joinCursor(hub, "a", START);
    const two = joinCursor(hub, "a", START);
    one.cursor.move({ time: 7 }, true);
    one.leave();
    one.leave();
    expect(joinCursor(hub, "a", START).cursor).toBe(two.cursor);
    two.leave();
    expect(hub.size).toBe(1);
  });
});
