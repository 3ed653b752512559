/** The numbers behind the pictures: one quantity over units and times, and every quantity of one time over its units. */

import type { Place } from "../cursor";
import { plain, related } from "../format";
import { sheetOf } from "./sheet";

export interface Table {
  readonly columns: readonly string[];
  readonly rows: ReadonlyArray<readonly string[]>;
}

/** The value of a quantity at a time and a unit, in four digits or as many as are known; empty where it was not sent. */
function reader({ frame, layer, sample }: Place, name: string): (time: number, unit: number) => string {
  const sheet = frame && layer && sheetOf(frame, layer, name, sample);
  return (time, unit) => {
    const reading = sheet?.read(time, unit);
    const text = reading ? plain(reading.value, reading.error) : "";
    return reading && text ? related(reading.relation, text) : "";
  };
}

/** Every quantity at the time shown: a row a unit. */
export function atTime(place: Place): Table {
  const readers = place.gates.map((name) => [name, reader(place, name)] as const);
  const units = [...Array(place.units).keys()];
  return {
    columns: ["unit", ...readers.map(([name]) => name)],
    rows: units.map((unit) => [String(unit), ...readers.map(([, read]) => read(place.time, unit))]),
  };
}

/** The quantity shown: a row a unit, a column a time, with its token where there is one. */
export function ofQuantity(place: Place): Table {
  const read = reader(place, place.gate);
  const times = [...Array(place.times).keys()];
  const units = [...Array(place.units).keys()];
  return {
    columns: [
      "unit",
      ...times.map((time) => [`t=${place.first + time}`, place.tokens?.[time]].filter(Boolean).join(" ")),
    ],
    rows: units.map((unit) => [String(unit), ...times.map((time) => read(time, unit))]),
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
