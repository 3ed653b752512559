/** The numbers behind the pictures: one quantity over units and times, and every quantity of one time over its units. */

import type { Place } from "../cursor";
import { codesOf, decoded, planeOf } from "../frame";

export interface Table {
  readonly columns: readonly string[];
  readonly rows: ReadonlyArray<readonly string[]>;
}

/** The value of a quantity at a unit and a time, as it was sent; null where none was. */
function reader(
  { frame, layer, sample, length }: Place,
  name: string,
): ((time: number, unit: number) => number | null) | null {
  const plane = frame && layer && planeOf(frame, layer.name, name);
  if (!frame || !plane || plane.dtype !== "u1" || plane.shape.length !== 3) return null;
  const codes = codesOf(frame, plane);
  const [, samples = 1, units = 0] = plane.shape;
  const [timeStride = 1, sampleStride = 1, unitStride = 1] = plane.stride;
  return (time, unit) => {
    if (time >= length) return null;
    const cell = Math.floor(time / timeStride) * samples * units + Math.floor(sample / sampleStride) * units;
    const code = codes[cell + Math.floor(unit / unitStride)];
    return code === undefined ? null : decoded(code, plane);
  };
}

function text(value: number | null): string {
  return value === null ? "" : String(Number(value.toPrecision(4)));
}

/** Every quantity at the time shown: a row a unit. */
export function atTime(place: Place): Table {
  const readers = place.gates.map((name) => [name, reader(place, name)] as const);
  const units = [...Array(place.units).keys()];
  return {
    columns: ["unit", ...readers.map(([name]) => name)],
    rows: units.map((unit) => [String(unit), ...readers.map(([, read]) => text(read?.(place.time, unit) ?? null))]),
  };
}

/** The quantity shown: a row a unit, a column a time, with its token where there is one. */
export function ofQuantity(place: Place): Table {
  const read = reader(place, place.gate);
  const times = [...Array(place.times).keys()];
  const units = [...Array(place.units).keys()];
  return {
    columns: ["unit", ...times.map((time) => [`t=${time}`, place.tokens?.[time]].filter(Boolean).join(" "))],
    rows: units.map((unit) => [String(unit), ...times.map((time) => text(read?.(time, unit) ?? null))]),
  };
}

/** A table as a file that spreadsheets read; what they would take for a formula is kept from them (RFC 4180, OWASP). */
export function csv({ columns, rows }: Table): string {
  const field = (value: string) => {
    const safe = /^[=+\-@\t\r]/.test(value) && Number.isNaN(Number(value)) ? `'${value}` : value;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return [columns, ...rows].map((row) => `${row.map(field).join(",")}\r\n`).join("");
}
