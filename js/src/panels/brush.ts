/** A range of steps on an axis of steps: as a drag marks it, as keys zoom it, and where it stands. Its ends are whole steps. */

import { type Box, linear } from "../scale";

export type Domain = readonly [first: number, last: number];

/** Steps across a box. */
export interface Axis {
  readonly box: Box;
  readonly domain: Domain;
}

/** The step at a horizontal position, held within the axis. */
export function stepOn({ box, domain }: Axis, x: number): number {
  const share = Math.max(0, Math.min(1, (x - box.x) / box.width));
  return domain[0] + share * (domain[1] - domain[0]);
}

/** The range that holds what lies between two positions on an axis; nothing where both are one step. */
export function spanned(one: number, other: number): Domain | null {
  const range = [Math.floor(Math.min(one, other)), Math.ceil(Math.max(one, other))] as const;
  return range[0] < range[1] ? range : null;
}

/** A range `factor` times as long about a step, within the whole run; nothing where it is the whole run. */
export function zoomed([from, to]: Domain, step: number, factor: number, [first, last]: Domain): Domain | null {
  const size = Math.max(1, Math.round((to - from) * factor));
  if (size >= last - first) return null;
  const start = Math.max(first, Math.min(Math.round(step - size / 2), last - size));
  return [start, start + size];
}

/** Where a range stands on an axis; nothing where none of it is on the axis. */
export function bandOf({ box, domain }: Axis, [from, to]: Domain): Box | null {
  const x = linear(domain[0], domain[1], box.x, box.x + box.width);
  const [left, right] = [x(Math.max(from, domain[0])), x(Math.min(to, domain[1]))];
  return left < right ? { ...box, x: left, width: right - left } : null;
}
