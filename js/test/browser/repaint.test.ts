import { describe, expect, test } from "vitest";
import { pack, sequential } from "../../src/color";
import { delta, GATES, norms, type Planned, step } from "../frames";
import { FakeModel, PANELS } from "./model";
import { part, pixel, show, slide, TIMES, UNITS } from "./stage";

/** Unit 0 falls and unit 1 rises from step to step. */
const codeOf = (number: number, unit: number) => [200 - 60 * number, 40 + 60 * number, 10][unit] as number;

function frameOf(number: number) {
  const values = Array.from({ length: TIMES * UNITS }, (_, index) => codeOf(number, index % UNITS));
  const others = GATES.filter(({ name }) => name !== "i");
  const planes: Planned[] = [{ name: "i", shape: [TIMES, 1, UNITS], values }, ...others, norms("dh", [1, 2, 3, 4])];
  return step(number, { scalars: { loss: 1 } }, planes);
}

async function stage() {
  const model = new FakeModel({ _panels: [...PANELS, "units"] });
  const root = await show(model);
  for (const number of [0, 1, 2]) model.emit("msg:custom", delta(number + 1), [frameOf(number).buffer]);
  await expect.poll(() => root.dataset["step"]).toBe("2");
  const go = async (position: number, ...events: string[]) => {
    slide(part<HTMLInputElement>(root, "step"), position, ...events);
    await expect.poll(() => root.dataset["step"]).toBe(String(position));
  };
  return { root, go, model };
}

const MARK = 0xff123456;

/** Leaves a pixel on every canvas that should stay as it is while only the time moves. */
function marked(root: HTMLElement): () => boolean[] {
  const canvases = [...root.querySelectorAll<HTMLCanvasElement>(".rnnw-under, .rnnw-cells")].filter(
    ({ width, parentElement }) => width > 1 && parentElement?.querySelector('[data-role="curves"]') === null,
  );
  expect(canvases.length).toBeGreaterThanOrEqual(4);
  for (const canvas of canvases) {
    const context = canvas.getContext("2d") as CanvasRenderingContext2D;
    context.putImageData(new ImageData(new Uint8ClampedArray(Uint32Array.of(MARK).buffer), 1, 1), 0, 0);
  }
  return () => canvases.map((canvas) => pixel(canvas, 0, 0) === MARK);
}

describe("a repaint", () => {
  test("leaves cells, strips, legends and lines alone while only the time moves, and paints them at another step", async () => {
    const { root, go } = await stage();
    const left = marked(root);
    slide(part<HTMLInputElement>(root, "time"), 3, "input");
    await expect.poll(() => root.dataset["time"]).toBe("3");
    expect(new Set(left())).toEqual(new Set([true]));
    await go(0, "input");
    expect(new Set(left())).toEqual(new Set([false]));
  });

  test("of a slider, a key or a tab is done when its event is over, and the kernel's moves wait for a frame", async () => {
    const { root, go, model } = await stage();
    await go(0, "input", "change");
    for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
    slide(part<HTMLInputElement>(root, "step"), 2, "input");
    expect(root.dataset["step"]).toBe("2");
    for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
    part(root, "heatmap").dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
    expect(root.dataset["time"]).toBe("1");
    for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
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
