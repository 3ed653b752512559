/** The heatmap of one gate: units down, time across, tokens along the top, the selected column and unit outlined. */

import { css, diverging, sequential, table } from "../color";
import type { Place } from "../cursor";
import { grouped, value as valueText } from "../format";
import { codesOf, decoded, planeOf, type StepFrame } from "../frame";
import { type Cells, paintCells } from "../marks/heatmap";
import { type Label, paintLabels, paintMessage } from "../marks/label";
import { type Legend, paintLegend } from "../marks/legend";
import { paintOutline } from "../marks/rule";
import { CODE_NAN, CODE_NEGATIVE_INFINITY, CODE_POSITIVE_INFINITY, CODE_TOP, type Plane } from "../protocol.gen";
import type { Box } from "../scale";
import type { Store } from "../store";
import type { Strings } from "../strings";
import type { Look } from "../theme";
import { plotBox, RIGHT } from "./geometry";
import { legendTicks, NUMBERS_HEIGHT, TOKENS_HEIGHT, timeNumbers, tokenLabels, unitLabels } from "./labels";

export interface GatesScene {
  readonly width: number;
  readonly height: number;
  readonly box: Box;
  readonly plane: Plane | null;
  readonly cells: Cells | null;
  /** The end of the scale, fixed over the steps of the run. */
  readonly top: number;
  readonly column: Box | null;
  readonly row: Box | null;
  readonly labels: readonly Label[];
  readonly legend: Legend | null;
  /** Those of the sample that was sent, which need not be the one asked for. */
  readonly tokens: readonly string[] | null;
  readonly message: string;
  readonly notes: readonly string[];
}

/** Height of the cells: whole pixels a unit where they fit. */
function plotHeight(units: number, width: number): number {
  const wanted = width < 520 ? 240 : 300;
  const pixels = Math.min(Math.round(wanted / Math.max(units, 1)), 24);
  const whole = units * pixels;
  return whole > 0 && whole <= 1.3 * wanted ? whole : wanted;
}

export function resolve(store: Store, place: Place, width: number, strings: Strings): GatesScene {
  const { frame, layer, gate, times, time, units, unit } = place;
  const top = frame && !place.tokens ? NUMBERS_HEIGHT : TOKENS_HEIGHT;
  const box = plotBox(width, top, plotHeight(units, width));
  const empty = {
    width,
    height: box.y + box.height + 4,
    box,
    plane: null,
    cells: null,
    top: 0,
    column: null,
    row: null,
  };
  const plane = frame && layer ? planeOf(frame, layer.name, gate) : undefined;
  if (!frame || !layer || !plane) {
    const message = frame ? strings.notRecorded(strings.gate[gate] ?? gate) : strings.waiting;
    return { ...empty, labels: [], legend: null, tokens: null, message, notes: [] };
  }
  const cells = cellsOf(frame, plane, place);
  const tokens = frame.header.tokens?.[shownSample(plane, place)] ?? null;
  const bad = tally(frame, plane, cells);
  const limit = topOf(plane, store.high(layer.name, gate));
  return {
    ...empty,
    plane,
    cells,
    top: limit,
    column: { x: box.x + (time / times) * box.width, y: box.y, width: box.width / times, height: box.height },
    row:
      unit === null
        ? null
        : { x: box.x, y: box.y + (unit / units) * box.height, width: box.width, height: box.height / units },
    labels: [
      ...(tokens ? tokenLabels(place, tokens.slice(0, cells.length), box) : timeNumbers(place, box, box.y - 9)),
      ...unitLabels(place, box, strings),
    ],
    legend: legendOf(plane, limit, bad, box, width),
    tokens,
    message: "",
    notes: [...reductions(plane, place, strings), ...badValues(bad, strings)],
  };
}

/** The end of a scale: a power of ten for logarithms, so that the legend can say it shortly. */
function topOf(plane: Plane, high: number): number {
  return plane.encoding === "signed_log" && high > 0 ? 10 ** Math.ceil(Math.log10(high)) : high;
}

/** The sample that was sent for the one chosen. */
function shownSample(plane: Plane, place: Place): number {
  const stride = plane.stride[1] ?? 1;
  return Math.floor(place.sample / stride) * stride;
}

function cellsOf(frame: StepFrame, plane: Plane, place: Place): Cells {
  const [sentTimes = 0, samples = 1, rows = 0] = plane.shape;
  const [timeStride = 1, sampleStride = 1, unitStride = 1] = plane.stride;
  const lengths = place.layer?.lengths ?? [];
  const length = Math.min(lengths[shownSample(plane, place)] ?? place.times, place.times);
  return {
    codes: codesOf(frame, plane),
    start: Math.floor(place.sample / sampleStride) * rows,
    pitch: samples * rows,
    columns: Math.min(sentTimes, Math.ceil(length / timeStride)),
    rows,
    timeStride,
    unitStride,
    times: place.times,
    units: place.units,
    length,
  };
}

