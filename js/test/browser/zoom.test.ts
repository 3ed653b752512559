import { describe, expect, test } from "vitest";
import { pack, sequential } from "../../src/color";
import { codes, part, pixel, recorded, show, TIMES, UNITS } from "./stage";

const colorOf = (time: number, unit: number) => pack(sequential()((codes[time * UNITS + unit] as number) / 252));

/** The times whose colors stand along the row of a unit. */
function timesShown(heatmap: HTMLCanvasElement, unit: number, y: number): number[] {
  const seen = new Set<number>();
  for (let x = 0.5; x < heatmap.width; x++) {
    const time = Array.from({ length: TIMES }, (_, at) => at).find(
      (at) => colorOf(at, unit) === pixel(heatmap, x / heatmap.width, y),
    );
    if (time !== undefined) seen.add(time);
  }
  return [...seen];
}

function at(heatmap: HTMLElement, x: number, y: number, more: PointerEventInit = {}): PointerEventInit {
  const { left, top, width, height } = heatmap.getBoundingClientRect();
  const place = { clientX: left + x * width, clientY: top + y * height };
  return { ...place, pointerId: 1, button: 0, bubbles: true, cancelable: true, ...more };
}

async function stage() {
  const model = recorded();
  const root = await show(model);
  const heatmap = part<HTMLCanvasElement>(root, "heatmap");
  heatmap.setPointerCapture = () => undefined;
  const fire = (name: string, init: PointerEventInit) => heatmap.dispatchEvent(new PointerEvent(name, init));
  const wheel = (x: number, deltaY: number, ctrlKey: boolean) =>
    heatmap.dispatchEvent(new WheelEvent("wheel", { ...at(heatmap, x, 0), deltaY, ctrlKey }));
  return { model, root, heatmap, fire, wheel };
}

describe("the heatmap", () => {
  test("zooms about the pointer with Ctrl and the wheel, and leaves a plain wheel to the page", async () => {
    const { root, heatmap, wheel } = await stage();
    expect(part(root, "reset").hidden).toBe(true);
    expect(wheel(1, -400, false)).toBe(true);
    expect(wheel(1, -400, true)).toBe(false);
    await expect.poll(() => part(root, "reset").hidden).toBe(false);
    await expect.poll(() => timesShown(heatmap, 0, 0.25)).toEqual([2, 3]);
    part(root, "reset").click();
    await expect.poll(() => timesShown(heatmap, 1, 0.5)).toEqual([0, 1, 2, 3]);
  });

  test("zooms by keys, and by two fingers", async () => {
    const { root, heatmap, fire } = await stage();
    const press = (key: string) => heatmap.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    for (let count = 0; count < 9; count++) press("+");
    await expect.poll(() => timesShown(heatmap, 1, 0.25)).toEqual([1, 2]);
    press("0");
    await expect.poll(() => part(root, "reset").hidden).toBe(true);
    fire("pointerdown", at(heatmap, 0, 0.5));
    fire("pointerdown", at(heatmap, 0.2, 0.5, { pointerId: 2 }));
    fire("pointermove", at(heatmap, 0.4, 0.5, { pointerId: 2 }));
    fire("pointerup", at(heatmap, 0.4, 0.5, { pointerId: 2 }));
    fire("pointerup", at(heatmap, 0, 0.5));
    await expect.poll(() => timesShown(heatmap, 1, 0.25)).toEqual([0, 1]);
  });

  test("pans by a drag with Shift, which selects nothing, and follows the cursor out of sight", async () => {
    const { root, heatmap, fire, wheel } = await stage();
    wheel(0, -400, true);
    await expect.poll(() => timesShown(heatmap, 0, 0.25)).toEqual([0, 1]);
    fire("pointerdown", at(heatmap, 0.9, 0.5, { shiftKey: true }));
    fire("pointermove", at(heatmap, 0.4, 0.5, { shiftKey: true }));
    fire("pointerup", at(heatmap, 0.4, 0.5));
    await expect.poll(() => timesShown(heatmap, 0, 0.25)).toEqual([1, 2]);
    expect([root.dataset["time"], root.dataset["unit"]]).toEqual(["0", ""]);
    heatmap.dispatchEvent(new KeyboardEvent("keydown", { key: "End", bubbles: true, cancelable: true }));
    await expect.poll(() => timesShown(heatmap, 0, 0.25)).toEqual([2, 3]);
  });

  test("selects what is seen: the unit and the time under the pointer, in the order and the window chosen", async () => {
    const { root, heatmap, fire, wheel } = await stage();
    const order = part<HTMLSelectElement>(root, "order");
    order.value = "mean";
    order.dispatchEvent(new Event("change", { bubbles: true }));
    await expect.poll(() => pixel(heatmap, 0.1, 0.1)).toBe(colorOf(0, 2));
    wheel(0, -400, true);
    await expect.poll(() => timesShown(heatmap, 2, 0.1)).toEqual([0, 1]);
    fire("pointerdown", at(heatmap, 0.9, 0.1));
    await expect.poll(() => [root.dataset["time"], root.dataset["unit"]]).toEqual(["1", "2"]);
    heatmap.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true, cancelable: true }));
    await expect.poll(() => root.dataset["unit"]).toBe("1");
  });
});
