/**
 * Cells of one sample as pixels: codes (time, sample, unit) through a table of 256 colors, units down, time across.
 *
 * The pixels are written in the order of the codes, one row of units a timestep, and turned by the transform that
 * stretches them: one sequential pass, whatever the number of samples.
 */

import type { Bytes } from "../frame";

export interface Cells {
  readonly codes: Bytes;
  /** Position of the first code of this sample, and from one sent timestep to the next. */
  readonly start: number;
  readonly pitch: number;
  /** Timesteps and units sent and within the sequence; each stands for `timeStride` or `unitStride` recorded ones. */
  readonly columns: number;
  readonly rows: number;
  readonly timeStride: number;
  readonly unitStride: number;
  /** Timesteps and units that the whole box stands for. */
  readonly times: number;
  readonly units: number;
  /** Recorded timesteps within the sequence: nothing is drawn beyond. */
  readonly length: number;
}

/** Draw the cells over a whole canvas, through a scratch canvas that is kept between calls. */
export function paintCells(
  context: CanvasRenderingContext2D,
  scratch: CanvasRenderingContext2D,
  cells: Cells,
  table: Uint32Array,
): void {
  const { width, height } = context.canvas;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, width, height);
  if (cells.columns === 0 || cells.rows === 0) return;
  const columns = spread(cells.columns, width);
  const rows = spread(cells.rows, height);
  scratch.canvas.width = rows.length;
  scratch.canvas.height = columns.length;
  const image = scratch.createImageData(rows.length, columns.length);
  fill(new Uint32Array(image.data.buffer), cells, table, columns, rows);
  scratch.putImageData(image, 0, 0);
  context.save();
  context.beginPath();
  context.rect(0, 0, Math.round((width * cells.length) / cells.times), height);
  context.clip();
  context.imageSmoothingEnabled = false;
  const across = (width * cells.timeStride * cells.columns) / cells.times / columns.length;
  const down = (height * cells.unitStride * cells.rows) / cells.units / rows.length;
  context.setTransform(0, down, across, 0, 0, 0);
  context.drawImage(scratch.canvas, 0, 0);
  context.restore();
}

/** All of `count` indices, or as many as there are pixels, each the one under the middle of its share. */
export function spread(count: number, pixels: number): Int32Array {
  const kept = Math.min(count, pixels);
  return Int32Array.from({ length: kept }, (_, index) => Math.floor(((index + 0.5) * count) / kept));
}

/** Write the pixel of each cell in the columns and rows named, (column, row). */
export function fill(
  pixels: Uint32Array,
  { codes, start, pitch }: Cells,
  table: Uint32Array,
  columns: Int32Array,
  rows: Int32Array,
): void {
  let pixel = 0;
  for (const column of columns) {
    const from = start + column * pitch;
    for (let row = 0; row < rows.length; row++) {
      pixels[pixel++] = table[codes[from + (rows[row] as number)] as number] as number;
    }
  }
}
