/**
 * Single units over time: lines of the selected unit and of those pinned, over the band from the lowest to the highest
 * unit, on the scale of the heatmap and along its time axis.
 */

import { positionOf } from "../color";
import type { Place } from "../cursor";
import { decoded, type StepFrame } from "../frame";
import { type Label, label, paintMessage, type Tone } from "../marks/label";
import type { Legend } from "../marks/legend";
import { type Dot, type Line, paintBand, paintLine } from "../marks/line";
import { paintRule } from "../marks/rule";
import { type Box, band, linear, type Scale } from "../scale";
import type { Store } from "../store";
import type { Strings } from "../strings";
import type { Look } from "../theme";
import { plotBox } from "./geometry";
import { apart, legendTicks, timeNumbers } from "./labels";
import { described, keyOf, meansOf, remembered, type Sheet, sheetOf, topOf, valueAt } from "./sheet";

export interface UnitsScene {
  readonly width: number;
  readonly height: number;
  readonly box: Box;
  /** Units in the order of the lines: pinned ones, then the selected one. */
  readonly units: readonly number[];
  readonly lines: readonly Line[];
  readonly dots: readonly Dot[];
  readonly upper: Float64Array;
  readonly lower: Float64Array;
  readonly grid: readonly number[];
  readonly labels: readonly Label[];
  readonly rule: number | null;
  /** Of each unit, and its value at the time shown, in words. */
  readonly readings: ReadonlyArray<{ readonly unit: number; readonly text: string }>;
  readonly message: string;
}

const AXIS = 22;
const STYLES: ReadonlyArray<{ readonly tone: Tone; readonly dash?: readonly number[] }> = [
  { tone: "total" },
  { tone: "direct" },
  { tone: "cell" },
  { tone: "total", dash: [5, 3] },
  { tone: "direct", dash: [5, 3] },
  { tone: "cell", dash: [5, 3] },
];

/** Units that can be pinned. */
export const MOST_PINS = STYLES.length;

export function resolve(
  store: Store,
  place: Place,
  width: number,
  strings: Strings,
  pins: readonly number[] = [],
): UnitsScene {
  const { frame, layer, gate, time } = place;
  const box = plotBox(width, 10, width < 520 ? 130 : 170);
  const sheet = frame && layer ? sheetOf(frame, layer, gate, place.sample) : null;
  const empty = { width, height: box.y + box.height + AXIS, box, units: [], lines: [], dots: [], grid: [], labels: [] };
  if (!frame || !layer || !sheet) {
    const message = frame ? strings.notRecorded(strings.gate[gate] ?? gate) : strings.waiting;
    return { ...empty, upper: new Float64Array(), lower: new Float64Array(), rule: null, readings: [], message };
  }
  const top = topOf(sheet, store.high(layer.name, gate));
  const x = band(sheet.times, box.x, box.x + box.width);
  const ticks = legendTicks(sheet.plane, top);
  const y = heights(sheet, top, ticks, box);
  const shown = pins.filter((unit) => unit < sheet.units && unit !== place.unit);
  const units = place.unit === null ? shown : [...shown, Math.min(place.unit, sheet.units - 1)];
  const drawn = units.map((unit, index) => {
    const selected = index === units.length - 1 && place.unit !== null;
    const style = selected ? { tone: "ink" as const } : (STYLES[index % STYLES.length] as (typeof STYLES)[number]);
    return { unit, style, selected, line: lineOf(sheet, unit, x, y) };
  });
  const { upper, lower } = bandOf(frame, sheet, x, y);
  return {
    ...{ ...empty, upper, lower, units, message: "" },
    lines: [
      meanLine(frame, sheet, x, y),
      ...drawn.map(({ line, style, selected }) => ({ points: line, width: selected ? 2.25 : 1.75, ...style })),
    ],
    dots: drawn.flatMap(({ unit, style }) => dotOf(sheet, unit, time, style.tone, x, y)),
    grid: ticks.map(({ position }) => y.at(position)),
    labels: [
      ...ticks.map(({ position, text }) => label(text, box.x - 7, y.at(position), "right", "muted")),
      ...timeNumbers(place, box, box.y + box.height + 11),
      ...apart(drawn.map(({ unit, style, line }) => endLabel(String(unit), style.tone, line))),
    ],
    rule: time < sheet.length ? x(time) : null,
    readings: drawn.map(({ unit }) => ({ unit, text: described(sheet, gate, time, unit, strings) })),
  };
}

