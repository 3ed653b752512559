import { describe, expect, test } from "vitest";
import { resolve, START } from "../src/cursor";
import { atTime, csv, ofQuantity } from "../src/panels/values";
import { Store } from "../src/store";
import { delta, LSTM, type Planned, step } from "./frames";

const store = new Store(() => 0);
const planes: readonly Planned[] = [
  { name: "i", shape: [2, 1, 3], values: [0, 126, 252, 0, 63, 255] },
  { name: "c", shape: [1, 1, 2], full: [2, 1, 3], stride: [2, 1, 2], values: [0, 252], encoding: "symmetric", high: 2 },
];
const tokens = [["the", 'a "b", c']];
store.applyDelta(delta(1), step(0, { tokens, layers: [{ ...LSTM, lengths: [2] }] }, planes));
const place = resolve({ ...START, time: 1 }, store);

describe("the numbers behind the pictures", () => {
  test("at a time: a row a unit, a column a quantity, what was not recorded or not sent empty", () => {
    const { columns, rows } = atTime({ ...place, time: 0 });
    expect(columns.slice(0, 2)).toEqual(["unit", "i"]);
    expect(rows.map((row) => [row[0], row[1], row[columns.indexOf("c")], row[columns.indexOf("f")]])).toEqual([
      ["0", "0", "-2", ""],
      ["1", "0.5", "", ""],
      ["2", "1", "2", ""],
    ]);
    expect(atTime(place).rows.map((row) => row[columns.indexOf("c")])).toEqual(["", "", ""]);
  });

  test("of a quantity: a row a unit, a column a time with its token", () => {
    expect(ofQuantity(place)).toEqual({
      columns: ["unit", "t=0 the", 't=1 a "b", c'],
      rows: [
        ["0", "0", "0"],
        ["1", "0.5", "0.25"],
        ["2", "1", "NaN"],
      ],
    });
  });

  test("as a file quote what needs it, and are no formulas to a spreadsheet", () => {
    expect(
      csv({
        columns: ["unit", 'a "b", c'],
        rows: [
          ["0", "-1.5"],
          ["=cmd()", "@x"],
        ],
      }),
    ).toBe('unit,"a ""b"", c"\r\n0,-1.5\r\n\'=cmd(),\'@x\r\n');
  });
});
