/** The panels under the hands of a reader: pointer, keys, links, and what a screen reader hears. */

import { describe, expect, test } from "vitest";
import { page } from "vitest/browser";
import { resolve as resolveCursor, START } from "../../src/cursor";
import * as saturationPanel from "../../src/panels/saturation";
import type { Finding, Panel } from "../../src/protocol.gen";
import { Store } from "../../src/store";
import { ENGLISH } from "../../src/strings";
import { curves, delta, join, meta } from "../frames";
import { analysisOf, FINDING, frameOf } from "../scenery";
import { FakeModel } from "./model";
import { part, show } from "./stage";

const PANELS: readonly Panel[] = ["findings", "gates", "cell", "units", "flow", "matrix", "saturation", "weights"];
const hostile = '<img src=x onerror="window.broken = true">\u202e';
const findings: readonly Finding[] = [
  { ...FINDING, step: 3, time: 2, unit: 6, gate: "g" },
  { ...FINDING, name: "odd", sentence: hostile, advice: hostile, source: hostile, layer: null, time: null },
];

async function stage() {
  const snapshot = join(frameOf(3), frameOf(8), analysisOf(8, {}, findings));
  const rows = PANELS.map((panel) => [[panel]]);
  const model = new FakeModel({
    _meta: meta(5),
    _snapshot: snapshot,
    _panels: PANELS,
    _rows: rows,
    gate: "f",
    time: 4,
    unit: 1,
  });
  const root = await show(model);
  for (const canvas of root.querySelectorAll("canvas")) canvas.setPointerCapture = () => undefined;
  return { model, root };
}

function press(canvas: HTMLElement, x: number, y: number, name = "pointerdown"): void {
  const { left, top } = canvas.getBoundingClientRect();
  const at = { clientX: left + x, clientY: top + y, pointerId: 1, button: 0, bubbles: true, cancelable: true };
  canvas.dispatchEvent(new PointerEvent(name, at));
}

describe("a screen reader", () => {
  test.each([
    ["The cell", /unit 1, f 0\.\d\d, .*c\u209c\u208b\u2081 .*tanh /],
    ["Units over time", /forget gate f, t = 4 \/ 23, unit 1 f = 0\.\d+$/],
    ["Who teaches whom", /t = 4 learns most from the loss at s = \d+ ‘\w+’: /],
    ["Saturation", /step 8, i, open > 0\.9: \d+ %, closed < 0\.1: \d+ %, f, /],
    ["Weights", /i radius 0\.\d+, f radius /],
  ])("hears the facts of %s", async (name, facts) => {
    await stage();
    const found = page.getByRole("application", { name: new RegExp(`^${name}`) }).element();
    expect(found.getAttribute("aria-label")).toMatch(facts);
  });
});

describe("arrow keys", () => {
  test.each(["cell", "units", "matrix", "saturation", "weights"])(
    "move time and unit in the panel %s, and settle on release",
    async (role) => {
      const { model, root } = await stage();
      const canvas = part(root, role);
      for (const key of ["ArrowRight", "ArrowRight", "ArrowDown"]) {
        canvas.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
      }
      await expect.poll(() => [root.dataset["time"], root.dataset["unit"]]).toEqual(["6", "2"]);
      expect(model.saved).toEqual([]);
      canvas.dispatchEvent(new KeyboardEvent("keyup", { key: "ArrowDown", bubbles: true }));
      expect(model.saved).toEqual([{ time: 6, unit: 2 }]);
    },
  );
});

test("the number beside the cell chooses the unit", async () => {
  const { model, root } = await stage();
  const input = part<HTMLInputElement>(root, "unit");
  expect([input.value, input.max]).toEqual(["1", "39"]);
  input.value = "12";
  input.dispatchEvent(new Event("input", { bubbles: true }));
  await expect.poll(() => root.dataset["unit"]).toBe("12");
  input.dispatchEvent(new Event("change", { bubbles: true }));
  expect(model.saved).toEqual([{ unit: 12 }]);
});

test("pointing at a dot of the saturation names its unit, pressing selects it", async () => {
  const { root } = await stage();
  const canvas = part(root, "saturation");
  const store = new Store(() => 0);
  store.applyDelta(delta(1), frameOf(8));
  const scene = saturationPanel.resolve(store, resolveCursor(START, store), canvas.clientWidth, ENGLISH);
  const square = scene.squares[1] as saturationPanel.Square;
  const [x, y] = [square.shares.right[33] as number, square.shares.left[33] as number];
  const at = [square.box.x + x * square.box.width, square.box.y + (1 - y) * square.box.height] as const;
  const expected = saturationPanel.dotAt(scene, ...at)?.unit;
  press(canvas, ...at, "pointermove");
  const tooltip = canvas.parentElement?.querySelector(".rnnw-tooltip[data-shown]");
  expect(tooltip?.firstElementChild?.textContent).toBe(`unit ${expected}`);
  press(canvas, ...at);
  await expect.poll(() => root.dataset["unit"]).toBe(String(expected));
});