interface Heights {
  readonly at: (position: number) => number;
  readonly of: (value: number) => number;
}

/** From values to pixels: linear for gates and states, by sign and logarithm for gradients, as the colors are. */
function heights({ plane }: Sheet, top: number, ticks: Legend["ticks"], box: Box): Heights {
  const low = Math.min(...ticks.map(({ position }) => position));
  const at = linear(low, 1, box.y + box.height, box.y);
  const of = (value: number) => at(Math.max(low, Math.min(1, positionOf(value, plane.encoding, top))));
  return { at, of: (value) => (Number.isFinite(value) ? of(value) : Number.NaN) };
}

function lineOf(sheet: Sheet, unit: number, x: Scale, y: Heights): Float64Array {
  const points = new Float64Array(2 * sheet.length);
  for (let time = 0; time < sheet.length; time++) {
    points[2 * time] = x(time);
    points[2 * time + 1] = y.of(valueAt(sheet, time, unit) ?? Number.NaN);
  }
  return points;
}

interface Range {
  readonly low: Float64Array;
  readonly high: Float64Array;
}

const ranges = remembered<Range>();

/** The lowest and the highest number of all units at each sent time. */
function rangeOf(frame: StepFrame, sheet: Sheet): Range {
  return ranges(frame, keyOf(sheet), () => {
    const { codes, start, columnPitch, columns, rows, plane } = sheet;
    const numbers = Float64Array.from({ length: 256 }, (_, code) => decoded(code, plane));
    const [low, high] = [new Float64Array(columns).fill(Number.NaN), new Float64Array(columns).fill(Number.NaN)];
    for (let column = 0; column < columns; column++) {
      const from = start + column * columnPitch;
      let [least, most] = [Number.POSITIVE_INFINITY, -Number.POSITIVE_INFINITY];
      for (let row = 0; row < rows; row++) {
        const number = numbers[codes[from + row] as number] as number;
        if (!Number.isFinite(number)) continue;
        if (number < least) least = number;
        if (number > most) most = number;
      }
      if (least > most) continue;
      low[column] = least;
      high[column] = most;
    }
    return { low, high };
  });
}

/** The band of all units, without the times that have no number. */
function bandOf(frame: StepFrame, sheet: Sheet, x: Scale, y: Heights): { upper: Float64Array; lower: Float64Array } {
  const { low, high } = rangeOf(frame, sheet);
  const columns = [...low.keys()].filter((column) => !Number.isNaN(low[column]));
  const points = (values: Float64Array) =>
    Float64Array.from(columns.flatMap((column) => [x(column * sheet.timeStride), y.of(values[column] as number)]));
  return { upper: points(high), lower: points(low) };
}

function meanLine(frame: StepFrame, sheet: Sheet, x: Scale, y: Heights): Line {
  const { times } = meansOf(frame, sheet);
  const points = Float64Array.from([...times].flatMap((mean, column) => [x(column * sheet.timeStride), y.of(mean)]));
  return { points, tone: "muted", width: 1, dash: [2, 3] };
}

function dotOf(sheet: Sheet, unit: number, time: number, tone: Tone, x: Scale, y: Heights): Dot[] {
  const value = valueAt(sheet, time, unit);
  if (value === null) return [];
  if (Number.isFinite(value)) return [{ x: x(time), y: y.of(value), radius: 4, tone }];
  return [{ x: x(time), y: y.at(1), radius: 4, tone: Number.isNaN(value) ? "nan" : "positive" }];
}

function endLabel(text: string, tone: Tone, line: Float64Array): Label {
  let last = line.length - 2;
  while (last > 0 && Number.isNaN(line[last + 1])) last -= 2;
  const [x, y] = [line[last] ?? 0, line[last + 1] ?? 0];
  return label(text, x + 9, Number.isNaN(y) ? 0 : y, "left", tone, { bold: true });
}

/** Paint what stays while another time is shown. */
export function paintStill(scene: UnitsScene, context: CanvasRenderingContext2D, look: Look): void {
  const { box, grid, upper, lower, message } = scene;
  for (const y of grid) paintRule(context, [box.x, y], [box.x + box.width, y], look.grid);
  if (upper.length > 2) paintBand(context, upper, lower, look.muted);
  for (const line of scene.lines) paintLine(context, line, look);
  paintMessage(context, message, box, look);
}
