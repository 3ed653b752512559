import { expect, test } from "vitest";
import { grouped, percent, power, shortened, textWidth, tick, value } from "../src/format";

test.each([
  [0, "0"],
  [999, "999"],
  [1240, "1\u202f240"],
  [1234567, "1\u202f234\u202f567"],
])("grouped(%d) parts thousands", (count, text) => {
  expect(grouped(count)).toBe(text);
});

test.each([
  [0, "10\u2070"],
  [-3, "10\u207b\u00b3"],
  [12, "10\u00b9\u00b2"],
])("power(%d) raises the exponent", (exponent, text) => {
  expect(power(exponent)).toBe(text);
});

test.each([
  [3.4123, "3.41"],
  [0.5, "0.5"],
  [-0.25, "\u22120.25"],
  [1234.5, "1\u202f235"],
  [0, "0"],
  [0.00123, "0.00123"],
  [0.000123, "1.23\u00d710\u207b\u2074"],
  [123456, "1.23\u00d710\u2075"],
  [Number.NaN, "NaN"],
  [Number.NEGATIVE_INFINITY, "\u2212\u221e"],
])("value(%d) has three significant digits", (number, text) => {
  expect(value(number)).toBe(text);
});

test.each([
  [0, "0"],
  [0.1, "0.1"],
  [1500, "1\u202f500"],
  [-2, "\u22122"],
  [0.0002, "2\u00d710\u207b\u2074"],
])("tick(%d) is written as it is", (number, text) => {
  expect(tick(number)).toBe(text);
});

test("a percentage has one decimal", () => {
  expect(percent(0.0231)).toBe("2.3 %");
});

test("East Asian characters are square, others narrower", () => {
  expect(textWidth("\u4e2d\u6587", 10)).toBe(20);
  expect(textWidth("ill", 10)).toBeLessThan(textWidth("mmm", 10));
});

test("shortened keeps what fits and marks what it cuts", () => {
  expect(shortened("gate", 11, 100)).toBe("gate");
  const cut = shortened("recommendations", 11, 50);
  expect(cut).toMatch(/^recom.*\u2026$/);
  expect(textWidth(cut, 11)).toBeLessThanOrEqual(50);
  expect(shortened("\u{1f600}\u{1f600}", 11, 5)).toBe("\u{1f600}\u2026");
});
