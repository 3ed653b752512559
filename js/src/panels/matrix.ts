/**
 * Who teaches whom: |dL_s/dh_t|, the part of the gradient at time t that comes of the loss at time s, one row a loss,
 * one column a state, on a logarithmic scale of at most six decades.
 *
 * A loss teaches only what came before it, or after it in a reverse layer: the other triangle stays empty. The matrix is
 * that of the nearest analysed step at or before the one shown.
 */

import { COLOR_DECADES, css, pack, SPECIAL, sequential } from "../color";
import type { Place } from "../cursor";
import { grouped, power } from "../format";
import {
  type AnalysisFrame,
  type Bytes,
  codesOf,
  decoded,
  finePlaneOf,
  planeOf,
  type Reading,
  readingOf,
} from "../frame";
import { paintGrid } from "../marks/grid";
import { type Label, label, paintLabels, paintMessage } from "../marks/label";
import { type Legend, paintLegend } from "../marks/legend";
import { paintOutline } from "../marks/rule";
import { FLOW, type Plane } from "../protocol.gen";
import { type Box, band, bandAt, ticks } from "../scale";
import type { Store } from "../store";
import type { Strings } from "../strings";
import type { Look } from "../theme";
import { plotBox, RIGHT } from "./geometry";
import { timeNumbers } from "./labels";
import { assigned, written } from "./sheet";

/** The matrix of one sample, (row: loss, column: state), as sent. */
export interface Matrix {
  readonly plane: Plane;
  readonly codes: Bytes;
  /** What makes the numbers precise, where it was sent for this sample. */
  readonly fine: Bytes | null;
  /** Position, among the samples kept, of the one that was sent. */
  readonly sample: number;
  readonly rows: number;
  readonly columns: number;
  readonly lossStride: number;
  readonly timeStride: number;
  readonly reverse: boolean;
}

export interface MatrixScene {
  readonly width: number;
  readonly height: number;
  readonly box: Box;
  readonly matrix: Matrix | null;
  readonly top: number;
  readonly column: Box | null;
  readonly labels: readonly Label[];
  readonly legend: Legend | null;
  /** The loss that teaches most at the time shown, in words. */
  readonly reading: string;
  readonly message: string;
  readonly notes: readonly string[];
}

const AXIS = 22;

export function resolve(store: Store, place: Place, width: number, strings: Strings): MatrixScene {
  const analysis = place.frame ? store.analysis(place.step) : undefined;
  const matrix = analysis && matrixOf(analysis, place);
  const box = plotBox(width, 8, Math.max(120, Math.min(width - RIGHT - 46, 300)));
  const empty = { width, height: box.y + box.height + AXIS, box, matrix: null, top: 0, column: null, labels: [] };
  if (!analysis || !matrix) {
    const message = place.frame ? strings.noMatrix : strings.waiting;
    return { ...empty, legend: null, reading: "", message, notes: [] };
  }
  const top = topOf(store, place.layer?.name ?? "");
  const times = matrix.plane.full[2] ?? 0;
  const time = Math.min(place.time, times - 1);
  return {
    ...{ ...empty, matrix, top, message: "" },
    column: { x: box.x + (time / times) * box.width, y: box.y, width: box.width / times, height: box.height },
    labels: [
      ...timeNumbers({ ...place, times }, box, box.y + box.height + 11),
      ...lossLabels(matrix, place.first, box, strings),
    ],
    legend: legendOf(top, box, width),
    reading: strongestOf(matrix, place, time, strings),
    notes: notesOf(analysis, matrix, place, strings),
  };
}

