/** Squares of equal size side by side, in as many rows as they need: for one small picture a gate. */

import { type Label, label } from "../marks/label";
import type { Box } from "../scale";
import type { Strings } from "../strings";

const SIDE = { left: 30, right: 12, top: 24 };
const NARROWEST = 140;
const LARGEST = 240;

/** The squares within a width, each with room for its title above and `bottom` pixels below; and the height of all. */
export function tiles(count: number, width: number, bottom: number): { boxes: Box[]; height: number } {
  const across = Math.max(1, Math.min(count, Math.floor(width / NARROWEST)));
  const cell = Math.min(width / across, LARGEST + SIDE.left + SIDE.right);
  const side = Math.floor(cell - SIDE.left - SIDE.right);
  const down = side + SIDE.top + bottom;
  const boxes = Array.from({ length: count }, (_, index) => ({
    x: (index % across) * cell + SIDE.left,
    y: Math.floor(index / across) * down + SIDE.top,
    width: side,
    height: side,
  }));
  return { boxes, height: Math.ceil(count / across) * down };
}

/** The name of a gate above its square: in full where it fits. */
export function titleOf(gate: string, { x, y, width }: Box, strings: Strings): Label {
  const text = width > 150 ? (strings.gate[gate] ?? gate) : gate;
  return label(text, x + width / 2, y - 12, "center", "ink", { bold: true });
}
