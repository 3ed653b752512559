/**
 * One sample of one plane as a sheet of codes, (time, unit): what every picture of gates, states and gradients reads.
 *
 * A plane may have been reduced before it was sent: every k-th time, sample or unit. Pictures answer for recorded
 * indices with what was sent in their place; numbers in words are given only where they themselves were sent.
 */

import { dash, related, value as valueText } from "../format";
import {
  type Bytes,
  codesOf,
  decoded,
  finePlaneOf,
  floatsOf,
  planeOf,
  type Reading,
  readingOf,
  type StepFrame,
} from "../frame";
import type { Cells } from "../marks/heatmap";
import { type Layer, type Plane, START_PREFIX } from "../protocol.gen";
import type { Strings } from "../strings";

export interface Sheet extends Cells {
  readonly plane: Plane;
  /** Position, among the samples kept, of the one that was sent. */
  readonly sample: number;
  /** The recorded number at a time and a unit; null outside the sequence and where it was not sent. */
  readonly read: (time: number, unit: number) => Reading | null;
}

export function sheetOf(frame: StepFrame, layer: Layer, name: string, sample: number): Sheet | null {
  const plane = planeOf(frame, layer.name, name);
  if (!plane) return null;
  const [sent = 0, samples = 1, rows = 0] = plane.shape;
  const [timeStride = 1, sampleStride = 1, unitStride = 1] = plane.stride;
  const [times = 0, , units = 0] = plane.full;
  const row = Math.floor(sample / sampleStride);
  const length = Math.min(layer.lengths[row * sampleStride] ?? times, times);
  const cells = {
    ...{ codes: codesOf(frame, plane), start: row * rows, columnPitch: samples * rows },
    ...{ columns: Math.min(sent, Math.ceil(length / timeStride)), rows },
    ...{ timeStride, unitStride, times, units, length },
  };
  const fineAt = fineBytes(frame, layer.name, name, row);
  const read = (time: number, unit: number): Reading | null => {
    const within = time >= 0 && time < length && unit >= 0 && unit < units;
    if (!within || time % timeStride || sample % sampleStride || unit % unitStride) return null;
    if (frame.read) return frame.read(sample, time, unit);
    const [column, line] = [time / timeStride, unit / unitStride];
    const code = cells.codes[cells.start + column * cells.columnPitch + line];
    return code === undefined ? null : readingOf(code, plane, fineAt(column, line));
  };
  return { ...cells, plane, sample: row * sampleStride, read };
}

/** The fine byte of each sent time and unit of a sample; undefined where none was sent. */
function fineBytes(frame: StepFrame, layer: string, name: string, row: number) {
  const plane = finePlaneOf(frame, layer, name);
  const [, samples = 0, rows = 0] = plane?.shape ?? [];
  const bytes: Bytes | null = plane && row < samples ? codesOf(frame, plane) : null;
  return (column: number, line: number) => bytes?.[(column * samples + row) * rows + line];
}

/** The state before the first time recorded, of a unit; null where it was not sent. */
export function startOf(frame: StepFrame, layer: Layer, name: string, sample: number, unit: number): Reading | null {
  const plane = planeOf(frame, layer.name, START_PREFIX + name);
  const [samples = 0, rows = 0] = plane?.shape ?? [];
  const [sampleStride = 1, unitStride = 1] = plane?.stride ?? [];
  const [row, line] = [sample / sampleStride, unit / unitStride];
  if (!plane || row >= samples || line >= rows || !Number.isInteger(row) || !Number.isInteger(line)) return null;
  return { value: floatsOf(frame, plane)[row * rows + line] as number, error: 0, relation: "=" };
}

/** The value at a recorded time and unit, or of what was sent in its place; null outside the sequence. For pictures. */
export function valueAt(sheet: Sheet, time: number, unit: number): number | null {
  if (time < 0 || time >= sheet.length) return null;
  const column = Math.floor(time / sheet.timeStride);
  const row = Math.floor(unit / sheet.unitStride);
  const code = sheet.codes[sheet.start + column * sheet.columnPitch + row];
  return code === undefined ? null : decoded(code, sheet.plane);
}

