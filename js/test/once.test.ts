import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Once, onceAFrame } from "../src/view/once";

let waiting: Array<() => void>;
let paints: number;
let once: Once;

/** What has been asked of the next animation frame happens; how often was painted in it. */
function frame(): number {
  const before = paints;
  for (const call of waiting.splice(0)) call();
  return paints - before;
}

/** The reader does something; how often was painted meanwhile. */
function deed(): number {
  const before = paints;
  once.ask();
  once.now();
  return paints - before;
}

beforeEach(() => {
  [waiting, paints] = [[], 0];
  globalThis.requestAnimationFrame = (call) => waiting.push(() => call(0));
  globalThis.cancelAnimationFrame = () => {
    waiting = [];
  };
  once = onceAFrame(() => {
    paints += 1;
  });
});

afterEach(() => {
  Reflect.deleteProperty(globalThis, "requestAnimationFrame");
  Reflect.deleteProperty(globalThis, "cancelAnimationFrame");
});

describe("a paint", () => {
  test("of what arrives waits for the next frame, and is one, however much arrived", () => {
    for (let arrival = 0; arrival < 5; arrival++) once.ask();
    expect(paints).toBe(0);
    expect([frame(), frame()]).toEqual([1, 0]);
  });

  test("of what the reader does is done at once, and not again with the frame", () => {
    expect([deed(), waiting.length]).toEqual([1, 1]);
    expect([frame(), waiting.length]).toEqual([0, 0]);
  });

  test("takes up with what the reader does what arrived before it", () => {
    once.ask();
    expect([deed(), frame()]).toEqual([1, 0]);
  });

  test("is one a frame in a drag whose moves come one a frame, and none of them waits", () => {
    for (let move = 0; move < 10; move++) expect([deed(), frame()]).toEqual([1, 0]);
  });

  test("is one a frame while moves come faster than frames", () => {
    expect([deed(), deed(), deed(), frame()]).toEqual([1, 0, 0, 1]);
    for (let move = 0; move < 10; move++) expect([deed(), deed(), frame()]).toEqual([0, 0, 1]);
    expect([deed(), frame()]).toEqual([0, 1]);
    expect([deed(), frame(), waiting.length]).toEqual([1, 0, 0]);
  });

  test("of what arrives after a move waits for the frame, and holds up no move of the next", () => {
    expect(deed()).toBe(1);
    once.ask();
    expect([frame(), deed(), frame()]).toEqual([1, 1, 0]);
  });

  test("is not made where nothing was asked for, or after the end", () => {
    once.now();
    expect(paints).toBe(0);
    once.ask();
    once.stop();
    expect([frame(), waiting.length]).toEqual([0, 0]);
  });
});
