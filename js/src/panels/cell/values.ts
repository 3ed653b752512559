/**
 * The numbers of one unit at one time, as the frame holds them, and what follows from them.
 *
 * Every number carries how far it may be from the recorded one, and is written with the digits that are known. Numbers
 * are never moved to make a sum look consistent: two rounded terms may miss their rounded sum by one digit. What is not
 * in the frame, such as sums before a gate's function, is left out.
 */

import { positionOf } from "../../color";
import type { Place } from "../../cursor";
import { dash, short } from "../../format";
import type { Reading } from "../../frame";
import type { Shade } from "../../marks/formula";
import type { Plane } from "../../protocol.gen";
import type { Store } from "../../store";
import { sheetOf, startOf } from "../sheet";

/** A number with its place on its color scale; the reading is null where the number is not known. */
export interface Datum {
  readonly reading: Reading | null;
  readonly shade: Shade;
}

export const UNKNOWN: Datum = { reading: null, shade: { scale: "none", position: 0 } };

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
  readonly made: (reading: Reading | null, like: string) => Datum;
}

export function valuesOf(store: Store, place: Place): CellValues | null {
  const { frame, layer, sample, time } = place;
  const sheet = (name: string) => (frame && layer ? sheetOf(frame, layer, name, sample) : null);
  const [gates, output] = [sheet("c") ?? sheet("h"), sheet("h")];
  if (!frame || !layer || !gates || time >= gates.length) return null;
  const unit = Math.max(0, Math.min(place.unit ?? 0, gates.units - 1));
  const step = layer.name.endsWith("_reverse") ? 1 : -1;
  const before = time + step >= -layer.first && time + step < gates.length ? time + step : null;
  const projected = output !== null && output.units !== gates.units;
  const datum = (name: string, read: (plane: Plane) => Reading | null): Datum => {
    const found = sheet(name);
    if (!found || (name === "h" && projected)) return UNKNOWN;
    return shaded(read(found.plane), found.plane, store.high(layer.name, name));
  };
  const recordedBefore = before !== null && before >= 0;
  return {
    ...{ unit, time, before, projected },
    at: (name) => datum(name, () => sheet(name)?.read(time, unit) ?? null),
    previous: (name) =>
      datum(name, () =>
        recordedBefore ? (sheet(name)?.read(before, unit) ?? null) : startOf(frame, layer, name, sample, unit),
      ),
    made: (reading, like) => {
      const found = sheet(like);
      return found ? shaded(reading, found.plane, store.high(layer.name, like)) : { ...UNKNOWN, reading };
    },
  };
}

function shaded(reading: Reading | null, plane: Plane, top: number): Datum {
  if (reading === null) return UNKNOWN;
  const { value } = reading;
  const scale = plane.encoding === "unit" ? "sequential" : "diverging";
  const place = Math.max(-1, Math.min(1, positionOf(value, plane.encoding, top)));
  return { reading, shade: { scale, position: Number.isFinite(value) ? place : value } };
}

/** A product, known as well as its factors are. */
export function product(one: Reading | null, other: Reading | null): Reading | null {
  if (!one || !other) return null;
  const error = Math.abs(one.value) * other.error + Math.abs(other.value) * one.error + one.error * other.error;
  return { value: one.value * other.value, error, relation: "=" };
}

/** What one term leaves of a sum, where that is the only way to know the other; `slack` is how far the sum may be off. */
export function rest(sum: Reading | null, term: Reading | null, slack: number): Reading | null {
  if (!sum || !term) return null;
  return { value: sum.value - term.value, error: sum.error + term.error + slack, relation: "=" };
}

/** What a function makes of a number whose slope is never steeper than 1. */
export function mapped(reading: Reading | null, of: (value: number) => number): Reading | null {
  return reading && { ...reading, value: of(reading.value) };
}

/** Two decimals where they are known; a dash for what is not. */
export function shown({ reading }: Datum): string {
  return reading === null ? dash : short(reading.value, reading.error);
}
