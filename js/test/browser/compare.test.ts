import { describe, expect, test } from "vitest";
import { diverging, pack, parse } from "../../src/color";
import { decoded } from "../../src/frame";
import { coded } from "../../src/panels/difference";
import { colorOf, LOOKS, SURFACES } from "../../src/theme";
import { curves, delta, join, LSTM, meta, type Planned, step } from "../frames";
import { FakeModel } from "./model";
import { codes, frameOf, host, part, pixel, show, slide, snapshot } from "./stage";

const PANELS = ["status", "steps", "gates", "flow", "curves"];
const gate = (value: number, units = 3): Planned[] => [
  { name: "i", shape: [4, 1, units], values: Array(4 * units).fill(value) },
];
const NAMES = ["one", "two", "three", "four"];
const other = (units: number, value: number) =>
  join(
    curves({ loss: [0, 1, 2, 3].map((at) => [at, 10 * (at + 1)] as const) }),
    step(1, {}, gate(value, units)),
    step(3, {}, gate(value, units)),
  );
/** A run of three steps, and one more for each value that all of its gate has. */
const compared = (units = 3, values: readonly number[] = [40], more = {}) =>
  new FakeModel({
    ...{ _meta: meta(5), _snapshot: snapshot, _panels: PANELS, _names: NAMES.slice(0, values.length + 1), ...more },
    _others: values.map((value, at) => ({
      meta: meta(2, { run: at === 0 ? "second" : `run ${at}` }),
      snapshot: new DataView(other(units, value).buffer),
    })),
  });
const nameOf = (section: HTMLElement) => section.querySelector('[data-role="run"]')?.textContent;
/** The color of a unit at a time in the heatmap of a section. */
const colorAt = (section: HTMLElement, time: number, unit: number) =>
  pixel(part(section, "heatmap"), (time + 0.5) / 4, (unit + 0.5) / 3);
/** A value as it is read once it was coded, where `high` is the largest. */
const read = (value: number, high: number) => {
  const scale = { encoding: "symmetric", high } as const;
  return decoded(coded(value, scale), scale);
};
const column = (root: HTMLElement, panel: string) => [...root.querySelectorAll<HTMLElement>(`[data-panel="${panel}"]`)];

