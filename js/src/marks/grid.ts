/** Grids of colored cells: one pixel a cell, stretched with hard edges. */

import type { Box } from "../scale";

/** A canvas of so many packed pixels, as `color.ts` packs them, all of which `fill` sets; 0 is clear. */
export type Pixels = (columns: number, rows: number, fill: (pixels: Uint32Array) => void) => OffscreenCanvas;

/** Canvas and image are kept between calls, until other sizes are wanted: making them takes longer than filling them. */
export function keptPixels(): Pixels {
  const canvas = new OffscreenCanvas(1, 1);
  const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
  let image = new ImageData(1, 1);
  return (columns, rows, fill) => {
    if (image.width !== columns || image.height !== rows) {
      image = new ImageData(columns, rows);
      Object.assign(canvas, { width: columns, height: rows });
    }
    fill(new Uint32Array(image.data.buffer));
    context.putImageData(image, 0, 0);
    return canvas;
  };
}

let kept: Pixels | null = null;

/** `pixel` gives the packed color of a cell. */
export function paintGrid(
  context: CanvasRenderingContext2D,
  { x, y, width, height }: Box,
  columns: number,
  rows: number,
  pixel: (column: number, row: number) => number,
): void {
  if (columns === 0 || rows === 0) return;
  kept ??= keptPixels();
  const canvas = kept(columns, rows, (pixels) => {
    for (let at = 0; at < pixels.length; at++) pixels[at] = pixel(at % columns, Math.floor(at / columns));
  });
  context.imageSmoothingEnabled = false;
  context.drawImage(canvas, x, y, width, height);
}
