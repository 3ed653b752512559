/**
 * Curves over training, one small chart a scalar: the mean, the band from lowest to highest, the step shown.
 *
 * Charts share the horizontal axis and nothing else. Loss and gradient norm come first; at most eight are drawn.
 */

import type { Place } from "../cursor";
import { tick, value as valueText } from "../format";
import { numberOf } from "../frame";
import { insertion } from "../held";
import { type Label, paintLabels, paintMessage } from "../marks/label";
import { type Dot, type Line, paintBand, paintDots, paintLine } from "../marks/line";
import { paintRule } from "../marks/rule";
import { type Box, exponents, linear, log, type Scale, ticks } from "../scale";
import { row, type Series } from "../series";
import type { Store } from "../store";
import type { Strings } from "../strings";
import type { Look } from "../theme";

export type ScaleKind = "auto" | "log" | "linear";

export interface Chart {
  readonly name: string;
  /** The part of the figure that belongs to this chart, and the plot in it. */
  readonly cell: Box;
  readonly box: Box;
  readonly domain: readonly [first: number, last: number];
  readonly logarithmic: boolean;
  readonly line: Line;
  readonly upper: Float64Array;
  readonly lower: Float64Array;
  /** Where a bin holds a value that is no number. */
  readonly bad: readonly Dot[];
  readonly grid: readonly number[];
  readonly labels: readonly Label[];
  /** Where the step shown is; null when it is not on the axis. */
  readonly rule: number | null;
  /** The value at the step shown, as a number, a dot and a label. */
  readonly shown: number | null;
  readonly dot: Dot | null;
  readonly value: Label | null;
}

export interface CurvesScene {
  readonly width: number;
  readonly height: number;
  readonly charts: readonly Chart[];
  readonly message: string;
}

const MOST = 8;
const FIRST = ["loss", "grad_norm"];
const MARGIN = { left: 52, right: 14, top: 26, bottom: 22 };
const NARROWEST = 300;
const WIDE_RANGE = 50;

export function resolve(store: Store, place: Place, width: number, kind: ScaleKind, strings: Strings): CurvesScene {
  const names = [...store.series.keys()].filter((name) => (store.series.get(name)?.count ?? 0) > 0);
  names.sort((one, other) => rank(one) - rank(other) || (one < other ? -1 : 1));
  const shown = names.slice(0, MOST);
  if (shown.length === 0) return { width, height: 160, charts: [], message: strings.noCurves };
  const across = Math.min(shown.length, Math.max(1, Math.floor(width / NARROWEST)));
  const cellHeight = shown.length <= 2 * across ? 168 : 132;
  const all = shown.map((name) => store.series.get(name) as Series);
  const first = Math.min(...all.map((series) => row(series, "first")[0] as number));
  const last = Math.max(...all.map((series) => row(series, "last")[series.count - 1] as number));
  const charts = shown.map((name, index) => {
    const column = index % across;
    const cell = {
      x: (column * width) / across,
      y: Math.floor(index / across) * cellHeight,
      width: width / across,
      height: cellHeight,
    };
    return chartOf(name, all[index] as Series, cell, [first, last], place, kind, strings);
  });
  return { width, height: Math.ceil(shown.length / across) * cellHeight, charts, message: "" };
}

function rank(name: string): number {
  const index = FIRST.indexOf(name);
  return index < 0 ? FIRST.length : index;
}

function chartOf(
  name: string,
  series: Series,
  cell: Box,
  domain: readonly [number, number],
  place: Place,
  kind: ScaleKind,
  strings: Strings,
): Chart {
  const box = {
    x: cell.x + MARGIN.left,
    y: cell.y + MARGIN.top,
    width: cell.width - MARGIN.left - MARGIN.right,
    height: cell.height - MARGIN.top - MARGIN.bottom,
  };
  const x = linear(domain[0], domain[1], box.x, box.x + box.width);
  const vertical = verticalOf(series, box, kind);
  const shown = place.frame ? valueAt(place, name, series) : null;
  const bottom = box.y + box.height;
  const within = (value: number) => Math.max(box.y, Math.min(bottom, vertical.y(value)));
  const onAxis = place.frame !== null && place.step >= domain[0] && place.step <= domain[1];
  return {
    ...{ name, cell, box, domain, logarithmic: vertical.logarithmic, shown },
    ...pathsOf(series, x, vertical.y, box),
    bad: badDots(series, x, bottom),
    grid: vertical.marks.map(vertical.y),
    labels: [titleLabel(strings.series[name] ?? name, box), ...axisLabels(vertical, box, x, domain)],
    rule: onAxis ? x(place.step) : null,
    dot:
      onAxis && shown !== null && Number.isFinite(shown)
        ? { x: x(place.step), y: within(shown), radius: 3.5, tone: "total" }
        : null,
    value: shown === null ? null : { ...titleLabel(valueText(shown), box), x: box.x + box.width, align: "right" },
  };
}

/** The value of a scalar at the step shown: the frame's own, else that of the bin that holds the step. */
function valueAt(place: Place, name: string, series: Series): number | null {
  const scalar = place.frame?.header.scalars[name];
  if (scalar !== undefined) return numberOf(scalar);
  const bin = insertion([...row(series, "last")], place.step);
  const from = row(series, "first")[bin];
  return from !== undefined && from <= place.step ? (row(series, "mean")[bin] ?? null) : null;
}