function matrixOf(analysis: AnalysisFrame, { layer, sample }: Place): Matrix | undefined {
  const plane = layer ? planeOf(analysis, layer.name, FLOW) : undefined;
  if (!plane || !layer) return undefined;
  const [samples = 1, rows = 0, columns = 0] = plane.shape;
  const [sampleStride = 1, lossStride = 1, timeStride = 1] = plane.stride;
  const row = Math.min(Math.floor(sample / sampleStride), samples - 1);
  const ofSample = (bytes: Bytes) => bytes.subarray(row * rows * columns, (row + 1) * rows * columns);
  const codes = ofSample(codesOf(analysis, plane));
  const finePlane = finePlaneOf(analysis, layer.name, FLOW);
  const fine = finePlane && row < (finePlane.shape[0] ?? 0) ? ofSample(codesOf(analysis, finePlane)) : null;
  return {
    plane,
    codes,
    fine,
    sample: row * sampleStride,
    rows,
    columns,
    lossStride,
    timeStride,
    reverse: layer.name.endsWith("_reverse"),
  };
}

/** A power of ten at or above every value of every analysis, so that steps and runs can be compared. */
export function topOf(store: Store, layer: string): number {
  const high = store.high(layer, FLOW);
  return high > 0 ? 10 ** Math.ceil(Math.log10(high) - 1e-9) : 1;
}

/** Whether the loss at s can teach the state at t. */
function teaches({ reverse }: Matrix, loss: number, time: number): boolean {
  return reverse ? time >= loss : time <= loss;
}

/** Where the number at a loss time and a time, or the one sent in its place, stands. */
function indexOf({ lossStride, timeStride, columns }: Matrix, loss: number, time: number): number {
  return Math.floor(loss / lossStride) * columns + Math.floor(time / timeStride);
}

/** The number at a loss time and a time, or what was sent in its place; null where the loss cannot teach. For pictures. */
export function valueAt(matrix: Matrix, loss: number, time: number): number | null {
  if (!teaches(matrix, loss, time)) return null;
  const code = matrix.codes[indexOf(matrix, loss, time)];
  return code === undefined ? null : decoded(code, matrix.plane);
}

/** The number at a loss time and a time, as far as it is known; null where it was not sent. */
export function readAt(matrix: Matrix, loss: number, time: number): Reading | null {
  if (loss % matrix.lossStride || time % matrix.timeStride) return null;
  const index = indexOf(matrix, loss, time);
  const code = matrix.codes[index];
  return code === undefined ? null : readingOf(code, matrix.plane, matrix.fine?.[index]);
}

function lossLabels({ plane }: Matrix, first: number, box: Box, strings: Strings): Label[] {
  const losses = plane.full[1] ?? 0;
  const y = band(losses, box.y, box.y + box.height);
  const marks = ticks(first, first + Math.max(losses - 1, 0), Math.max(2, box.height / 50)).filter(Number.isInteger);
  const middle = box.y + box.height / 2;
  return [
    label(strings.lossAt, 10, middle, "center", "muted", { angle: Math.PI / 2 }),
    ...marks.map((mark) => label(String(mark), box.x - 7, y(mark - first), "right", "muted")),
  ];
}

function legendOf(top: number, box: Box, width: number): Legend {
  const order = Math.round(Math.log10(top));
  const places = [0, 1 / 3, 2 / 3, 1];
  return {
    bar: { x: width - RIGHT + 14, y: box.y, width: 10, height: Math.min(box.height, 200) },
    ...{ low: 0, high: 1, swatches: [] },
    ticks: places.map((position) => ({ position, text: power(Math.round(order - COLOR_DECADES * (1 - position))) })),
  };
}

function strongestOf(matrix: Matrix, place: Place, time: number, strings: Strings): string {
  let [best, largest] = [-1, 0];
  for (let loss = 0; loss < (matrix.plane.full[1] ?? 0); loss += matrix.lossStride) {
    const value = teaches(matrix, loss, time) ? (readAt(matrix, loss, time)?.value ?? 0) : 0;
    if (!(value > largest)) continue;
    best = loss;
    largest = value;
  }
  if (best < 0) return strings.taughtByNone(String(place.first + time));
  const most = written(readAt(matrix, best, time));
  return strings.taughtMost(String(place.first + time), named("s", best, place, strings), most);
}

