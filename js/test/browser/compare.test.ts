import { describe, expect, test } from "vitest";
import { delta, join, meta, type Planned, step } from "../frames";
import { FakeModel } from "./model";
import { frameOf, part, show, slide, snapshot } from "./stage";

const PANELS = ["status", "steps", "gates", "flow", "curves"];
const gate = (value: number, units = 3): Planned[] => [
  { name: "i", shape: [4, 1, units], values: Array(4 * units).fill(value) },
];
const other = (units = 3) => join(step(1, {}, gate(40, units)), step(3, {}, gate(80, units)));
const compared = (units = 3) =>
  new FakeModel({
    ...{ _meta: meta(5), _snapshot: snapshot, _panels: PANELS, _names: ["one", "two"] },
    _others: [{ meta: meta(2, { run: "second" }), snapshot: new DataView(other(units).buffer) }],
  });
const column = (root: HTMLElement, panel: string) => [...root.querySelectorAll<HTMLElement>(`[data-panel="${panel}"]`)];

describe("runs side by side", () => {
  test("have a column each, their names, one training step, and the difference between the first two", async () => {
    const root = await show(compared());
    expect(column(root, "gates").length).toBe(2);
    expect(column(root, "steps").length).toBe(1);
    expect([...root.querySelectorAll('[data-role="run"]')].map((one) => one.textContent)).toEqual(["one", "two"]);
    expect(part(root, "difference").textContent).toBe("one \u2212 two");
    await expect.poll(() => column(root, "difference")[0]?.textContent).toContain("i at step 4 less i at step 3");
  });

  test("go in lock-step: the slider of the run with most steps moves both, to the nearest step of each", async () => {
    const model = compared();
    const root = await show(model);
    slide(part(root, "step"), 0, "input");
    await expect.poll(() => root.dataset["step"]).toBe("0");
    await expect.poll(() => column(root, "difference")[0]?.textContent).toContain("i at step 0 less i at step 1");
    expect(model.saved).toEqual([]);
  });

  test("say why there is no difference where shapes do not agree", async () => {
    const root = await show(compared(7));
    await expect
      .poll(() => column(root, "difference")[0]?.textContent)
      .toContain("No difference of i: one run has 3 \u00d7 4 units and timesteps, the other 7 \u00d7 4.");
  });

  test("are told apart by the run of each message", async () => {
    const model = compared();
    const root = await show(model);
    model.emit("msg:custom", delta(3, { run: "second" }), [new DataView(step(9, {}, gate(9)).buffer)]);
    model.emit("msg:custom", delta(6), [new DataView(frameOf(8).buffer)]);
    await expect.poll(() => column(root, "status")[0]?.textContent).toContain("step 8");
    await expect.poll(() => column(root, "status")[1]?.textContent).toContain("step 9");
  });
});
