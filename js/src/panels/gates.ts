/**
 * The heatmap of one gate: units down, time across, tokens along the top, the selected column and unit outlined.
 *
 * Units stand in an order, and only a part of them and of the times may be in sight. Beside the cells stands the mean of
 * each unit, below them the mean of each time.
 */

import { css, positionOf, table } from "../color";
import type { Place } from "../cursor";
import type { StepFrame } from "../frame";
import type { Pixels } from "../marks/grid";
import { paintCells, type Shown, spread } from "../marks/heatmap";
import { type Label, paintLabels, paintMessage } from "../marks/label";
import { type Legend, paintLegend } from "../marks/legend";
import { type Profile, paintProfile } from "../marks/profile";
import { paintOutline } from "../marks/rule";
import type { Layer } from "../protocol.gen";
import type { Box } from "../scale";
import type { Store } from "../store";
import type { Strings } from "../strings";
import type { Look } from "../theme";
import { plotBox, RIGHT, STRIP } from "./geometry";
import { legendTicks, NUMBERS_HEIGHT, TOKENS_HEIGHT, timeNumbers, timeText, tokenLabels, unitLabels } from "./labels";
import { type Order, orderOf, ordersFor } from "./order";
import { described, latest, meansOf, type Sheet, sheetOf, topOf } from "./sheet";
import { fitted, rounded, type Sight } from "./sight";
import { badValues, swatchesOf, type Tally, tally } from "./tally";

/** What the reader of a heatmap chose, beyond the cursor. */
export interface Wish {
  readonly order: Order;
  /** Null shows everything. */
  readonly sight: Sight | null;
  /** Rows to leave in the order they have, while it is not to change. */
  readonly rows?: Int32Array | null;
}

export const PLAIN: Wish = { order: "index", sight: null };

export interface GatesScene {
  readonly width: number;
  readonly height: number;
  readonly box: Box;
  readonly sheet: Sheet | null;
  /** What the box shows of the sheet, in whole indices. */
  readonly shown: Shown;
  /** The orders that mean something for this quantity. */
  readonly orders: readonly Order[];
  /** The end of the scale, fixed over the steps of the run. */
  readonly top: number;
  readonly column: Box | null;
  readonly row: Box | null;
  readonly labels: readonly Label[];
  readonly legend: Legend | null;
  /** The mean of each unit beside the cells, and of each time below them; the same while cells and strips are. */
  readonly profiles: readonly Profile[];
  /** Those of the sample that was sent, which need not be the one asked for. */
  readonly tokens: readonly string[] | null;
  readonly message: string;
  readonly notes: readonly string[];
}

const GAP = 4;
const NONE: GatesScene["profiles"] = [];

const stills = latest<GatesScene["profiles"]>();

/** Height of the cells: whole pixels a unit where they fit. */
function plotHeight(units: number, width: number): number {
  const wanted = width < 520 ? 240 : 300;
  const pixels = Math.min(Math.round(wanted / Math.max(units, 1)), 24);
  const whole = units * pixels;
  return whole > 0 && whole <= 1.3 * wanted ? whole : wanted;
}