interface Vertical {
  readonly y: Scale;
  readonly marks: readonly number[];
  readonly logarithmic: boolean;
}

function verticalOf(series: Series, box: Box, kind: ScaleKind): Vertical {
  const finite = [...row(series, "low"), ...row(series, "high")].filter(Number.isFinite);
  let low = finite.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  let high = finite.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  if (low > high) [low, high] = [0, 1];
  const logarithmic = low > 0 && (kind === "log" || (kind === "auto" && high / low >= WIDE_RANGE));
  if (low === high)
    [low, high] = logarithmic
      ? [low / 2, high * 2]
      : [low - Math.max(1e-9, Math.abs(low) / 10), high + Math.max(1e-9, Math.abs(high) / 10)];
  const bottom = box.y + box.height;
  if (!logarithmic) {
    const pad = (high - low) * 0.05;
    return { y: linear(low - pad, high + pad, bottom, box.y), marks: ticks(low - pad, high + pad, 4), logarithmic };
  }
  const [from, to] = [Math.log10(low), Math.log10(high)];
  const pad = (to - from) * 0.05;
  const powers = exponents(from - pad, to + pad, 4).map((exponent) => 10 ** exponent);
  const marks =
    powers.length >= 2 ? powers : [low, Math.sqrt(low * high), high].map((value) => Number(value.toPrecision(1)));
  return { y: log(10 ** (from - pad), 10 ** (to + pad), bottom, box.y), marks, logarithmic };
}

function pathsOf(series: Series, x: Scale, y: Scale, box: Box): Pick<Chart, "line" | "upper" | "lower"> {
  const [first, last, low, high, mean] = (["first", "last", "low", "high", "mean"] as const).map((name) =>
    row(series, name),
  ) as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];
  const height = (value: number) => Math.max(box.y, Math.min(box.y + box.height, y(value)));
  const points = (values: Float64Array, mended: boolean) => {
    const found = new Float64Array(2 * series.count);
    let before = box.y + box.height;
    for (let bin = 0; bin < series.count; bin++) {
      const value = values[bin] as number;
      if (Number.isFinite(value)) before = height(value);
      found[2 * bin] = x(((first[bin] as number) + (last[bin] as number)) / 2);
      found[2 * bin + 1] = mended || Number.isFinite(value) ? before : Number.NaN;
    }
    return found;
  };
  return {
    line: { points: points(mean, false), tone: "total", width: 1.5 },
    upper: points(high, true),
    lower: points(low, true),
  };
}

/** A dot at the foot of the chart for every bin that holds a value that is no number. */
function badDots(series: Series, x: Scale, bottom: number): Dot[] {
  const first = row(series, "first");
  return [...row(series, "mean")].flatMap((mean, bin): Dot[] => {
    if (Number.isFinite(mean)) return [];
    return [{ x: x(first[bin] as number), y: bottom - 3, radius: 2.5, tone: Number.isNaN(mean) ? "nan" : "positive" }];
  });
}

function titleLabel(text: string, box: Box): Label {
  return { text, x: box.x, y: box.y - 14, align: "left", tone: "ink", bold: true };
}

function axisLabels(vertical: Vertical, box: Box, x: Scale, domain: readonly [number, number]): Label[] {
  const bottom = box.y + box.height;
  const steps = ticks(domain[0], domain[1], Math.max(2, box.width / 80)).filter((step) => Number.isInteger(step));
  return [
    ...vertical.marks.map(
      (mark): Label => ({ text: tick(mark), x: box.x - 7, y: vertical.y(mark), align: "right", tone: "muted" }),
    ),
    ...steps.map((step): Label => ({ text: tick(step), x: x(step), y: bottom + 11, align: "center", tone: "muted" })),
  ];
}

/** The step under a point of the figure: of the chart that holds the point, or is nearest to it. */
export function stepAt(scene: CurvesScene, x: number, y: number): number | null {
  const away = ({ cell }: Chart) => {
    const dx = Math.max(cell.x - x, 0, x - cell.x - cell.width);
    const dy = Math.max(cell.y - y, 0, y - cell.y - cell.height);
    return dx + dy;
  };
  const [chart] = [...scene.charts].sort((one, other) => away(one) - away(other));
  if (!chart) return null;
  const { box, domain } = chart;
  const share = Math.max(0, Math.min(1, (x - box.x) / box.width));
  return domain[0] + share * (domain[1] - domain[0]);
}

/** Paint what stays while another step is shown. */
export function paint(scene: CurvesScene, context: CanvasRenderingContext2D, look: Look): void {
  for (const { box, grid, line, upper, lower, bad, labels } of scene.charts) {
    for (const y of grid) paintRule(context, [box.x, y], [box.x + box.width, y], look.grid);
    paintBand(context, upper, lower, look[line.tone]);
    paintLine(context, line, look);
    paintDots(context, bad, look);
    paintLabels(context, labels, look);
  }
  const { width, height, message } = scene;
  if (message) paintMessage(context, message, { x: 0, y: 0, width, height }, look);
}

/** Paint the step shown and its values, over the rest. */
export function paintShown(scene: CurvesScene, context: CanvasRenderingContext2D, look: Look): void {
  for (const { box, rule, dot, value } of scene.charts) {
    if (rule !== null) paintRule(context, [rule, box.y - 4], [rule, box.y + box.height], look.muted);
    paintDots(context, dot ? [dot] : [], look);
    paintLabels(context, value ? [value] : [], look);
  }
}
