import { describe, expect, test } from "vitest";
import { codesOf, decoded, type Frame, readFrames, type StepFrame } from "../src/frame";
import { coded, difference } from "../src/panels/difference";
import type { Encoding } from "../src/protocol.gen";
import { type Planned, step } from "./frames";

const frame = (...planes: readonly Planned[]) => [...readFrames(step(0, {}, planes))][0] as Frame as StepFrame;
const plane = (values: readonly number[], encoding: Encoding = "unit", high = 1): Planned => ({
  ...{ name: "f", shape: [values.length, 1, 1], values, encoding, high },
});
const SAME = ["lstm.l0", "lstm.l0"] as const;
const values = (found: StepFrame | null) => {
  const [only] = found?.header.planes ?? [];
  return only && found ? [...codesOf(found, only)].map((code) => decoded(code, only)) : null;
};

describe("the difference of two frames", () => {
  test("of gates is around zero, its largest value at the end of the scale", () => {
    const found = difference(frame(plane([252, 126, 0])), frame(plane([0, 126, 126])), SAME, "f");
    expect(found?.header.planes[0]).toMatchObject({ encoding: "symmetric", high: 1 });
    expect(values(found)).toEqual([1, 0, -0.5]);
  });

  test("of states that were coded to different ends is that of the values", () => {
    const found = difference(
      frame(plane([252, 126], "symmetric", 4)),
      frame(plane([252, 0], "symmetric", 1)),
      SAME,
      "f",
    );
    expect(values(found)).toEqual([3, expect.closeTo(1, 1)]);
  });

  test("of gradients stays on a logarithmic scale", () => {
    const found = difference(
      frame(plane([252, 126], "signed_log", 1e-3)),
      frame(plane([126, 0], "signed_log", 1e-5)),
      SAME,
      "f",
    );
    expect(values(found)?.[0]).toBeCloseTo(1e-3);
    expect((values(found)?.[1] ?? 0) / 1e-5).toBeCloseTo(1, 0);
  });

  test("is that of the layers named, whatever their names", () => {
    const gru = { ...plane([100, 50]), layer: "gru.l0" };
    const found = difference(frame(gru), frame(plane([50, 100])), ["gru.l0", "lstm.l0"], "f");
    expect(found?.header.planes[0]?.layer).toBe("gru.l0");
    expect(values(found)).toEqual([expect.closeTo(50 / 252), expect.closeTo(-50 / 252)]);
  });

  test("with what is not a number is not a number", () => {
    expect(values(difference(frame(plane([255, 254])), frame(plane([0, 0])), SAME, "f"))).toEqual([
      Number.NaN,
      Number.POSITIVE_INFINITY,
    ]);
  });

  test("is not there where shapes differ or a run does not have the quantity", () => {
    const [two, three] = [frame(plane([1, 2])), frame(plane([1, 2, 3]))];
    expect(difference(two, three, SAME, "f")).toBeNull();
    expect(difference(two, two, SAME, "g")).toBeNull();
    expect(difference(two, two, ["lstm.l1", "lstm.l1"], "f")).toBeNull();
  });
});

test("a code is the nearest to the value that it is read as", () => {
  for (const encoding of ["unit", "symmetric", "signed_log"] as const) {
    for (let code = 0; code < 256; code++) {
      const value = decoded(code, { encoding, high: 0.3 });
      expect(coded(value, { encoding, high: encoding === "unit" ? 1 : 0.3 })).toBe(code);
    }
  }
});
