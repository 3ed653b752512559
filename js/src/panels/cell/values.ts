/**
 * The numbers of one unit at one time, as the frame holds them, and what follows from them alone.
 *
 * Codes are rounded, so a product of two of them misses the recorded sum by as much as their rounding; the products are
 * moved within it, so that they add up to the recorded state. Where they cannot, they are shown as they are. What is
 * not in the frame, such as sums before a gate's function and the state before the first time, is not invented.
 */

import { positionOf } from "../../color";
import type { Place } from "../../cursor";
import { decoded, relation } from "../../frame";
import type { Shade } from "../../marks/formula";
import type { Plane } from "../../protocol.gen";
import type { Store } from "../../store";
import { type Sheet, sheetOf, valueAt } from "../sheet";

/** A number with its relation to the recorded one and its place on its color scale; null where it is not known. */
export interface Datum {
  readonly value: number | null;
  readonly relation: ReturnType<typeof relation>;
  readonly shade: Shade;
}

export const UNKNOWN: Datum = { value: null, relation: "=", shade: { scale: "none", position: 0 } };

export interface CellValues {
  readonly unit: number;
  readonly time: number;
  /** The time that the cell comes from, which in a reverse layer is the next one, and may not be recorded; null at the start. */
  readonly before: number | null;
  /** Whether h is a projection, whose units are not those of the gates. */
  readonly projected: boolean;
  readonly at: (name: string) => Datum;
  readonly previous: (name: string) => Datum;
  /** A number made of others, on the color scale of a quantity. */
  readonly made: (value: number | null, like: string) => Datum;
  /** Half of the distance between neighboring codes of a quantity. */
  readonly slack: (name: string) => number;
}

export function valuesOf(store: Store, place: Place): CellValues | null {
  const { frame, layer, sample, time } = place;
  const sheet = (name: string) => (frame && layer ? sheetOf(frame, layer, name, sample) : null);
  const [gates, output] = [sheet("c") ?? sheet("h"), sheet("h")];
  if (!layer || !gates || time >= gates.length) return null;
  const unit = Math.max(0, Math.min(place.unit ?? 0, gates.units - 1));
  const step = layer.name.endsWith("_reverse") ? 1 : -1;
  const before = time + step >= -layer.first && time + step < gates.length ? time + step : null;
  const projected = output !== null && output.units !== gates.units;
  const read = (name: string, when: number | null): Datum => {
    const found = sheet(name);
    if (!found || when === null || (name === "h" && projected)) return UNKNOWN;
    return datum(valueAt(found, when, unit), found.plane, store.high(layer.name, name));
  };
  return {
    ...{ unit, time, before, projected },
    at: (name) => read(name, time),
    previous: (name) => read(name, sentBefore(gates, time, before)),
    made: (value, like) => {
      const found = sheet(like);
      return found ? datum(value, found.plane, store.high(layer.name, like)) : { ...UNKNOWN, value };
    },
    slack: (name) => slackOf(sheet(name)),
  };
}

/** The time before, unless it was not sent: a neighbor in its place would be another number. */
function sentBefore({ timeStride }: Sheet, time: number, before: number | null): number | null {
  if (timeStride === 1 || before === null) return before;
  return Math.floor(before / timeStride) === Math.floor(time / timeStride) ? null : before;
}

function datum(value: number | null, plane: Plane, top: number): Datum {
  if (value === null) return UNKNOWN;
  const scale = plane.encoding === "unit" ? "sequential" : "diverging";
  const place = Math.max(-1, Math.min(1, positionOf(value, plane.encoding, top)));
  const shade = { scale, position: Number.isFinite(value) ? place : value } as const;
  return { value, relation: relation(value, plane), shade };
}

function slackOf(sheet: Sheet | null): number {
  return sheet ? Math.abs(decoded(127, sheet.plane) - decoded(126, sheet.plane)) / 2 : 0;
}

/**
 * The two terms of a recorded sum, so that they add up to it: what they miss is shared by how far each may be wrong.
 * One that is not known is what the other leaves: nothing where that is no more than rounding.
 */
export function terms(
  [one, oneSlack]: readonly [number | null, number],
  [other, otherSlack]: readonly [number | null, number],
  [sum, sumSlack]: readonly [number | null, number],
): readonly [number | null, number | null] {
  if (sum === null || (one === null && other === null)) return [one, other];
  const [first, second] = [one === null ? 0 : oneSlack, other === null ? 0 : otherSlack];
  const missed = sum - (one ?? 0) - (other ?? 0);
  const slack = first + second;
  if (slack === 0 || !(Math.abs(missed) <= slack + sumSlack)) return [one ?? missed, other ?? missed];
  return [(one ?? 0) + (missed * first) / slack, (other ?? 0) + (missed * second) / slack];
}

/** How far a product may be wrong when its factors may be. */
export function productSlack(one: number | null, oneSlack: number, other: number | null, otherSlack: number): number {
  return Math.abs(one ?? 0) * otherSlack + Math.abs(other ?? 0) * oneSlack + oneSlack * otherSlack;
}

/** Two numbers and their sum to two decimals that add up as written. */
export function summed(
  one: number | null,
  other: number | null,
  sum: number | null,
): readonly [string, string, string] {
  if (one === null || other === null || sum === null || ![one, other, sum].every((x) => Math.abs(x) < 1e4)) {
    return [shown(one), shown(other), shown(sum)];
  }
  const hundredths = (value: number) => Math.round(value * 100);
  const larger = Math.abs(one) > Math.abs(other);
  const rest = hundredths(sum) - hundredths(larger ? other : one);
  const fits = Math.abs(rest / 100 - (larger ? one : other)) < 0.02;
  if (!fits) return [shown(one), shown(other), shown(sum)];
  return larger ? [shown(rest / 100), shown(other), shown(sum)] : [shown(one), shown(rest / 100), shown(sum)];
}

/** Two decimals, or three digits where the number is large; a dash for what is not known. */
export function shown(value: number | null): string {
  if (value === null) return "\u2013";
  if (Number.isNaN(value)) return "NaN";
  const sign = value < 0 && Math.abs(value) >= 0.005 ? "\u2212" : "";
  const size = Math.abs(value);
  if (size === Number.POSITIVE_INFINITY) return `${sign}\u221e`;
  if (size >= 1e4) return sign + size.toExponential(1).replace("e+", "e");
  return sign + size.toFixed(size < 10 ? 2 : size < 100 ? 1 : 0);
}
