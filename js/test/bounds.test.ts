import { describe, expect, test } from "vitest";
import { type Cursor, resolve as resolveCursor, START } from "../src/cursor";
import { readingOf } from "../src/frame";
import * as cellPanel from "../src/panels/cell";
import { difference } from "../src/panels/difference";
import * as gatesPanel from "../src/panels/gates";
import * as matrixPanel from "../src/panels/matrix";
import * as unitsPanel from "../src/panels/units";
import { atTime, csv, ofQuantity } from "../src/panels/values";
import { Store } from "../src/store";
import { CHINESE, ENGLISH } from "../src/strings";
import { encode, fineOf, GATES, join, meta, type Planned, step } from "./frames";

// Codes around zero, which is 126: of an explosion to 1e34 the smallest that has a logarithm is 1e22.
const LEAST = { encoding: "signed_log", high: 1e34 } as const;
const CODES = [127, 125, 126, 128, 252, 255];
const dh: Planned = { name: "dh", shape: [4, 1, 3], ...LEAST, values: [...CODES, ...CODES] };
const flow: Planned = {
  ...{ name: "flow", axes: ["sample", "loss_time", "time"], shape: [1, 4, 4], ...LEAST },
  values: Array(16).fill(127),
};
const store = new Store(() => 0);
const analysis = encode({ kind: "analysis", step: 0, numbers: {}, findings: [] }, [flow, fineOf(flow)]);
store.applySnapshot(meta(1), join(step(0, {}, [...GATES, dh]), analysis));
const place = (changes: Partial<Cursor> = {}) => resolveCursor({ ...START, gate: "dh", ...changes }, store);

describe("the smallest code of a logarithmic scale", () => {
  test.each([
    [127, "\u2264"],
    [125, "\u2265"],
    [126, "="],
    [128, "="],
    [124, "="],
    [252, "="],
    [254, "="],
    [255, "="],
  ])("%i stands to what was recorded as %s", (code, sign) => {
    expect(readingOf(code, LEAST, 127).relation).toBe(sign);
  });

  test("means no bound on any other scale", () => {
    for (const encoding of ["unit", "symmetric"] as const) {
      for (const code of [0, 125, 126, 127, 252]) {
        expect(readingOf(code, { encoding, high: 1 }).relation).toBe("=");
      }
    }
  });

  for (const strings of [ENGLISH, CHINESE]) {
    test(`is a bound in each place that writes it, in ${strings === ENGLISH ? "English" : "Chinese"}`, () => {
      const scene = gatesPanel.resolve(store, place(), 600, strings);
      const told = [0, 1, 2].map((unit) => gatesPanel.describe(scene, place(), 0, unit, strings)[0]);
      expect(told).toEqual(["dh \u2264 1\u00d710\u00b2\u00b2", "dh \u2265 \u22121\u00d710\u00b2\u00b2", "dh = 0"]);
      const units = unitsPanel.resolve(store, place({ unit: 0 }), 600, strings);
      expect(units.readings).toEqual([{ unit: 0, text: "dh \u2264 1\u00d710\u00b2\u00b2" }]);
      const matrix = matrixPanel.resolve(store, place({ time: 3 }), 600, strings);
      expect(matrixPanel.describe(matrix, place(), 3, 3, strings)[0]).toBe(
        "|dL\u209b/dh\u209c| \u2264 1\u00d710\u00b2\u00b2",
      );
      expect(matrix.reading).toContain("\u2264 1\u00d710\u00b2\u00b2");
    });
  }

  test("is a bound under the diagram of the cell, where an exact number is none", () => {
    const lines = (unit: number, time: number) =>
      cellPanel
        .resolve(store, place({ unit, time }), 600, ENGLISH)
        .formulas.map(({ runs }) => runs.map(({ text }) => text).join(""))
        .filter((text) => text.includes("\u2202L"));
    expect(lines(0, 0)[0]).toContain("\u2264 1\u00d710\u00b2\u00b2");
    expect(lines(1, 0)[0]).toContain("\u2265 \u22121\u00d710\u00b2\u00b2");
    expect(lines(1, 1)[0]).toContain("= 1\u00d710\u00b3\u2074");
  });

  test("is a bound in the table and in the file", () => {
    const { columns, rows } = atTime(place());
    expect(rows.map((row) => row[columns.indexOf("dh")])).toEqual(["\u2264 1e+22", "\u2265 -1e+22", "0"]);
    expect(csv(ofQuantity(place())).split("\r\n")[1]?.split(",").slice(0, 2)).toEqual(["0", "\u2264 1e+22"]);
  });

  test("of a difference has no number, since neither is known", () => {
    const frame = store.frame(0);
    const made = frame && difference(frame, frame, ["lstm.l0", "lstm.l0"], "dh");
    expect([0, 1, 2].map((unit) => made?.read?.(0, 0, unit)?.value ?? null)).toEqual([null, null, 0]);
  });
});
