import { describe, expect, test } from "vitest";
import { pictureOf, svgOf } from "../../src/view/snapshot";
import { part, pixel, recorded, show } from "./stage";

describe("what is seen", () => {
  test("is one picture, with the pixels of the heatmap where it stands", async () => {
    const root = await show(recorded());
    const heatmap = part<HTMLCanvasElement>(root, "heatmap");
    const [box, around] = [heatmap.getBoundingClientRect(), root.getBoundingClientRect()];
    const x = (box.left - around.left + 0.9 * box.width) / around.width;
    const y = (box.top - around.top + 0.9 * box.height) / around.height;
    expect(pixel(pictureOf(root), x, y)).toBe(pixel(heatmap, 0.9, 0.9));
  });

  test("is a picture with its words as text, and no program in it", async () => {
    const root = await show(recorded());
    const read = new DOMParser().parseFromString(svgOf(root), "image/svg+xml");
    expect([...read.querySelectorAll("text")].map((one) => one.textContent)).toContain("Gates and states");
    expect(read.querySelectorAll("image").length).toBeGreaterThan(2);
    expect(read.querySelectorAll("script, foreignObject, parsererror").length).toBe(0);
  });

  test("is a table of every quantity at the time shown, which follows the cursor", async () => {
    const model = recorded({ time: 1 });
    const root = await show(model);
    part(root, "save-table").click();
    const table = part(root, "table");
    const cells = () =>
      [...table.querySelectorAll("tbody tr")].map((row) => [...row.children].map((one) => one.textContent)[1]);
    await expect.poll(cells).toEqual(["0.2381", "0.3175", "0.3968"]);
    expect(table.querySelector("caption")?.textContent).toBe("lstm.l0 \u00b7 step 4 \u00b7 t = 1 / 4 \u00b7 gate");
    model.arrive({ time: 0 });
    await expect.poll(cells).toEqual(["0", "0.07937", "0.1587"]);
    part(root, "save-table").click();
    expect(table.hidden).toBe(true);
  });
});
