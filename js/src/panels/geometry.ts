/** The one time axis that the heatmap, the slider under it and the gradients through time share. */

import type { Box } from "../scale";

/** Room for the labels of the vertical axis; for a strip of one number a row, and legends. */
export const LEFT = 46;
export const STRIP = 22;
export const RIGHT = 68 + STRIP;

export function plotBox(width: number, y: number, height: number): Box {
  return { x: LEFT, y, width: Math.max(width - LEFT - RIGHT, 1), height };
}

/** Where a range input must lie so that its thumb stands over the middle of column `t` at value `t`. */
export function sliderSpan(width: number, times: number, thumb: number): { left: number; width: number } {
  const { x, width: plot } = plotBox(width, 0, 0);
  const column = plot / Math.max(times, 1);
  return { left: x + column / 2 - thumb / 2, width: plot - column + thumb };
}