function named(letter: string, time: number, { first, tokens }: Place, strings: Strings): string {
  const token = tokens?.[time];
  return `${letter} = ${first + time}${token === undefined ? "" : ` ${strings.quoted(token)}`}`;
}

function notesOf({ header }: AnalysisFrame, matrix: Matrix, place: Place, strings: Strings): string[] {
  const notes = header.step === place.step ? [] : [strings.analysedAt(grouped(header.step))];
  const stride = Math.max(matrix.lossStride, matrix.timeStride);
  if (stride > 1) notes.push(strings.reduced(strings.everyTime(stride)));
  const sent = place.samples[matrix.sample];
  if (matrix.sample !== place.sample) notes.push(strings.otherSample(String(sent ?? matrix.sample)));
  return notes;
}

/** The loss and the state under a point. */
export function cellAt({ matrix, box }: MatrixScene, x: number, y: number): { loss: number; time: number } | null {
  if (!matrix || x < box.x || x > box.x + box.width || y < box.y || y > box.y + box.height) return null;
  const [, losses = 0, times = 0] = matrix.plane.full;
  return {
    loss: bandAt(losses, box.y, box.y + box.height, y),
    time: bandAt(times, box.x, box.x + box.width, x),
  };
}

export function describe(
  { matrix }: MatrixScene,
  place: Place,
  loss: number,
  time: number,
  strings: Strings,
): string[] {
  const known = assigned("|dL\u209b/dh\u209c|", matrix && readAt(matrix, loss, time), strings);
  const words = matrix && teaches(matrix, loss, time) ? known : strings.cannotTeach;
  return [
    words,
    `${strings.lossAt}: ${named("s", loss, place, strings)}`,
    `${strings.stateAt}: ${named("t", time, place, strings)}`,
  ];
}

function tableOf({ plane }: Matrix, top: number, look: Look): Uint32Array {
  const colors = sequential();
  const special = SPECIAL[look.mode];
  return Uint32Array.from({ length: 256 }, (_, code) => {
    const value = decoded(code, plane);
    if (Number.isNaN(value)) return pack(special.nan);
    if (value === Number.POSITIVE_INFINITY) return pack(special.positive);
    return pack(colors(value > 0 ? 1 + Math.log10(value / top) / COLOR_DECADES : 0));
  });
}

/** Paint what stays while another time is shown. */
export function paintStill(scene: MatrixScene, context: CanvasRenderingContext2D, look: Look): void {
  const { box, matrix, top, legend, message } = scene;
  if (matrix) {
    const { codes, columns, rows, lossStride, timeStride } = matrix;
    const colors = tableOf(matrix, top, look);
    const pixel = (at: number, row: number) =>
      teaches(matrix, row * lossStride + (matrix.reverse ? 0 : lossStride - 1), at * timeStride)
        ? (colors[codes[row * columns + at] as number] as number)
        : 0;
    paintGrid(context, covered(box, matrix), columns, rows, pixel);
    context.strokeStyle = look.grid;
    context.lineWidth = 1;
    context.strokeRect(box.x - 0.5, box.y - 0.5, box.width + 1, box.height + 1);
  }
  if (legend) paintLegend(context, legend, look);
  paintMessage(context, message, box, look);
}

export function paint({ labels, column }: MatrixScene, context: CanvasRenderingContext2D, look: Look): void {
  paintLabels(context, labels, look);
  if (column) paintOutline(context, column, look.outline, css(look.surface));
}

/** Where the cells sent reach: strides may carry the last ones past the end. */
function covered(box: Box, { plane, rows, columns, lossStride, timeStride }: Matrix): Box {
  const [, losses = 1, times = 1] = plane.full;
  return {
    ...box,
    width: (box.width * columns * timeStride) / times,
    height: (box.height * rows * lossStride) / losses,
  };
}
