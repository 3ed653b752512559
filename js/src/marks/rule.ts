/** Straight lines that mark a place: grid lines, the rule at the cursor, outlines of a column or a row. */

import type { Box } from "../scale";

export function paintRule(
  context: CanvasRenderingContext2D,
  from: readonly [x: number, y: number],
  to: readonly [x: number, y: number],
  color: string,
  width = 1,
): void {
  // An odd line width is sharp on half pixels.
  const shift = width % 2 === 1 ? 0.5 : 0;
  context.beginPath();
  context.moveTo(Math.floor(from[0]) + shift, Math.floor(from[1]) + shift);
  context.lineTo(Math.floor(to[0]) + shift, Math.floor(to[1]) + shift);
  context.strokeStyle = color;
  context.lineWidth = width;
  context.stroke();
}

/** Outline around a box that shows on any color: a line on a wider one in the color of the surface. */
export function paintOutline(context: CanvasRenderingContext2D, box: Box, outline: string, surface: string): void {
  for (const [color, width] of [
    [surface, 3],
    [outline, 1.5],
  ] as const) {
    context.strokeStyle = color;
    context.lineWidth = width;
    context.strokeRect(box.x - 0.75, box.y - 0.75, box.width + 1.5, box.height + 1.5);
  }
}
