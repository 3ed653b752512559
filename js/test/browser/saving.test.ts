import { describe, expect, test } from "vitest";
import { pictureOf, svgOf } from "../../src/view/snapshot";
import { curves, join } from "../frames";
import { analysisOf, FINDING, frameOf } from "../scenery";
import { part, pixel, recorded, show } from "./stage";

async function loaded(svg: string): Promise<HTMLImageElement> {
  const image = new Image();
  image.src = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  await image.decode();
  return image;
}

function scaled(picture: CanvasImageSource, width: number, height: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  if (context) context.imageSmoothingQuality = "high";
  context?.drawImage(picture, 0, 0, width, height);
  return canvas;
}

/** The bytes of a picture in the size that its view has on the page, each of them the mean of 8 x 8 pixels. */
function meansOf(picture: CanvasImageSource, { clientWidth: width, clientHeight: height }: HTMLElement) {
  const whole = scaled(picture, width, height);
  return dataOf(scaled(scaled(scaled(whole, width / 2, height / 2), width / 4, height / 4), width / 8, height / 8));
}

function dataOf(canvas: HTMLCanvasElement): Uint8ClampedArray {
  const data = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data;
  if (!data) throw new Error("there are no pixels");
  return data;
}

describe("what is seen", () => {
  test("is one picture, with the pixels of the heatmap where it stands", async () => {
    const root = await show(recorded());
    const heatmap = part<HTMLCanvasElement>(root, "heatmap");
    const [box, around] = [heatmap.getBoundingClientRect(), root.getBoundingClientRect()];
    const x = (box.left - around.left + 0.9 * box.width) / around.width;
    const y = (box.top - around.top + 0.9 * box.height) / around.height;
    expect(pixel(pictureOf(root), x, y)).toBe(pixel(heatmap, 0.9, 0.9));
  });

  test("is offered by a menu that closes on Escape and on a press elsewhere", async () => {
    const root = await show(recorded());
    const menu = part<HTMLDetailsElement>(root, "save");
    for (const close of [
      () => menu.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true })),
      () => root.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true, composed: true })),
    ]) {
      menu.open = true;
      const boxes = [...menu.querySelectorAll("button")].map((one) => one.getBoundingClientRect());
      boxes.slice(1).forEach((box, index) => {
        expect(box.top).toBeGreaterThanOrEqual(boxes[index]?.bottom ?? 0);
      });
      close();
      expect(menu.open).toBe(false);
    }
  });

  test("holds every finding, those below the first under the picture", async () => {
    const others = [FINDING, { ...FINDING, sentence: "A second one." }, { ...FINDING, sentence: "A third one." }];
    const scenes = join(frameOf(8), analysisOf(8, {}, others));
    const root = await show(
      recorded({ _snapshot: new DataView(scenes.slice().buffer), _panels: ["status", "steps", "findings", "gates"] }),
    );
    await expect.poll(() => root.querySelectorAll(".rnnw-findings li").length).toBe(3);
    const svg = new DOMParser().parseFromString(svgOf(root), "image/svg+xml");
    const words = [...svg.querySelectorAll("text")].map((one) => one.textContent);
    expect(words).toEqual(expect.arrayContaining([FINDING.sentence, "Warning A second one.", "Warning A third one."]));
    expect(pictureOf(root).height).toBeGreaterThan(root.clientHeight * Math.max(2, devicePixelRatio));
  });

  test("is a picture with its words as text and its lines as paths, the heatmap and its scale alone images, no program in it", async () => {
    const root = await show(recorded());
    const read = new DOMParser().parseFromString(svgOf(root), "image/svg+xml");
    const words = [...read.querySelectorAll("text")].map((one) => one.textContent);
    expect(words).toEqual(expect.arrayContaining(["Gates and states", "gate", "t = 0", "loss"]));
    expect(read.querySelectorAll("path").length).toBeGreaterThan(25);
    expect(read.querySelectorAll("image").length).toBe(2);
    expect(read.querySelectorAll("script, foreignObject, parsererror").length).toBe(0);
  });

  test("has the same pixels as lines and words as on the page, which it has not without either", async () => {
    const panels = ["gates", "cell", "units", "flow", "matrix", "curves", "saturation", "weights"];
    const points = Array.from({ length: 9 }, (_, at) => [at, 3 * 0.8 ** at] as const);
    const scenes = join(frameOf(8, {}, { scalars: { loss: 0.5 } }), curves({ loss: points }), analysisOf(8));
    const root = await show(recorded({ _snapshot: new DataView(scenes.slice().buffer), _panels: panels, unit: 3 }));
    await expect.poll(() => root.dataset["step"]).toBe("8");
    const svg = new DOMParser().parseFromString(svgOf(root), "image/svg+xml");
    expect(svg.querySelectorAll("image").length).toBe(2);
    const seen = meansOf(pictureOf(root), root);
    const apart = async () => {
      const data = meansOf(await loaded(new XMLSerializer().serializeToString(svg)), root);
      return seen.reduce((sum, byte, index) => sum + Math.abs(byte - (data[index] as number)), 0) / seen.length;
    };
    const whole = await apart();
    for (const text of svg.querySelectorAll("text")) text.remove();
    const wordless = await apart();
    for (const path of svg.querySelectorAll("path")) path.remove();
    const empty = await apart();
    const ratios = [wordless / whole, empty / wordless];
    expect(Math.min(...ratios), `${whole}, without words ${wordless}, without lines too ${empty}`).toBeGreaterThan(2);
  });

  test("is a table of every quantity at the time shown, which follows the cursor", async () => {
    const model = recorded({ time: 1 });
    const root = await show(model);
    part(root, "save-table").click();
    const table = part(root, "table");
    const cells = () =>
      [...table.querySelectorAll("tbody tr")].map((row) => [...row.children].map((one) => one.textContent)[1]);
    await expect.poll(cells).toEqual(["0.2381", "0.3175", "0.3968"]);
    expect(table.querySelector("caption")?.textContent).toBe("lstm.l0 \u00b7 step 4 \u00b7 t = 1 / 3 \u00b7 gate");
    model.arrive({ time: 0 });
    await expect.poll(cells).toEqual(["0", "0.0794", "0.1587"]);
    part(root, "save-table").click();
    expect(table.hidden).toBe(true);
  });
});