/** The value shown at a time and a unit; null past the end of the sequence. */
export function valueAt(scene: GatesScene, time: number, unit: number): number | null {
  const { cells, plane } = scene;
  if (!cells || !plane || time >= cells.length) return null;
  const column = Math.floor(time / cells.timeStride);
  const code = cells.codes[cells.start + column * cells.pitch + Math.floor(unit / cells.unitStride)];
  return code === undefined ? null : decoded(code, plane);
}

interface Tally {
  readonly nan: number;
  readonly positive: number;
  readonly negative: number;
}

const tallies = new WeakMap<StepFrame, Map<string, Tally>>();

/** How many cells are not numbers; counted once a frame, plane and sample. */
function tally(frame: StepFrame, plane: Plane, cells: Cells): Tally {
  const known = tallies.get(frame) ?? new Map<string, Tally>();
  tallies.set(frame, known);
  const key = `${plane.offset} ${cells.start}`;
  const counted = known.get(key) ?? count(cells);
  known.set(key, counted);
  return counted;
}

function count({ codes, start, pitch, columns, rows }: Cells): Tally {
  const found = new Uint32Array(256);
  for (let column = 0; column < columns; column++) {
    const from = start + column * pitch;
    for (let index = from; index < from + rows; index++) {
      const code = codes[index] as number;
      if (code > CODE_TOP) found[code] = (found[code] as number) + 1;
    }
  }
  return {
    nan: found[CODE_NAN] as number,
    positive: found[CODE_POSITIVE_INFINITY] as number,
    negative: found[CODE_NEGATIVE_INFINITY] as number,
  };
}

const KINDS = [
  { kind: "nan", text: "NaN" },
  { kind: "positive", text: "+\u221e" },
  { kind: "negative", text: "\u2212\u221e" },
] as const;

function legendOf(plane: Plane, top: number, bad: Tally, box: Box, width: number): Legend {
  const swatches = KINDS.filter(({ kind }) => bad[kind] > 0);
  const height = Math.max(20, Math.min(box.height, 200) - 14 * swatches.length);
  return {
    bar: { x: width - RIGHT + 10, y: box.y, width: 10, height },
    low: plane.encoding === "unit" ? 0 : -1,
    high: 1,
    ticks: legendTicks(plane, top),
    swatches,
  };
}

function reductions(plane: Plane, place: Place, strings: Strings): string[] {
  const [timeStride = 1, , unitStride = 1] = plane.stride;
  const shown = shownSample(plane, place);
  const facts = [];
  if (unitStride > 1) facts.push(strings.everyUnit(unitStride));
  if (timeStride > 1) facts.push(strings.everyTime(timeStride));
  if (shown !== place.sample) facts.push(strings.otherSample(String(place.samples[shown] ?? shown)));
  return facts.length > 0 ? [strings.reduced(facts.join(", "))] : [];
}

function badValues(bad: Tally, strings: Strings): string[] {
  const counts = KINDS.filter(({ kind }) => bad[kind] > 0).map(({ kind, text }) => `${grouped(bad[kind])} ${text}`);
  return counts.length > 0 ? [strings.bad(counts.join(", "))] : [];
}

/** "t = 17 / 35 'gate'". */
export function timeText(scene: GatesScene, place: Place, time: number, strings: Strings): string {
  const token = scene.tokens?.[time];
  return strings.at(time, place.times) + (token === undefined ? "" : ` ${strings.quoted(token)}`);
}

/** What a cell says when it is pointed at, one line a fact. */
export function describe(scene: GatesScene, place: Place, time: number, unit: number, strings: Strings): string[] {
  const found = valueAt(scene, time, unit);
  return [
    found === null ? strings.noData : `${place.gate} = ${valueText(found)}`,
    strings.gate[place.gate] ?? place.gate,
    `${strings.layer} ${place.layer?.name ?? ""}`,
    `${strings.unit} ${unit}`,
    timeText(scene, place, time, strings),
    ...scene.notes,
  ];
}

/** Paint the cells over the whole of their own canvas. */
export function paintData(
  scene: GatesScene,
  context: CanvasRenderingContext2D,
  scratch: CanvasRenderingContext2D,
  look: Look,
): void {
  if (scene.plane && scene.cells) {
    paintCells(context, scratch, scene.cells, table(scene.plane, scene.top, look.mode, look.surface));
  } else {
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  }
}

/** Paint labels, legend and outlines, around and over the cells. */
export function paint(scene: GatesScene, context: CanvasRenderingContext2D, look: Look): void {
  const { box, legend, plane } = scene;
  paintLabels(context, scene.labels, look);
  if (legend && plane) {
    paintLegend(context, legend, plane.encoding === "unit" ? sequential() : diverging(look.mode, look.surface), look);
  }
  for (const outline of [scene.row, scene.column]) {
    if (outline) paintOutline(context, outline, look.outline, css(look.surface));
  }
  if (scene.message) paintMessage(context, scene.message, box, look);
}
