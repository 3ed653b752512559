import { describe, expect, test } from "vitest";
import { LEFT, RIGHT, sliderSpan } from "../src/panels/geometry";
import { band, bandAt, exponents, linear, log, ticks } from "../src/scale";

test("linear maps the ends of the domain to the ends of the range", () => {
  const scale = linear(2, 4, 100, 0);
  expect([2, 3, 4, 5].map(scale)).toEqual([100, 50, 0, -50]);
});

test("linear maps an empty domain to the middle of the range", () => {
  expect(linear(3, 3, 0, 10)(3)).toBe(5);
});

test("log maps equal ratios to equal distances", () => {
  const scale = log(0.01, 100, 0, 40);
  expect(scale(0.01)).toBeCloseTo(0);
  expect(scale(1)).toBeCloseTo(20);
  expect(scale(10)).toBeCloseTo(30);
});

test("band maps an index to the middle of its band, and bandAt back, held within the ends", () => {
  const center = band(4, 100, 140);
  expect([0, 1, 2, 3].map(center)).toEqual([105, 115, 125, 135]);
  expect([0, 1, 2, 3].map((index) => bandAt(4, 100, 140, center(index)))).toEqual([0, 1, 2, 3]);
  expect([bandAt(4, 100, 140, 0), bandAt(4, 100, 140, 999)]).toEqual([0, 3]);
});

describe("ticks", () => {
  test.each([
    [0, 10, 5, [0, 2, 4, 6, 8, 10]],
    [0, 1, 2, [0, 0.5, 1]],
    [2.1, 9.3, 4, [4, 6, 8]],
    [-1, 1, 4, [-1, -0.5, 0, 0.5, 1]],
    [0, 0.003, 3, [0, 0.001, 0.002, 0.003]],
    [1234, 5678, 3, [2000, 4000]],
  ])("of %d to %d, about %d, are round numbers inside", (low, high, count, wanted) => {
    expect(ticks(low, high, count)).toEqual(wanted);
  });

  test("of an empty or endless domain are its low end", () => {
    expect(ticks(3, 3, 5)).toEqual([3]);
    expect(ticks(0, Number.POSITIVE_INFINITY, 5)).toEqual([0]);
  });
});

test("exponents are whole, inside, and at most as many as asked for", () => {
  expect(exponents(-3.2, 0.5, 10)).toEqual([-3, -2, -1, 0]);
  expect(exponents(-12, 0, 4)).toEqual([-12, -8, -4, 0]);
  expect(exponents(0.2, 0.8, 4)).toEqual([]);
});

test.each([
  [1, 300],
  [7, 300],
  [35, 914],
  [1000, 380],
])("the thumb of the time slider stands over the middle of each of %d columns, %d pixels wide", (times, width) => {
  const thumb = 16;
  const slider = sliderSpan(width, times, thumb);
  const center = band(times, LEFT, width - RIGHT);
  for (const time of [0, Math.floor(times / 2), times - 1]) {
    const share = times > 1 ? time / (times - 1) : 0;
    expect(slider.left + thumb / 2 + share * (slider.width - thumb)).toBeCloseTo(center(time), 6);
  }
});