export function resolve(store: Store, place: Place, width: number, strings: Strings, wish: Wish = PLAIN): GatesScene {
  const { frame, layer, gate, units } = place;
  const top = frame && !place.tokens ? NUMBERS_HEIGHT : TOKENS_HEIGHT;
  const box = plotBox(width, top, plotHeight(units, width));
  const sheet = frame && layer ? sheetOf(frame, layer, gate, place.sample) : null;
  if (!frame || !layer || !sheet) {
    const message = frame ? strings.notRecorded(strings.gate[gate] ?? gate) : strings.waiting;
    return { ...nothing(width, box), message };
  }
  const shown = shownOf(frame, layer, sheet, wish);
  const tokens = frame.header.tokens?.[sheet.sample] ?? null;
  const bad = tally(frame, sheet);
  const limit = topOf(sheet, store.high(layer.name, gate));
  const { time, unit, order } = shown;
  const fixed = [sheet.plane, sheet.start, limit, width, time.from, time.to, unit.from, unit.to, order, strings];
  const position = place.unit === null ? null : positionOfUnit(sheet, shown.order, place.unit);
  return {
    ...nothing(width, box),
    ...{ sheet, shown, tokens, top: limit, orders: ordersFor(frame, layer, sheet) },
    profiles: stills(frame, fixed, () => profilesOf(frame, sheet, shown, limit, box)),
    legend: legendOf(sheet, limit, bad, box, width),
    column: clipped(box, shown, { from: place.time, to: place.time + 1 }, shown.unit),
    row: position === null ? null : clipped(box, shown, shown.time, { from: position, to: position + 1 }),
    labels: [
      ...(tokens
        ? tokenLabels(place, tokens.slice(0, sheet.length), box, shown.time)
        : timeNumbers(place, box, box.y - 9, shown.time)),
      ...unitLabels(shown.unit, position, (at) => unitAt(sheet, shown.order, at), box, strings),
    ],
    notes: [...reductions(sheet, place, strings), ...badValues(bad, strings)],
  };
}

function nothing(width: number, box: Box): GatesScene {
  const shown = { time: { from: 0, to: 0 }, unit: { from: 0, to: 0 }, order: new Int32Array() };
  return {
    ...{ width, height: box.y + box.height + GAP + STRIP, box, sheet: null, shown, orders: [], top: 0 },
    ...{ column: null, row: null, labels: [], legend: null, profiles: NONE, tokens: null, message: "", notes: [] },
  };
}

function shownOf(frame: StepFrame, layer: Layer, sheet: Sheet, { order, sight, rows }: Wish): Shown {
  return {
    time: rounded(fitted(sight?.time, sheet.times), sheet.times),
    unit: rounded(fitted(sight?.unit, sheet.units), sheet.units),
    order: rows?.length === sheet.rows ? rows : orderOf(frame, layer, sheet, order),
  };
}

/** The unit at a position from the top; the rows sent stand in an order, each for `unitStride` units. */
export function unitAt({ unitStride, units }: Sheet, order: Int32Array, position: number): number {
  const row = order[Math.floor(position / unitStride)] ?? 0;
  return Math.min(row * unitStride + (position % unitStride), units - 1);
}

export function positionOfUnit({ unitStride }: Sheet, order: Int32Array, unit: number): number {
  return order.indexOf(Math.floor(unit / unitStride)) * unitStride + (unit % unitStride);
}

/** The part of the box that holds these times and positions; null where none is in sight. */
function clipped(box: Box, shown: Shown, time: Shown["time"], unit: Shown["unit"]): Box | null {
  const part = (all: Shown["time"], wanted: Shown["time"], from: number, size: number) => {
    const [low, high] = [Math.max(wanted.from, all.from), Math.min(wanted.to, all.to)];
    const scale = size / (all.to - all.from);
    return { from: from + (low - all.from) * scale, size: (high - low) * scale };
  };
  const across = part(shown.time, time, box.x, box.width);
  const down = part(shown.unit, unit, box.y, box.height);
  if (across.size <= 0 || down.size <= 0) return null;
  return { x: across.from, y: down.from, width: across.size, height: down.size };
}

function legendOf({ plane }: Sheet, top: number, bad: Tally, box: Box, width: number): Legend {
  const swatches = swatchesOf(bad);
  const height = Math.max(20, Math.min(box.height, 200) - 14 * swatches.length);
  const [low, high] = [plane.encoding === "unit" ? 0 : -1, 1];
  const ticks = legendTicks(plane, top);
  return {
    bar: { x: width - RIGHT + STRIP + 14, y: box.y, width: 10, height },
    low,
    high,
    ticks: height < 12 * (ticks.length - 1) ? ticks.filter(({ position: at }) => at === low || at === high) : ticks,
    swatches,
  };
}