test("pressing a cell of the matrix goes to its time", async () => {
  const { root } = await stage();
  const canvas = part(root, "matrix");
  press(canvas, 46 + ((canvas.clientWidth - 136) * 17.5) / 24, 250);
  await expect.poll(() => root.dataset["time"]).toBe("17");
});

test("pinned units keep their lines until they are let go", async () => {
  const { model, root } = await stage();
  const label = () => part(root, "units").getAttribute("aria-label") ?? "";
  part(root, "pin").click();
  model.arrive({ unit: 9 });
  await expect.poll(label).toMatch(/unit 1 f = 0\.\d+, unit 9 f = 0\.\d+$/);
  (root.querySelector('.rnnw-pins [data-unit="1"]') as HTMLElement).click();
  await expect.poll(label).not.toMatch(/unit 1 /);
});

test("all samples stand behind the gradient through time when wished", async () => {
  const { root } = await stage();
  const toggle = part(root, "samples");
  expect([toggle.hidden, toggle.getAttribute("aria-pressed")]).toEqual([false, "false"]);
  toggle.click();
  await expect.poll(() => toggle.getAttribute("aria-pressed")).toBe("true");
});

describe("findings", () => {
  test("take one line, whatever their number, and unfold over the page", async () => {
    const { model, root } = await stage();
    const row = root.querySelector<HTMLElement>(".rnnw-findings-row") as HTMLElement;
    const lines = () => [...part(root, "findings").children].filter((one) => one.getBoundingClientRect().height > 0);
    const below = () => part(root, "heatmap").getBoundingClientRect().top;
    await expect.poll(() => lines().length).toBe(1);
    const [height, top] = [row.clientHeight, below()];
    const more = part(root, "more-findings");
    expect(more.textContent).toBe(`+ ${findings.length - 1} more`);
    more.click();
    await expect.poll(() => lines().length).toBe(findings.length);
    expect([row.clientHeight, below()]).toEqual([height, top]);
    document.body.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true }));
    await expect.poll(() => lines().length).toBe(1);
    model.arrive({ _meta: meta(7), _snapshot: analysisOf(8, {}, []) });
    await expect.poll(() => part(root, "findings").childElementCount).toBe(0);
    expect([row.clientHeight, below()]).toEqual([height, top]);
  });

  test("move the cursor to the evidence, and keep unfolded what was", async () => {
    const { model, root } = await stage();
    const list = part(root, "findings");
    (list.querySelector("[data-look]") as HTMLElement).click();
    await expect
      .poll(() => [root.dataset["step"], root.dataset["time"], root.dataset["unit"], root.dataset["gate"]])
      .toEqual(["3", "2", "6", "g"]);
    expect(model.saved).toEqual([{ step: 3, layer: "lstm.l0", time: 2, unit: 6, gate: "g" }]);
    model.arrive({ step: null });
    await expect.poll(() => list.querySelectorAll("li").length).toBe(2);
    (list.querySelector("summary") as HTMLElement).click();
    model.arrive({ _meta: meta(6), _snapshot: analysisOf(8, {}, [...findings, { ...FINDING, name: "new" }]) });
    await expect.poll(() => list.querySelectorAll("li").length).toBe(3);
    expect([...list.querySelectorAll("details")].map(({ open }) => open)).toEqual([true, false, false]);
  });

  test("are shown as they were written, and nothing in them runs", async () => {
    const { root } = await stage();
    const list = part(root, "findings");
    expect(list.querySelector("img")).toBeNull();
    expect(list.querySelectorAll("li")[1]?.textContent).toContain("<img src=x onerror=");
    expect("broken" in window).toBe(false);
  });
});

describe("the menu of curves", () => {
  test("shows all of them or none, and says how charts are used", async () => {
    const series = curves({ loss: [[0, 1]], grad_norm: [[0, 2]], lr: [[0, 3]] });
    const root = await show(
      new FakeModel({ _meta: meta(5), _snapshot: join(frameOf(3), series), _panels: ["curves"] }),
    );
    const menu = part<HTMLDetailsElement>(root, "series");
    menu.open = true;
    const checked = () => [...menu.querySelectorAll<HTMLInputElement>("[data-group]")].map((box) => box.checked);
    const button = (text: string) => [...menu.querySelectorAll("button")].find((one) => one.textContent === text);
    button(ENGLISH.pickNone)?.click();
    await expect.poll(checked).toEqual([false, false, false]);
    button(ENGLISH.pickAll)?.click();
    await expect.poll(checked).toEqual([true, true, true]);
    expect(menu.textContent).toContain(ENGLISH.brushHelp);
  });
});
