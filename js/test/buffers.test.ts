/**
 * Bytes in every form in which a host may hand them over, of this page or of another frame of it: they are read as the
 * same numbers, or the view says in a sentence that something is damaged. Nothing throws.
 */

import { readFileSync } from "node:fs";
import { createContext, runInContext } from "node:vm";
import { afterEach, describe, expect, test, vi } from "vitest";
import { resolve, START } from "../src/cursor";
import { type Bytes, codesOf, floatsOf, readFrames, toBytes } from "../src/frame";
import { resolve as resolveStatus } from "../src/panels/status";
import { Store } from "../src/store";
import { ENGLISH } from "../src/strings";
import { delta, meta, step } from "./frames";

const bytes: Bytes = new Uint8Array(readFileSync(new URL("../../tests/golden/frames.bin", import.meta.url)));
const COUNT = 7;

/** Everything that the frames say: headers, and the numbers of each plane. */
function contents(source: Bytes): unknown[] {
  return [...readFrames(source)].map((frame) => ({
    header: frame.header,
    planes: frame.header.planes.map((plane) => [...(plane.dtype === "u1" ? codesOf : floatsOf)(frame, plane)]),
  }));
}

const wanted = contents(bytes);

/** A memory larger than the bytes, which begin at `offset` in it. */
function within(offset: number): ArrayBuffer {
  const memory = new Uint8Array(bytes.length + offset + 24).fill(82);
  memory.set(bytes, offset);
  return memory.buffer;
}

/** What an expression over `memory` is in another realm, whose classes are not those of this one. */
function elsewhere(expression: string): unknown {
  const realm = createContext({ numbers: [...bytes], count: bytes.length });
  return runInContext(`const memory = Uint8Array.from([1, 2, 3, ...numbers, 4]).buffer; ${expression}`, realm);
}

const pooled = Buffer.from(within(13), 13, bytes.length);
const shared = new SharedArrayBuffer(bytes.length);
new Uint8Array(shared).set(bytes);

const READ: ReadonlyArray<readonly [string, unknown]> = [
  ["an ArrayBuffer", bytes.slice().buffer],
  ["a SharedArrayBuffer", shared],
  ["a Uint8Array", bytes],
  ["a Uint8ClampedArray", new Uint8ClampedArray(bytes)],
  ["an Int8Array", new Int8Array(bytes.slice().buffer)],
  ["a Float64Array", new Float64Array(bytes.slice().buffer)],
  ["a DataView", new DataView(bytes.slice().buffer)],
  ...[1, 2, 3, 5, 7, 8].flatMap(
    (offset): Array<readonly [string, unknown]> => [
      [`a DataView at offset ${offset}`, new DataView(within(offset), offset, bytes.length)],
      [`a Uint8Array at offset ${offset}`, new Uint8Array(within(offset), offset, bytes.length)],
    ],
  ),
  ["a Node Buffer within a pool that others share", pooled],
  ["an ArrayBuffer of another frame", elsewhere("memory.slice(3, 3 + count)")],
  [
    "a SharedArrayBuffer of another frame",
    elsewhere("const own = new SharedArrayBuffer(count); new Uint8Array(own).set(numbers); own"),
  ],
  ["a DataView of another frame", elsewhere("new DataView(memory, 3, count)")],
  ["a Uint8Array of another frame", elsewhere("new Uint8Array(memory, 3, count)")],
  ["a list of numbers, as VS Code's messages have it", [...bytes]],
  ["a list of numbers of another frame", elsewhere("numbers")],
  ["a table of numbers, as JSON makes of a Uint8Array", JSON.parse(JSON.stringify(bytes))],
];

const base64 = Buffer.from(bytes).toString("base64");

const LOST: ReadonlyArray<readonly [string, unknown]> = [
  ["null", null],
  ["undefined", undefined],
  ["an empty object, as JSON makes of a DataView", JSON.parse(JSON.stringify(new DataView(bytes.slice().buffer)))],
  ["an object that JSON made of a Node Buffer", JSON.parse(JSON.stringify(pooled))],
  ["an object of its buffer, its offset and its length", { buffer: {}, byteOffset: 0, byteLength: bytes.length }],
  ["base64", base64],
  ["an empty string", ""],
  ["an empty list", []],
  ["an empty ArrayBuffer", new ArrayBuffer(0)],
  ["a view of nothing", new DataView(within(0), 8, 0)],
  ["a buffer that was given away", givenAway((own) => own)],
  ["a view of a buffer that was given away", givenAway((own) => new DataView(own))],
  ["a pool without the place in it", pooled.buffer],
  ["half of a buffer", bytes.slice(0, bytes.length / 2)],
  ["a number", 7],
  ["true", true],
];

function givenAway(make: (own: ArrayBuffer) => unknown): unknown {
  const own = bytes.slice().buffer;
  const made = make(own);
  structuredClone(own, { transfer: [own] });
  return made;
}

const noteOf = (store: Store) => resolveStatus(store, resolve(START, store), ENGLISH);

afterEach(() => {
  vi.unstubAllGlobals();
});

describe.each(READ)("from %s", (_, source) => {
  test("the numbers are those that Python wrote", () => {
    expect(wanted.length).toBe(COUNT);
    expect(contents(toBytes(source))).toEqual(wanted);
  });

  test("a snapshot and a message are taken whole", () => {
    for (const take of ["applySnapshot", "applyDelta"] as const) {
      const store = new Store(() => 0);
      store[take]({ ...meta(1), kind: "delta" }, toBytes(source));
      expect([store.damaged, store.seq, store.gaps]).toEqual([0, 1, []]);
      expect(store.steps.length).toBeGreaterThan(0);
    }
  });
});

describe.each(LOST)("of %s", (_, source) => {
  test.each(["applySnapshot", "applyDelta"] as const)("it is said that a message is damaged: %s", (take) => {
    const store = new Store(() => 0);
    store[take]({ ...meta(1), kind: "delta" }, toBytes(source));
    expect(store.damaged).toBe(1);
    expect(noteOf(store)).toMatchObject({ state: "gap", notes: [ENGLISH.damaged("1")] });
    expect(noteOf(store).facts.join("")).not.toBe("");
  });

  test("what is already here stays, and the next snapshot heals it", () => {
    const store = new Store(() => 0);
    store.applyDelta(delta(1), step(1));
    store.applyDelta(delta(2), toBytes(source));
    expect(store.steps).toContain(1);
    expect(noteOf(store).state).toBe("gap");
    store.applySnapshot(meta(2), step(2));
    expect(store.steps).toEqual(expect.arrayContaining([1, 2]));
    expect(noteOf(store)).toMatchObject({ state: "live", notes: [] });
  });
});

test("a page that has no SharedArrayBuffer, since it is not isolated, reads as any other", () => {
  vi.stubGlobal("SharedArrayBuffer", undefined);
  expect(contents(toBytes(new DataView(within(5), 5, bytes.length)))).toEqual(wanted);
});