/** Of states, which lie about zero, as shares of the largest mean in the strip; else on the scale of the colors. */
function profilesOf(frame: StepFrame, sheet: Sheet, shown: Shown, top: number, box: Box): Profile[] {
  const { encoding } = sheet.plane;
  const means = meansOf(frame, sheet);
  const base = encoding === "symmetric" ? 0.5 : 0;
  const end = (all: Float64Array) => {
    const largest = all.reduce((most, mean) => Math.max(most, Math.abs(mean) || 0), 0);
    return (mean: number | undefined) => {
      if (mean === undefined || Number.isNaN(mean)) return Number.NaN;
      if (encoding === "symmetric") return largest === 0 ? base : (mean / largest + 1) / 2;
      return Math.min(1, positionOf(mean, encoding, top));
    };
  };
  const [unitEnd, timeEnd] = [end(means.units), end(means.times)];
  const bands = ({ from, to }: Shown["time"], pixels: number, at: (index: number) => number) =>
    Float64Array.from(spread(to - from, Math.round(pixels)), (index) => at(from + index));
  const unit = (position: number) => unitEnd(means.units[shown.order[Math.floor(position / sheet.unitStride)] ?? -1]);
  const time = (index: number) =>
    timeEnd(index < sheet.length ? means.times[Math.floor(index / sheet.timeStride)] : Number.NaN);
  const right = { x: box.x + box.width + GAP, y: box.y, width: STRIP, height: box.height };
  const below = { x: box.x, y: box.y + box.height + GAP, width: box.width, height: STRIP };
  return [
    { box: right, upright: false, base, ends: bands(shown.unit, box.height, unit) },
    { box: below, upright: true, base, ends: bands(shown.time, box.width, time) },
  ];
}

function reductions({ plane, sample }: Sheet, place: Place, strings: Strings): string[] {
  const [timeStride = 1, , unitStride = 1] = plane.stride;
  const facts = [];
  if (unitStride > 1) facts.push(strings.everyUnit(unitStride));
  if (timeStride > 1) facts.push(strings.everyTime(timeStride));
  if (sample !== place.sample) facts.push(strings.otherSample(String(place.samples[sample] ?? sample)));
  return facts.length > 0 ? [strings.reduced(facts.join(", "))] : [];
}

/** "t = 17 / 35 'gate'". */
export function wordAt(scene: GatesScene, place: Place, time: number, strings: Strings): string {
  const token = scene.tokens?.[time];
  return timeText(place, time, strings) + (token === undefined ? "" : ` ${strings.quoted(token)}`);
}

/** What a cell says when it is pointed at, one line a fact. */
export function describe(scene: GatesScene, place: Place, time: number, unit: number, strings: Strings): string[] {
  return [
    described(scene.sheet, place.gate, time, unit, strings),
    strings.gate[place.gate] ?? place.gate,
    `${strings.layer} ${place.layer?.name ?? ""}`,
    `${strings.unit} ${unit}`,
    wordAt(scene, place, time, strings),
    ...scene.notes,
  ];
}

/** Paint the cells over the whole of their own canvas. */
export function paintData(scene: GatesScene, context: CanvasRenderingContext2D, pixels: Pixels, look: Look): void {
  const { sheet, shown, top } = scene;
  if (sheet) paintCells(context, pixels, sheet, shown, table(sheet.plane, top, look.mode, look.surface));
  else context.clearRect(0, 0, context.canvas.width, context.canvas.height);
}

/** Paint the strips, which stay while another time is shown. */
export function paintStill({ profiles }: GatesScene, context: CanvasRenderingContext2D, look: Look): void {
  for (const profile of profiles) paintProfile(context, profile, look);
}

/** What `paint` shows, in words that stay the same as long as it does: mostly while another step is shown. */
export function marksOf({ row, column, labels, legend, message }: GatesScene): string {
  return JSON.stringify([row, column, labels, legend, message]);
}

/** Paint legend, labels and outlines, around and over the cells. */
export function paint(scene: GatesScene, context: CanvasRenderingContext2D, look: Look): void {
  const { box, legend } = scene;
  if (legend) paintLegend(context, legend, look);
  paintLabels(context, scene.labels, look);
  for (const outline of [scene.row, scene.column]) {
    if (outline) paintOutline(context, outline, look.outline, css(look.surface));
  }
  paintMessage(context, scene.message, box, look);
}
