/** What each panel paints, by decoded pixels: one and two device pixels a pixel, light and dark. */

import { describe, expect, test } from "vitest";
import { COLOR_DECADES, diverging, pack, parse, positionOf, type Rgb, sequential } from "../../src/color";
import { resolve as resolveCursor, START } from "../../src/cursor";
import { keptPixels } from "../../src/marks/grid";
import * as cell from "../../src/panels/cell";
import * as flow from "../../src/panels/flow";
import * as gates from "../../src/panels/gates";
import * as matrix from "../../src/panels/matrix";
import * as saturation from "../../src/panels/saturation";
import { valueAt } from "../../src/panels/sheet";
import * as units from "../../src/panels/units";
import * as weights from "../../src/panels/weights";
import { Store } from "../../src/store";
import { ENGLISH } from "../../src/strings";
import { LOOKS, type Look, SURFACES } from "../../src/theme";
import { cleared } from "../../src/view/canvas";
import { delta, join } from "../frames";
import { analysisOf, frameOf, PLAIN } from "../scenery";

const store = new Store(() => 0);
store.applyDelta(delta(1), join(frameOf(5), analysisOf(5)));
const place = resolveCursor({ ...START, time: 9, unit: 4, gate: "f" }, store);

type Read = (x: number, y: number) => readonly [number, number, number, number];

function painted(
  width: number,
  height: number,
  ratio: number,
  paint: (context: CanvasRenderingContext2D) => void,
): Read {
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = cleared(canvas, ratio);
  paint(context);
  return (x, y) =>
    [...context.getImageData(Math.floor(x * ratio), Math.floor(y * ratio), 1, 1).data] as [
      number,
      number,
      number,
      number,
    ];
}

const opaque = (color: Rgb) => [...color.map(Math.round), 255];

const table = [1, 2].flatMap((ratio) => (["light", "dark"] as const).map((mode) => [mode, ratio] as const));

