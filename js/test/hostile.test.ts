/** Frames that Python wrote, mutated at random with sound checksums: a store counts what is damaged and never throws. */

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { resolve, START } from "../src/cursor";
import { type Bytes, FrameError, readFrames } from "../src/frame";
import { resolve as resolveStatus } from "../src/panels/status";
import { Store } from "../src/store";
import { ENGLISH } from "../src/strings";
import { delta, meta, step } from "./frames";
import { mutated, random, split } from "./mutations";

const bytes: Bytes = new Uint8Array(readFileSync(new URL("../../tests/golden/frames.bin", import.meta.url)));
const golden = split(bytes);

const COUNT = 600;

function read(bytes: Bytes): number {
  return [...readFrames(bytes)].length;
}

describe("a store that is fed mutated frames", () => {
  const draw = random(1);
  test.each(["bytes", "header", "cut"] as const)("never throws, and tells of what it could not read: %s", (kind) => {
    const store = new Store(() => 0);
    for (let index = 1; index <= COUNT; index++) {
      const frame = mutated(golden[index % golden.length] as Bytes, kind, draw);
      if (draw() < 0.5) store.applyDelta(delta(index), frame);
      else store.applySnapshot(meta(index), frame);
      const place = resolve({ ...START, step: Math.floor(draw() * 20), time: 3, unit: 2 }, store);
      const { word, notes } = resolveStatus(store, place, ENGLISH);
      expect(word).not.toBe("");
      if (store.damaged > 0) expect(notes.join()).toContain("damaged");
    }
    expect(store.damaged).toBeGreaterThan(0);
  });

  test("is told in one sentence each time what was expected and found", () => {
    for (let index = 0; index < COUNT; index++) {
      try {
        read(mutated(golden[index % golden.length] as Bytes, "header", draw));
      } catch (error) {
        expect(error).toBeInstanceOf(FrameError);
        expect(String(error)).toMatch(/Expected .+, found .+: the bytes are damaged or cut short\./s);
      }
    }
  });
});

describe("messages", () => {
  test("of no sound shape are counted as damaged and change nothing else", () => {
    const store = new Store(() => 0);
    store.applyDelta(delta(1), step(1));
    const wrong = [
      { seq: -1 },
      { seq: "2" },
      { run: 7 },
      { status: null },
      { status: { state: "odd" } },
      { seq: 1e300 },
    ];
    for (const change of wrong) store.applyDelta({ ...delta(2), ...change } as ReturnType<typeof delta>, step(2));
    expect([store.damaged, store.seq, store.steps]).toEqual([wrong.length, 1, [1]]);
  });

  test("in any order, doubled or lost end in the same state as the whole run, or in a gap that is told", () => {
    const draw = random(2);
    for (let round = 0; round < 60; round++) {
      const store = new Store(() => 0);
      const order = Array.from({ length: 12 }, (_, index) => index + 1).sort(() => draw() - 0.5);
      const sent = order.filter(() => draw() < 0.8).flatMap((seq) => (draw() < 0.3 ? [seq, seq] : [seq]));
      for (const seq of sent) store.applyDelta(delta(seq), step(seq));
      const last = Math.max(0, ...sent);
      const missing = store.gaps.flatMap(({ from, to }) =>
        Array.from({ length: to - from + 1 }, (_, index) => from + index),
      );
      expect([...new Set([...store.steps, ...missing])].sort((a, b) => a - b)).toEqual(
        Array.from({ length: last }, (_, index) => index + 1),
      );
      store.applySnapshot(meta(12), step(12));
      expect(store.gaps).toEqual([]);
    }
  });
});

test("golden frames are read as they are", () => {
  expect(golden.map((frame) => read(frame)).reduce((sum, count) => sum + count, 0)).toBe(read(bytes));
});