describe("runs side by side", () => {
  test("have a column each with their names, one training step, curves of all, and how each differs from the first", async () => {
    const root = await show(compared());
    expect(["gates", "flow", "status", "steps", "curves"].map((panel) => column(root, panel).length)).toEqual([
      ...[2, 2, 2, 1, 1],
    ]);
    for (const panel of ["gates", "flow", "status"]) {
      expect(column(root, panel).map(nameOf)).toEqual(["\u2014 one", "- - two"]);
    }
    expect(part(root, "difference").textContent).toBe("two \u2212 one");
    await expect.poll(() => column(root, "difference")[0]?.textContent).toContain("i at step 3 minus i at step 4");
  });

  test("are named beside their curves in the colors of their lines, which the picture says in words", async () => {
    const root = await show(compared());
    const [section] = column(root, "curves");
    const names = [...(section?.querySelectorAll<HTMLElement>('[data-role="run"]') ?? [])];
    expect(names.map((one) => one.textContent)).toEqual(["\u2014 one", "- - two"]);
    expect(names.map((one) => colorOf(getComputedStyle(one).color))).toEqual(LOOKS.light.lines.slice(0, 2).map(parse));
    await expect.poll(() => part(root, "curves").getAttribute("aria-label")).toContain("loss one 6, loss two 40 (");
  });

  test("of three stand in three columns, each difference below its run, from which the first is subtracted", async () => {
    host.style.width = "1200px";
    const root = await show(compared(3, [80, 160]));
    const left = (panel: string) => column(root, panel).map((one) => one.getBoundingClientRect().left);
    await expect.poll(() => column(root, "difference")[1]?.textContent).toContain("i at step 3 minus i at step 4");
    expect(new Set(left("gates")).size).toBe(3);
    expect(left("difference")).toEqual(left("gates").slice(1));
    const titles = column(root, "difference").map((one) => one.querySelector('[data-role="difference"]')?.textContent);
    expect(titles).toEqual(["two \u2212 one", "three \u2212 one"]);
    const colors = column(root, "difference").map((one) => colorAt(one, 0, 1));
    const values = [80, 160].map((code) => codes.map((own) => (code - own) / 252));
    const high = (all: readonly number[]) => Math.max(...all.map(Math.abs));
    const ramp = diverging("light", SURFACES.light);
    expect(colors).toEqual(values.map((all) => pack(ramp(read(all[1] as number, high(all))))));
  });

  test("have one color for one value in every run, and one scale of their gradients", async () => {
    const state = (value: number, high: number): Planned[] => [
      { name: "i", shape: [4, 1, 3], values: Array(12).fill(9) },
      { name: "h", shape: [4, 1, 3], values: Array(12).fill(value), encoding: "symmetric", high },
    ];
    const gru = { layers: [{ ...LSTM, name: "gru.l0", kind: "GRU" as const }] };
    const own = step(0, {}, state(252, 0.5));
    const theirs = step(
      0,
      gru,
      state(189, 1).map((plane) => ({ ...plane, layer: "gru.l0" })),
    );
    const model = new FakeModel({
      ...{ _meta: meta(1), _snapshot: own, _panels: PANELS, _names: ["LSTM", "GRU"], gate: "h" },
      _others: [{ meta: meta(1, { run: "second" }), snapshot: theirs }],
    });
    const root = await show(model);
    const [one = 0, other = 1] = column(root, "gates").map((section) => colorAt(section, 1, 1));
    expect(one).toBe(other);
    expect(one).toBe(pack(diverging("light", SURFACES.light)(0.5)));
    await expect.poll(() => column(root, "difference")[0]?.textContent).toContain("h at step 0 minus h at step 0");
    expect(colorAt(column(root, "difference")[0] as HTMLElement, 1, 1)).toBe(pack([...SURFACES.light]));
  });

  test("of different kinds say what either has where a quantity is not common", async () => {
    const gru = { layers: [{ ...LSTM, name: "gru.l0", kind: "GRU" as const }] };
    const r: Planned = { name: "r", shape: [4, 1, 3], values: Array(12).fill(1), layer: "gru.l0" };
    const root = await show(
      new FakeModel({
        ...{ _meta: meta(5), _snapshot: snapshot, _panels: PANELS, _names: ["LSTM", "GRU"] },
        _others: [{ meta: meta(1, { run: "second" }), snapshot: step(1, gru, [r]) }],
      }),
    );
    await expect
      .poll(() => column(root, "difference")[0]?.textContent)
      .toContain("GRU: r z n h dh, 3 \u00d7 4; LSTM: i f g o c h dh dc, 3 \u00d7 4.");
  });

  test("stand in the rows and in the order asked for", async () => {
    host.style.width = "1200px";
    const rows = [[["curves"]], [["gates"], ["flow", "steps"]]];
    const root = await show(compared(3, [40], { _rows: rows, _panels: ["curves", "gates", "flow", "steps"] }));
    const order = () => [...root.querySelectorAll("[data-panel]")].map((one) => one.getAttribute("data-panel"));
    expect(order()).toEqual(["curves", "gates", "gates", "difference", "flow", "flow", "steps"]);
    const box = (panel: string) => (column(root, panel)[0] as HTMLElement).getBoundingClientRect();
    expect(box("flow").top).toBeCloseTo(box("gates").top, 0);
    expect(box("flow").left).toBeGreaterThan(box("gates").right);
    expect(box("gates").top).toBeGreaterThanOrEqual(box("curves").bottom);
    const plain = await show(
      compared(3, [40], { _panels: ["flow", "steps"] }),
      host.appendChild(document.createElement("div")),
    );
    expect([...plain.querySelectorAll("[data-panel]")].map((one) => one.getAttribute("data-panel"))).toEqual([
      ...["flow", "flow", "steps"],
    ]);
  });

  test.each([320, 600, 760, 1180])("stay within %d pixels", async (width) => {
    host.style.width = `${width}px`;
    const root = await show(compared(3, [40, 80, 120]));
    await expect.poll(() => column(root, "difference")[2]?.textContent).toContain("minus");
    const { right } = root.getBoundingClientRect();
    for (const child of root.querySelectorAll("section *")) {
      if (!child.closest(".rnnw-hidden")) expect(child.getBoundingClientRect().right).toBeLessThanOrEqual(right + 0.5);
    }
  });

  test("go in lock-step: the slider of the run with most steps moves both, to the nearest step of each", async () => {
    const model = compared();
    const root = await show(model);
    slide(part(root, "step"), 0, "input");
    await expect.poll(() => root.dataset["step"]).toBe("0");
    await expect.poll(() => column(root, "difference")[0]?.textContent).toContain("i at step 1 minus i at step 0");
    slide(part(root, "time"), 2, "input");
    const times = () => [...root.querySelectorAll<HTMLInputElement>('[data-role="time"]')].map(({ value }) => value);
    await expect.poll(times).toEqual(["2", "2", "2"]);
    expect(model.saved).toEqual([]);
  });

  test("have the slider of the run that has the most steps now, whichever had when the view was made", async () => {
    const model = compared();
    const root = await show(model);
    const later = [1005, 1007, 1009].map((at) => step(at, {}, gate(at % 100)));
    model.emit("msg:custom", delta(3, { run: "second" }), [new DataView(join(...later).buffer)]);
    const slider = part<HTMLInputElement>(root, "step");
    await expect.poll(() => [slider.max, slider.value]).toEqual(["4", "4"]);
    slide(slider, 3, "input");
    await expect
      .poll(() => column(root, "difference")[0]?.textContent)
      .toContain("i at step 1\u202f007 minus i at step 4");
    part(root, "previous").click();
    await expect.poll(() => root.dataset["step"]).toBe("1005");
  });

  test("say why there is no difference where shapes do not agree", async () => {
    const root = await show(compared(7));
    await expect
      .poll(() => column(root, "difference")[0]?.textContent)
      .toContain("two: i f g o c h dh dc, 7 \u00d7 4; one: i f g o c h dh dc, 3 \u00d7 4.");
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
