/**
 * Orders of the units of a sheet, top to bottom, as indices of sent rows: deterministic, ties by index.
 *
 * By size of a number of each unit over time, the largest on top; or by similarity, where units that do the same at the
 * same times are neighbors: their angle in the plane of the two leading principal components, cut at the widest gap
 * (M. Friendly, "Corrgrams", The American Statistician 56, 2002).
 */

import type { StepFrame } from "../frame";
import { spread } from "../marks/heatmap";
import type { Layer } from "../protocol.gen";
import { keyOf, meansOf, numbersOf, remembered, type Sheet, sheetOf } from "./sheet";

export const ORDERS = ["index", "mean", "variance", "saturation", "similarity", "gradient"] as const;
export type Order = (typeof ORDERS)[number];

const orders = remembered<Int32Array>();

/** The rows of a sheet in an order; by index where the order means nothing for this quantity. */
export function orderOf(frame: StepFrame, layer: Layer, sheet: Sheet, order: Order): Int32Array {
  return orders(frame, `${keyOf(sheet)} ${order}`, () => {
    const rows = Int32Array.from({ length: sheet.rows }, (_, row) => row);
    const key = order === "similarity" ? similarity(sheet) : keysOf(frame, layer, sheet, order);
    // A unit without a number stands last.
    const rank = (row: number) => (Number.isNaN(key?.[row]) ? -Number.POSITIVE_INFINITY : (key?.[row] as number));
    return key ? rows.sort((one, other) => rank(other) - rank(one) || one - other) : rows;
  });
}

/** The orders that mean something for a quantity. */
export function ordersFor(frame: StepFrame, layer: Layer, sheet: Sheet): Order[] {
  return ORDERS.filter((order) => {
    if (order === "saturation") return sheet.plane.encoding !== "signed_log";
    return order !== "gradient" || gradientOf(frame, layer, sheet) !== null;
  });
}

function keysOf(frame: StepFrame, layer: Layer, sheet: Sheet, order: Order): Float64Array | null {
  if (order === "mean") return meansOf(frame, sheet).units;
  if (order === "variance") return variances(frame, sheet);
  if (order === "saturation") return shares(sheet);
  const gradient = order === "gradient" ? gradientOf(frame, layer, sheet) : null;
  return gradient && meansOf(frame, gradient).units;
}

/** The gradient whose units are those of the sheet. */
function gradientOf(frame: StepFrame, layer: Layer, sheet: Sheet): Sheet | null {
  const names = [sheet.plane.name, `d${sheet.plane.name}`, "dh", "dc"];
  for (const name of names) {
    const found = sheetOf(frame, layer, name, sheet.sample);
    if (found?.plane.encoding === "signed_log" && found.units === sheet.units && found.rows === sheet.rows)
      return found;
  }
  return null;
}

function variances(frame: StepFrame, sheet: Sheet): Float64Array {
  const { units } = meansOf(frame, sheet);
  const squares = sums(sheet, (number, row) => (number - (units[row] as number)) ** 2);
  return squares.map((sum) => sum / sheet.columns);
}

/** Share of the times at which a unit is within a tenth of an end of its range. */
function shares(sheet: Sheet): Float64Array {
  const { encoding, name } = sheet.plane;
  const bounded = (number: number) => (name === "c" ? Math.tanh(number) : number);
  const outer = (number: number) =>
    encoding === "unit" ? number < 0.1 || number > 0.9 : Math.abs(bounded(number)) > 0.9;
  return sums(sheet, (number) => Number(outer(number)));
}

/** Sums over time, for each row, of a number made of each finite one. */
function sums(sheet: Sheet, make: (number: number, row: number) => number): Float64Array {
  const { codes, start, columnPitch, columns, rows, plane } = sheet;
  const numbers = numbersOf(plane);
  const found = new Float64Array(rows);
  for (let column = 0; column < columns; column++) {
    const from = start + column * columnPitch;
    for (let row = 0; row < rows; row++) {
      const number = numbers[codes[from + row] as number] as number;
      if (!Number.isNaN(number)) found[row] = (found[row] as number) + make(number, row);
    }
  }
  return found;
}

const MOST_TIMES = 64;
const ROUNDS = 40;

/** Minus the angle of each row, from the widest gap on, so that the order is that of falling keys. */
function similarity(sheet: Sheet): Float64Array {
  const rows = centered(sheet);
  const covariance = products(rows);
  const first = leading(covariance, []);
  const second = leading(covariance, [first]);
  const angles = rows.map((row) => Math.atan2(dot(row, second), dot(row, first)));
  const rising = [...angles].sort((one, other) => one - other);
  let [cut, widest] = [-Math.PI, 0];
  rising.forEach((angle, index) => {
    const before = rising[index - 1] ?? (rising[rising.length - 1] as number) - 2 * Math.PI;
    if (angle - before <= widest + 1e-9) return;
    widest = angle - before;
    cut = angle;
  });
  return Float64Array.from(angles, (angle) => -(angle >= cut ? angle - cut : angle - cut + 2 * Math.PI));
}

/** Codes of each row at up to `MOST_TIMES` times, less the mean over rows at that time; no number counts as that mean. */
function centered({ codes, start, columnPitch, columns, rows, plane }: Sheet): Float64Array[] {
  const times = spread(columns, MOST_TIMES);
  const numbers = numbersOf(plane);
  const found = Array.from({ length: rows }, () => new Float64Array(times.length));
  times.forEach((column, at) => {
    const read = (row: number) => numbers[codes[start + column * columnPitch + row] as number] as number;
    let [sum, count] = [0, 0];
    for (let row = 0; row < rows; row++) {
      if (Number.isNaN(read(row))) continue;
      sum += read(row);
      count += 1;
    }
    found.forEach((values, row) => {
      values[at] = Number.isNaN(read(row)) ? 0 : read(row) - sum / count;
    });
  });
  return found;
}

function products(rows: readonly Float64Array[]): Float64Array[] {
  const size = rows[0]?.length ?? 0;
  const found = Array.from({ length: size }, () => new Float64Array(size));
  for (const row of rows) {
    for (let one = 0; one < size; one++) {
      const target = found[one] as Float64Array;
      const weight = row[one] as number;
      for (let other = 0; other < size; other++)
        target[other] = (target[other] as number) + weight * (row[other] as number);
    }
  }
  return found;
}

/** The leading eigenvector of a symmetric matrix that is orthogonal to those known, by powers from a fixed start. */
function leading(matrix: readonly Float64Array[], known: readonly Float64Array[]): Float64Array {
  let vector = Float64Array.from(matrix, (_, index) => 1 / (index + 1));
  for (let round = 0; round < ROUNDS; round++) {
    let next = Float64Array.from(matrix, (row) => dot(row, vector));
    for (const other of known) {
      const share = dot(next, other);
      next = next.map((value, index) => value - share * (other[index] as number));
    }
    const length = Math.sqrt(dot(next, next));
    if (length === 0) return next;
    vector = next.map((value) => value / length);
  }
  return vector;
}

function dot(one: Float64Array, other: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < one.length; index++) sum += (one[index] as number) * (other[index] as number);
  return sum;
}