/** A number as it may be written: no digit that is not known. */
export function written(reading: Reading | null): string {
  return reading ? related(reading.relation, valueText(reading.value, reading.error)) : dash;
}

/** "dh = 0.5" or "dh \u2264 0.5"; or that the number was not sent precisely enough to write a digit of it. */
export function assigned(name: string, reading: Reading | null, strings: Strings): string {
  const text = reading ? valueText(reading.value, reading.error) : dash;
  return reading && text !== dash ? `${name} ${reading.relation} ${text}` : strings.notSent(name);
}

/** What is known at a time and a unit, in words; outside the sequence, that there is nothing. */
export function described(sheet: Sheet | null, name: string, time: number, unit: number, strings: Strings): string {
  if (!sheet || time < 0 || time >= sheet.length) return strings.noData;
  return assigned(name, sheet.read(time, unit), strings);
}

/** The end of a scale: a power of ten for logarithms and for large numbers, which finds room beside the legend. */
export function topOf({ plane }: Sheet, high: number): number {
  const rounded = plane.encoding === "signed_log" ? high > 0 : high > 1e4;
  return rounded ? 10 ** Math.ceil(Math.log10(high) - 1e-9) : high;
}

/** The number of each code; NaN for what is no number. Of gradients, whose signs cancel, the size. */
export function numbersOf(plane: Plane): Float64Array {
  const sized = plane.encoding === "signed_log";
  return Float64Array.from({ length: 256 }, (_, code) => {
    const number = decoded(code, plane);
    if (!Number.isFinite(number)) return Number.NaN;
    return sized ? Math.abs(number) : number;
  });
}

/** A value that is worked out once for a frame and a key, and forgotten with the frame. */
export function remembered<Value>(): (frame: object, key: string, make: () => Value) => Value {
  const known = new WeakMap<object, Map<string, Value>>();
  return (frame, key, make) => {
    const values = known.get(frame) ?? new Map<string, Value>();
    known.set(frame, values);
    const found = values.get(key) ?? make();
    values.set(key, found);
    return found;
  };
}

/** A value that is worked out again only where the inputs differ from those of the call before for the same frame. */
export function latest<Value>(): (frame: object, inputs: readonly unknown[], make: () => Value) => Value {
  const known = new WeakMap<object, { readonly inputs: readonly unknown[]; readonly value: Value }>();
  return (frame, inputs, make) => {
    const before = known.get(frame);
    if (before?.inputs.every((input, index) => input === inputs[index])) return before.value;
    const value = make();
    known.set(frame, { inputs, value });
    return value;
  };
}

export function keyOf({ plane, start }: Sheet): string {
  return `${plane.offset} ${start}`;
}

export interface Means {
  /** Of each sent time, over units. */
  readonly times: Float64Array;
  /** Of each sent unit, over the times of the sequence. */
  readonly units: Float64Array;
  /** How often each code stands that is no number. */
  readonly bad: Uint32Array;
}

const means = remembered<Means>();

/** Means of the finite numbers (of gradients, of their sizes); NaN where there is none. */
export function meansOf(frame: StepFrame, sheet: Sheet): Means {
  return means(frame, keyOf(sheet), () => {
    const { codes, start, columnPitch, columns, rows } = sheet;
    const numbers = numbersOf(sheet.plane);
    const times = new Float64Array(columns);
    const units = new Float64Array(rows);
    const counts = new Uint32Array(rows);
    const bad = new Uint32Array(256);
    for (let column = 0; column < columns; column++) {
      const from = start + column * columnPitch;
      let [sum, count] = [0, 0];
      for (let row = 0; row < rows; row++) {
        const code = codes[from + row] as number;
        const number = numbers[code] as number;
        if (Number.isNaN(number)) {
          bad[code] = (bad[code] as number) + 1;
          continue;
        }
        sum += number;
        count += 1;
        units[row] = (units[row] as number) + number;
        counts[row] = (counts[row] as number) + 1;
      }
      times[column] = sum / count;
    }
    return { times, units: units.map((sum, row) => sum / (counts[row] as number)), bad };
  });
}
