import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { page } from "vitest/browser";
import { pack, sequential } from "../../src/color";
import { delta, GATES, norms, type Planned, step } from "../frames";
import { FakeModel, PANELS } from "./model";
import { part, pixel, show, slide, TIMES, UNITS } from "./stage";

const SHOWN = [...PANELS, "units", "cell", "saturation"];

/** Unit 0 falls and unit 1 rises from step to step. */
const codeOf = (number: number, unit: number) => [200 - 60 * number, 40 + 60 * number, 10][unit] as number;

function frameOf(number: number, gradients = [1, 2, 3, 4]) {
  const values = Array.from({ length: TIMES * UNITS }, (_, index) => codeOf(number, index % UNITS));
  const others = GATES.filter(({ name }) => name !== "i");
  const planes: Planned[] = [{ name: "i", shape: [TIMES, 1, UNITS], values }, ...others, norms("dh", gradients)];
  return step(number, { scalars: { loss: 1 } }, planes);
}

async function stage() {
  const model = new FakeModel({ _panels: SHOWN, _rows: SHOWN.map((panel) => [[panel]]) });
  const root = await show(model);
  for (const number of [0, 1, 2]) model.emit("msg:custom", delta(number + 1), [frameOf(number).buffer]);
  await expect.poll(() => root.dataset["step"]).toBe("2");
  const go = async (position: number, ...events: string[]) => {
    slide(part<HTMLInputElement>(root, "step"), position, ...events);
    await expect.poll(() => root.dataset["step"]).toBe(String(position));
  };
  return { root, go, model };
}

/** Until what was asked for has been painted. */
async function frames(): Promise<void> {
  for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
}

const MARK = 0xff123456;

/** Leaves a pixel on every canvas of these, but of the curves; the names of the pictures that lost theirs. */
function marked(root: HTMLElement, which: string): () => Set<string | undefined> {
  const nameOf = ({ parentElement }: HTMLCanvasElement) =>
    parentElement?.querySelector<HTMLElement>("[data-role]")?.dataset["role"];
  const canvases = [...root.querySelectorAll<HTMLCanvasElement>(which)].filter((canvas) => nameOf(canvas) !== "curves");
  for (const canvas of canvases) {
    const context = canvas.getContext("2d") as CanvasRenderingContext2D;
    context.putImageData(new ImageData(new Uint8ClampedArray(Uint32Array.of(MARK).buffer), 1, 1), 0, 0);
  }
  return () => new Set(canvases.filter((canvas) => pixel(canvas, 0, 0) !== MARK).map(nameOf));
}

beforeAll(() => page.viewport(1200, 3200));
afterAll(() => page.viewport(1200, 1400));

