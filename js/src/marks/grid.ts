/** A grid of colored cells inside a box: one pixel a cell, stretched with hard edges. */

import type { Box } from "../scale";

/** `pixel` gives the packed color of a cell, as `color.ts` packs them; 0 leaves it clear. */
export function paintGrid(
  context: CanvasRenderingContext2D,
  box: Box,
  columns: number,
  rows: number,
  pixel: (column: number, row: number) => number,
): void {
  if (columns === 0 || rows === 0) return;
  const scratch = new OffscreenCanvas(columns, rows).getContext("2d");
  if (!scratch) return;
  const image = scratch.createImageData(columns, rows);
  const pixels = new Uint32Array(image.data.buffer);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) pixels[row * columns + column] = pixel(column, row);
  }
  scratch.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(scratch.canvas, box.x, box.y, box.width, box.height);
}
