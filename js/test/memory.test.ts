import { describe, expect, test } from "vitest";
import { insertion, thin } from "../src/held";
import { Store } from "../src/store";
import { delta, step } from "./frames";

describe("memory", () => {
  const size = step(0).length;

  test("stays within the cap, the first and the latest steps are held, what was thinned is counted", () => {
    const store = new Store(() => 0, 20.5 * size);
    for (let index = 1; index <= 200; index++) store.applyDelta(delta(index), step(index));
    expect(store.held).toBeLessThanOrEqual(20.5 * size);
    expect(store.held).toBeGreaterThan(15 * size);
    expect(store.steps[0]).toBe(1);
    expect(store.steps.slice(-8)).toEqual([193, 194, 195, 196, 197, 198, 199, 200]);
    expect(store.thinned).toBe(200 - store.steps.length);
  });

  test("is given up where steps are crowded in their logarithm", () => {
    const steps = [0, 1, 2, 4, 8, 16, 32, 64, 65, 66, 67, 128, 129, 130, 131, 132];
    const dropped = thin(
      steps,
      steps.map(() => 1),
      16 * (13 / 15),
    );
    expect(dropped.length).toBe(3);
    expect(dropped.every((one) => [64, 65, 66, 67].includes(one))).toBe(true);
  });

  test("takes from the recent steps, oldest first, when nothing older is left", () => {
    expect(thin([1, 2, 3, 4, 5], [100, 10, 10, 10, 10], 80)).toEqual([2, 3, 4]);
    expect(thin([1, 2], [50, 50], 10)).toEqual([]);
  });
});

test("insertion finds the first position that is not smaller", () => {
  expect([0, 1, 2, 5, 9].map((at) => insertion([1, 2, 5], at))).toEqual([0, 0, 1, 2, 3]);
});
