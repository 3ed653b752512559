import { describe, expect, test } from "vitest";
import { arranged } from "../src/view/layout";

describe("the arrangement of panels", () => {
  test("leaves out the slots, columns and rows that hold none of the panels asked for", () => {
    expect(arranged(["status", "gates"], [])).toEqual([[[["status"]]], [[["gates"]]]]);
    expect(arranged([], [])).toEqual([]);
  });

  test("puts the matrix behind the gradient through time, and the curves beside both", () => {
    expect(arranged(["gates", "matrix", "flow", "curves"], [])).toEqual([
      [[["gates"], ["flow", "matrix"]], [["curves"]]],
    ]);
  });

  test("is that of the rows where there are some: a slot a panel", () => {
    const rows = [[["steps"]], [["gates"], ["flow", "matrix"]]] as const;
    expect(arranged(["status"], rows)).toEqual([[[["steps"]]], [[["gates"]], [["flow"], ["matrix"]]]]);
  });
});
