/** One scalar over training, as bins: rows of schema's CURVE_ROWS, (row, bin), C order, bins rising by step. */

import { type CurvesFrame, floatsOf } from "./frame";
import { CURVE_ROWS, type Plane } from "./protocol.gen";

export interface Series {
  readonly count: number;
  readonly rows: Float64Array;
}

export type Row = (typeof CURVE_ROWS)[number];

/** One row of a series, (bin). */
export function row(series: Series, name: Row): Float64Array {
  const index = CURVE_ROWS.indexOf(name);
  return series.rows.subarray(index * series.count, (index + 1) * series.count);
}

export function binsOf(frame: CurvesFrame, plane: Plane): Series {
  return { count: plane.shape[1] ?? 0, rows: Float64Array.from(floatsOf(frame, plane)) };
}

export function select(series: Series, keep: (first: number) => boolean): Series {
  const kept = [...row(series, "first").keys()].filter((bin) => keep(series.rows[bin] as number));
  const rows = new Float64Array(CURVE_ROWS.length * kept.length);
  CURVE_ROWS.forEach((name, index) => {
    const from = row(series, name);
    kept.forEach((bin, position) => {
      rows[index * kept.length + position] = from[bin] as number;
    });
  });
  return { count: kept.length, rows };
}

export function joined(left: Series, right: Series): Series {
  const count = left.count + right.count;
  const rows = new Float64Array(CURVE_ROWS.length * count);
  CURVE_ROWS.forEach((name, index) => {
    rows.set(row(left, name), index * count);
    rows.set(row(right, name), index * count + left.count);
  });
  return { count, rows };
}
