/** Cells of one sample as pixels: codes (time, sample, unit) through a table of 256 colors, units down, time across. */

import type { Bytes } from "../frame";
import type { Pixels } from "./grid";

export interface Cells {
  readonly codes: Bytes;
  /** Position of the first code; from one sent timestep to the next. The units of a timestep lie side by side. */
  readonly start: number;
  readonly columnPitch: number;
  /** Timesteps and units sent and within the sequence; each stands for `timeStride` or `unitStride` recorded ones. */
  readonly columns: number;
  readonly rows: number;
  readonly timeStride: number;
  readonly unitStride: number;
  /** Timesteps and units recorded. */
  readonly times: number;
  readonly units: number;
  /** Recorded timesteps within the sequence: nothing is drawn beyond. */
  readonly length: number;
}

/** What the box shows: recorded timesteps and units from..to, the sent rows in an order, top to bottom. */
export interface Shown {
  readonly time: Range;
  readonly unit: Range;
  readonly order: Int32Array;
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/** Draw the cells over a whole canvas. */
export function paintCells(
  context: CanvasRenderingContext2D,
  pixels: Pixels,
  cells: Cells,
  shown: Shown,
  table: Uint32Array,
): void {
  const { width, height } = context.canvas;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, width, height);
  const across = part(shown.time, cells.timeStride, cells.columns, width);
  const down = part(shown.unit, cells.unitStride, cells.rows, height);
  if (across.indices.length === 0 || down.indices.length === 0) return;
  const rows = down.indices.map((row) => shown.order[row] as number);
  const canvas = pixels(across.indices.length, rows.length, (into) => fill(into, cells, table, across.indices, rows));
  const { from, to } = shown.time;
  context.save();
  context.beginPath();
  context.rect(0, 0, Math.round((width * (cells.length - from)) / (to - from)), height);
  context.clip();
  context.imageSmoothingEnabled = false;
  context.setTransform(across.size, 0, 0, down.size, across.start, down.start);
  context.drawImage(canvas, 0, 0);
  context.restore();
}

/** The sent indices that a range touches, or as many as there are pixels; where they begin, and how large each is. */
function part({ from, to }: Range, stride: number, count: number, pixels: number) {
  const first = Math.floor(from / stride);
  const last = Math.min(count, Math.ceil(to / stride));
  const indices = spread(Math.max(0, last - first), pixels).map((index) => first + index);
  const scale = pixels / (to - from);
  return {
    indices,
    start: (first * stride - from) * scale,
    size: ((last - first) * stride * scale) / Math.max(indices.length, 1),
  };
}

/** All of `count` indices, or as many as there are pixels, each the one under the middle of its share. */
export function spread(count: number, pixels: number): Int32Array {
  const kept = Math.min(count, pixels);
  return Int32Array.from({ length: kept }, (_, index) => Math.floor(((index + 0.5) * count) / kept));
}

/** Write the pixel of each cell in the columns and rows named, (row, column). */
export function fill(
  pixels: Uint32Array,
  { codes, start, columnPitch }: Cells,
  table: Uint32Array,
  columns: Int32Array,
  rows: Int32Array,
): void {
  const starts = columns.map((column) => start + column * columnPitch);
  let pixel = 0;
  for (const row of rows) {
    for (let column = 0; column < starts.length; column++) {
      pixels[pixel++] = table[codes[(starts[column] as number) + row] as number] as number;
    }
  }
}
