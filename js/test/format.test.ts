import { expect, test } from "vitest";
import { dash, grouped, percent, plain, power, short, shortened, textWidth, tick, value } from "../src/format";
import { random } from "./scenery";

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
  [3.4123, 1e-6, "3.41", "3.412"],
  [3.4123, 0.002, "3.4", "3.4"],
  [3.4123, 0.2, "\u2013", ""],
  [0.004, 0.002, "\u2013", ""],
  [0.001, 0.002, "0.0", "0"],
  [-9.02e-6, 3.9e-9, "\u22129\u00d710\u207b\u2076", "-0.000009"],
  [25.3, 0.4, "3\u00d710\u00b9", "3e+1"],
  [12345, 0.01, "12\u202f345", "1.235e+4"],
  [0, 1e-5, "0.0000", "0"],
  [1e22, 0, "1\u00d710\u00b2\u00b2", "1e+22"],
])("%d known within %d has the digits that are known", (number, error, read, computed) => {
  expect(value(number, error)).toBe(read);
  expect(plain(number, error)).toBe(computed);
});

test("what is written is off by at most 0.6 of its last digit, whatever is known", () => {
  const next = random(3);
  for (let round = 0; round < 20_000; round++) {
    const known = (next() - 0.5) * 10 ** (16 * next() - 10);
    const error = 10 ** (14 * next() - 12);
    const recorded = known + (2 * next() - 1) * error;
    for (const text of [value(known, error), short(known, error)]) {
      if (text === dash) continue;
      const { number, unit } = parsed(text);
      expect(Math.abs(number - recorded), `${text} for ${recorded}`).toBeLessThanOrEqual(0.6 * unit * (1 + 1e-9));
    }
  }
});

/** A number as it was written, and the unit of its last digit. */
function parsed(text: string): { number: number; unit: number } {
  const raised = "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079";
  const [mantissa = "", exponent = "0"] = text
    .replaceAll("\u2212", "-")
    .replaceAll("\u202f", "")
    .replace("\u00d710", "e")
    .replace("\u207b", "-")
    .replace(/[\u2070\u00b9\u00b2\u00b3\u2074-\u2079]/g, (digit) => String(raised.indexOf(digit)))
    .split("e");
  const decimals = mantissa.split(".")[1]?.length ?? 0;
  return { number: Number(mantissa) * 10 ** Number(exponent), unit: 10 ** (Number(exponent) - decimals) };
}

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