describe.each(table)("%s at %d device pixels a pixel", (mode, ratio) => {
  const look: Look = { ...LOOKS[mode], surface: SURFACES[mode], font: "sans-serif" };

  test("the heatmap has each value in its color, in the order and the part chosen", () => {
    const wish: gates.Wish = { order: "mean", sight: { time: { from: 3, to: 13 }, unit: { from: 10, to: 30 } } };
    const scene = gates.resolve(store, place, 640, ENGLISH, wish);
    const { sheet, shown, box } = scene;
    if (!sheet) throw new Error("there is no sheet");
    const read = painted(box.width, box.height, ratio, (context) =>
      gates.paintData(scene, context, keptPixels(), look),
    );
    for (let time = 3; time < 13; time++) {
      for (let row = 10; row < 30; row++) {
        const value = valueAt(sheet, time, shown.order[row] as number) as number;
        const at = read(((time - 2.5) / 10) * box.width, ((row - 9.5) / 20) * box.height);
        expect(at).toEqual(opaque(sequential()(value)));
      }
    }
  });

  test("the strips beside the heatmap reach as far as the means", () => {
    const scene = gates.resolve(store, place, 640, ENGLISH);
    const read = painted(scene.width, scene.height, ratio, (context) => gates.paintStill(scene, context, look));
    const [right] = scene.profiles;
    if (!right) throw new Error("there is no strip");
    right.ends.forEach((end, row) => {
      const y = right.box.y + ((row + 0.5) / right.ends.length) * right.box.height;
      expect(read(right.box.x + end * right.box.width - 1.5, y)[3]).toBeGreaterThan(100);
      expect(read(right.box.x + end * right.box.width + 1.5, y)[3]).toBe(0);
    });
  });

  test("the legend beside the heatmap goes from the color of one end to that of the other", () => {
    for (const [gate, ramp, low] of [
      ["i", sequential(), 0],
      ["h", diverging(mode, look.surface), -1],
    ] as const) {
      const scene = gates.resolve(store, { ...place, gate }, 640, ENGLISH);
      const read = painted(scene.width, scene.height, ratio, (context) => gates.paint(scene, context, look));
      const { x, y, height } = scene.legend?.bar ?? { x: 0, y: 0, height: 0 };
      expect(read(x + 5, y)).toEqual(opaque(ramp(1)));
      expect(read(x + 5, y + height - 0.5)).toEqual(opaque(ramp(low)));
    }
  });

  test("the cell has each gate in the color of its number", () => {
    const scene = cell.resolve(store, place, 640, ENGLISH);
    const read = painted(scene.width, scene.height, ratio, (context) => cell.paint(scene, context, look));
    expect(scene.gates.length).toBe(4);
    for (const { box, shade } of scene.gates) {
      const ramp = shade.scale === "sequential" ? sequential() : diverging(mode, look.surface);
      expect(read(box.x + 4, box.y + 12)).toEqual(opaque(ramp(shade.position)));
    }
    const [first] = scene.wires[0]?.points ?? [];
    expect(read((first?.[0] ?? 0) + 60, first?.[1] ?? 0)[3]).toBeGreaterThan(100);
  });

  test("the matrix has each number in its color, and nothing above the diagonal", () => {
    const scene = matrix.resolve(store, { ...place, time: 0 }, 640, ENGLISH);
    const read = painted(scene.width, scene.height, ratio, (context) => matrix.paintStill(scene, context, look));
    const { box, top } = scene;
    if (!scene.matrix) throw new Error("there is no matrix");
    for (const [loss, time] of [
      [3, 2],
      [20, 4],
      [23, 22],
      [11, 11],
    ] as const) {
      const value = matrix.valueAt(scene.matrix, loss, time) as number;
      const color = sequential()(1 + Math.log10(value / top) / COLOR_DECADES);
      const at = (x: number, y: number) =>
        read(box.x + ((x + 0.5) / PLAIN.times) * box.width, box.y + ((y + 0.5) / PLAIN.times) * box.height);
      expect(at(time, loss)).toEqual(opaque(color));
      if (time !== loss) expect(at(loss, time)[3]).toBe(0);
    }
  });

  test("the saturation has the selected unit's dot at its shares", () => {
    const scene = saturation.resolve(store, place, 640, ENGLISH);
    const read = painted(scene.width, scene.height, ratio, (context) => saturation.paintStill(scene, context, look));
    for (const { box, shares } of scene.squares) {
      const [x, y] = [shares.right[4] as number, shares.left[4] as number];
      expect(read(box.x + x * box.width, box.y + (1 - y) * box.height)).toEqual(opaque(parse(look.total)));
    }
  });

  test("the units have the selected line's dot at its value", () => {
    const scene = units.resolve(store, place, 640, ENGLISH, [7]);
    const read = painted(scene.width, scene.height, ratio, (context) => flow.paint(scene, context, look));
    const [pinned, selected] = scene.dots;
    expect(read(selected?.x ?? 0, selected?.y ?? 0)).toEqual(opaque(parse(look.ink)));
    expect(read(pinned?.x ?? 0, pinned?.y ?? 0)).toEqual(opaque(parse(look.total)));
    const sheet = gates.resolve(store, place, 640, ENGLISH).sheet;
    const value = (sheet && valueAt(sheet, 9, 4)) ?? 0;
    expect(selected?.y).toBeCloseTo(scene.box.y + (1 - positionOf(value, "unit", 1)) * scene.box.height);
  });

  test("the weights have the unit circle, and each eigenvalue at its place", () => {
    const scene = weights.resolve(store, place, 640, ENGLISH);
    const read = painted(scene.width, scene.height, ratio, (context) => weights.paintStill(scene, context, look));
    for (const { box, unit, dots } of scene.blocks) {
      const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
      expect(read(x + unit * Math.SQRT1_2, y - unit * Math.SQRT1_2)[3]).toBeGreaterThan(60);
      for (const dot of dots) expect(read(dot.x, dot.y)[3]).toBeGreaterThan(140);
    }
    expect(pack(SURFACES[mode]) >>> 24).toBe(255);
  });
});
