import { expect, test } from "vitest";
import { fitted, isWhole, panned, revealing, rounded, zoomed } from "../src/panels/sight";

test("fitted keeps the size of a span and moves it inside, or shows all", () => {
  expect(fitted(undefined, 9)).toEqual({ from: 0, to: 9 });
  expect(fitted({ from: 7, to: 12 }, 9)).toEqual({ from: 4, to: 9 });
  expect(fitted({ from: -2, to: 2 }, 9)).toEqual({ from: 0, to: 4 });
  expect(fitted({ from: 3, to: 40 }, 9)).toEqual({ from: 0, to: 9 });
  expect(fitted({ from: 5, to: 5.1 }, 9)).toEqual({ from: 5, to: 7 });
  expect(fitted({ from: 0, to: 3 }, 1)).toEqual({ from: 0, to: 1 });
});

test("zoomed keeps in its place what is under the pointer", () => {
  const before = { from: 2, to: 12 };
  const after = zoomed(before, 100, 0.5, 0.3);
  expect(after.to - after.from).toBe(5);
  expect(after.from + 0.3 * 5).toBe(before.from + 0.3 * 10);
});

test("zoomed in and out again by the same factor ends where it began, and never shows more than there is", () => {
  const there = zoomed(zoomed({ from: 10, to: 30 }, 100, 0.25, 0.7), 100, 4, 0.7);
  expect([there.from, there.to]).toEqual([expect.closeTo(10), expect.closeTo(30)]);
  expect(zoomed({ from: 10, to: 30 }, 100, 99, 0.7)).toEqual({ from: 0, to: 100 });
  expect(zoomed({ from: 10, to: 30 }, 100, 1e-9, 0).to - 10).toBe(2);
});

test("panned moves by a share of what is shown, up to the ends", () => {
  expect(panned({ from: 10, to: 30 }, 100, 0.5)).toEqual({ from: 20, to: 40 });
  expect(panned({ from: 10, to: 30 }, 100, -2)).toEqual({ from: 0, to: 20 });
});

test("revealing moves by the least that shows an index", () => {
  const span = { from: 10, to: 20 };
  expect(revealing(span, 100, 15)).toBe(span);
  expect(revealing(span, 100, 19)).toBe(span);
  expect(revealing(span, 100, 20)).toEqual({ from: 11, to: 21 });
  expect(revealing(span, 100, 4)).toEqual({ from: 4, to: 14 });
});

test("rounded shows as many whole indices as a span is long, the nearest ones", () => {
  expect(rounded({ from: 1.4, to: 3.2 }, 9)).toEqual({ from: 1, to: 3 });
  expect(rounded({ from: 6.6, to: 9 }, 9)).toEqual({ from: 7, to: 9 });
  expect(rounded({ from: 0, to: 0 }, 0)).toEqual({ from: 0, to: 0 });
  expect(rounded({ from: 2, to: 4 }, 9)).toEqual({ from: 2, to: 4 });
});

test("everything is in sight where it shows everything", () => {
  expect(isWhole(null, 4, 5)).toBe(true);
  expect(isWhole({ time: { from: 0, to: 4 }, unit: { from: 0, to: 5 } }, 4, 5)).toBe(true);
  expect(isWhole({ time: { from: 0, to: 4 }, unit: { from: 1, to: 5 } }, 4, 5)).toBe(false);
});
