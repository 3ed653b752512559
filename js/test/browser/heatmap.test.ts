import { describe, expect, test } from "vitest";
import { diverging, pack, sequential } from "../../src/color";
import { LSTM, meta, step } from "../frames";
import { FakeModel } from "./model";
import { codes, part, pixel, planes, recorded, show, TIMES, UNITS } from "./stage";

describe("the heatmap", () => {
  test("shows each code in the color of its value, at its unit and time", async () => {
    const root = await show(recorded());
    const heatmap = part<HTMLCanvasElement>(root, "heatmap");
    for (const [index, code] of codes.entries()) {
      const [time, unit] = [Math.floor(index / UNITS), index % UNITS];
      expect(pixel(heatmap, (time + 0.5) / TIMES, (unit + 0.5) / UNITS)).toBe(pack(sequential()(code / 252)));
    }
  });

  test("has hard edges between cells", async () => {
    const heatmap = part<HTMLCanvasElement>(await show(recorded()), "heatmap");
    const width = heatmap.width;
    const colors = Array.from({ length: width }, (_, x) => pixel(heatmap, (x + 0.5) / width, 0.1));
    expect(new Set(colors).size).toBe(TIMES);
  });

  test("has zero in the color of the surface, in both themes", async () => {
    const model = recorded({ gate: "g" });
    const root = await show(model);
    const heatmap = part<HTMLCanvasElement>(root, "heatmap");
    const brightest = () => pixel(heatmap, 0.9, 0.9);
    expect(brightest()).toBe(pack(diverging("light", [255, 255, 255])((220 - 126) / 126)));
    model.arrive({ theme: "dark" });
    await expect.poll(() => root.dataset["theme"]).toBe("dark");
    await expect.poll(brightest).toBe(pack(diverging("dark", [21, 24, 28])((220 - 126) / 126)));
  });

  test("leaves what lies past the end of a sequence without color", async () => {
    const short = step(0, { layers: [{ ...LSTM, lengths: [2] }] }, planes);
    const heatmap = part<HTMLCanvasElement>(await show(new FakeModel({ _meta: meta(1), _snapshot: short })), "heatmap");
    expect(pixel(heatmap, 0.49, 0.5) >>> 24).toBe(255);
    expect(pixel(heatmap, 0.51, 0.5)).toBe(0);
  });

  test("lies over its slider: the thumb stands in the middle of the column of each time", async () => {
    const root = await show(recorded());
    const columns = part(root, "heatmap").getBoundingClientRect();
    const slider = part(root, "time").getBoundingClientRect();
    for (let time = 0; time < TIMES; time++) {
      const thumb = slider.left + 8 + (time / (TIMES - 1)) * (slider.width - 16);
      expect(Math.abs(thumb - (columns.left + ((time + 0.5) / TIMES) * columns.width))).toBeLessThan(1);
    }
  });

  test("moves time and unit by arrow keys, and saves when the key is released", async () => {
    const model = recorded();
    const root = await show(model);
    const heatmap = part(root, "heatmap");
    const press = (key: string) =>
      heatmap.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    press("ArrowRight");
    press("ArrowDown");
    press("ArrowDown");
    await expect.poll(() => [root.dataset["time"], root.dataset["unit"]]).toEqual(["1", "1"]);
    expect(model.saved).toEqual([]);
    heatmap.dispatchEvent(new KeyboardEvent("keyup", { key: "ArrowDown", bubbles: true }));
    expect(model.saved).toEqual([{ time: 1, unit: 1 }]);
    expect(heatmap.getAttribute("aria-label")).toContain("unit 1 \u00b7 i = 0.317");
  });
});