describe("a repaint", () => {
  test("leaves cells, strips and lines alone while only the time moves, and paints them at another step", async () => {
    const { root, go } = await stage();
    const repainted = marked(root, '.rnnw-under, .rnnw-cells, [data-role="saturation"]');
    slide(part<HTMLInputElement>(root, "time"), 3, "input");
    await expect.poll(() => root.dataset["time"]).toBe("3");
    expect(repainted()).toEqual(new Set());
    const around = marked(root, ".rnnw-marks");
    await go(0, "input");
    expect(around()).toEqual(new Set());
    expect(repainted()).toEqual(new Set(["heatmap", "flow", "units", "saturation"]));
    slide(part<HTMLInputElement>(root, "time"), 2, "input");
    await expect.poll(() => root.dataset["time"]).toBe("2");
    expect(around()).toEqual(new Set(["heatmap"]));
  });

  test("leaves every picture alone when a step comes while another is looked at, but where that changes its scale", async () => {
    const { root, go, model } = await stage();
    await go(0, "input", "change");
    await frames();
    const arrive = async (number: number, gradients?: number[]) => {
      const repainted = marked(root, ".rnnw-figure > canvas:not(.rnnw-marks)");
      model.emit("msg:custom", delta(number + 1), [frameOf(number, gradients).buffer]);
      await expect.poll(() => root.dataset["latest"]).toBe(String(number));
      return repainted();
    };
    expect(await arrive(3)).toEqual(new Set());
    expect(await arrive(4, [1, 2, 3, 4000])).toEqual(new Set(["flow"]));
    const repainted = marked(root, ".rnnw-figure > canvas:not(.rnnw-marks)");
    await go(4, "input");
    expect(repainted()).toEqual(new Set(["heatmap", "flow", "cell", "units", "saturation"]));
  });

  test("of a slider, a key or a tab is done when its event is over, and the kernel's moves wait for a frame", async () => {
    const { root, go, model } = await stage();
    await go(0, "input", "change");
    await frames();
    slide(part<HTMLInputElement>(root, "step"), 2, "input");
    expect(root.dataset["step"]).toBe("2");
    await frames();
    part(root, "heatmap").dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
    expect(root.dataset["time"]).toBe("1");
    await frames();
    root.querySelector<HTMLElement>('[role="tab"][data-gate="f"]')?.click();
    expect(root.dataset["gate"]).toBe("f");
    model.arrive({ time: 3 });
    expect(root.dataset["time"]).toBe("1");
    await expect.poll(() => root.dataset["time"]).toBe("3");
  });

  test("keeps the order of the units while a drag lasts, and sorts them when it ends", async () => {
    const { root, go } = await stage();
    await go(0, "input", "change");
    const order = part<HTMLSelectElement>(root, "order");
    order.value = "mean";
    order.dispatchEvent(new Event("change", { bubbles: true }));
    const painted = root.dataset["painted"];
    await expect.poll(() => root.dataset["painted"]).not.toBe(painted);
    const heatmap = part<HTMLCanvasElement>(root, "heatmap");
    const color = (number: number, unit: number) => pack(sequential()(codeOf(number, unit) / 252));
    const dragging = () => {
      const painted = pixel(heatmap, 0.1, 0.1);
      for (const position of [1, 2]) slide(part<HTMLInputElement>(root, "step"), position, "input");
      return painted;
    };
    expect(pixel(heatmap, 0.1, 0.1)).toBe(color(0, 0));
    await expect.poll(dragging).toBe(color(2, 0));
    slide(part<HTMLInputElement>(root, "step"), 2, "change");
    await expect.poll(() => pixel(heatmap, 0.1, 0.1)).toBe(color(2, 1));
  });

  test("renews the words beside a pointer that rests", async () => {
    const { root, go } = await stage();
    const heatmap = part(root, "heatmap");
    const { left, top } = heatmap.getBoundingClientRect();
    const init = { clientX: left + 3, clientY: top + 3, bubbles: true };
    heatmap.dispatchEvent(new PointerEvent("pointermove", init));
    const words = () =>
      heatmap.parentElement?.querySelector(".rnnw-tooltip[data-shown]")?.firstElementChild?.textContent;
    const said = (number: number) => `i = ${Number((codeOf(number, 0) / 252).toPrecision(3))}`;
    expect(words()).toBe(said(2));
    await go(0, "input");
    expect(words()).toBe(said(0));
    heatmap.dispatchEvent(new PointerEvent("pointerleave", init));
    expect(words()).toBeUndefined();
  });

  test("passes over a panel that is scrolled away until it is in sight again", async () => {
    const { root, go } = await stage();
    const flow = part(root, "flow");
    const section = flow.closest("section") as HTMLElement;
    const words = () => flow.getAttribute("aria-label");
    await expect.poll(words).toContain("t = 0");
    section.style.marginTop = "6000px";
    let time = 0;
    const still = async () => {
      const before = words();
      time = 1 + (time % 3);
      slide(part<HTMLInputElement>(root, "time"), time, "input");
      await expect.poll(() => root.dataset["time"]).toBe(String(time));
      return words() === before;
    };
    await expect.poll(still).toBe(true);
    section.style.marginTop = "0";
    await expect.poll(words).toContain(`t = ${time}`);
    await go(0, "input");
  });
});
