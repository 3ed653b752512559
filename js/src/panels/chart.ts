/**
 * One chart over training: lines of one group of scalars on one scale, each with the band from its lowest to its highest
 * value, the step shown, and what the lines are at that step.
 */

import type { Place } from "../cursor";
import { textWidth, tick, value as valueText } from "../format";
import { numberOf } from "../frame";
import { insertion } from "../held";
import { type Label, SMALL } from "../marks/label";
import type { Dot, Line } from "../marks/line";
import { type Box, exponents, linear, log, type Scale, ticks } from "../scale";
import { type Row, row, type Series } from "../series";
import type { Axis, Domain } from "./brush";
import type { Group, Member } from "./groups";

export type ScaleKind = "auto" | "log" | "linear";

export interface Curve {
  readonly name: string;
  readonly label: string;
  readonly series: Series;
  /** Position of the run, where the chart is of several. */
  readonly run: number | undefined;
  readonly line: Line;
  readonly upper: Float64Array;
  readonly lower: Float64Array;
  /** Where a bin holds a value that is no number. */
  readonly bad: readonly Dot[];
  /** The value at the step shown, as a number and as a dot. */
  readonly shown: number | null;
  readonly dot: Dot | null;
}

export interface Chart extends Axis {
  readonly name: string;
  readonly title: string;
  /** The part of the figure that belongs to this chart; the axis crosses the plot in it. */
  readonly cell: Box;
  readonly logarithmic: boolean;
  readonly curves: readonly Curve[];
  readonly grid: readonly number[];
  readonly labels: readonly Label[];
  /** Where the step shown is; null when it is not on the axis. */
  readonly rule: number | null;
  /** The values at the step shown, as far as there is room. */
  readonly values: readonly Label[];
}

export const MARGIN = { left: 52, right: 14, top: 26, bottom: 22 };
const WIDE_RANGE = 50;
const DASHES: ReadonlyArray<readonly number[] | undefined> = [undefined, [6, 3], [2, 3], [9, 3, 2, 3]];
/** The dashes of the lines of runs, as text. */
export const DASH_SIGNS = ["\u2014", "- -", "\u00b7\u00b7\u00b7", "- \u00b7"] as const;
const PALETTE = 8;

/** What the charts of a figure have in common. */
export interface Shown {
  readonly domain: Domain;
  readonly kind: ScaleKind;
  /** Where the rule stands; and where each run is looked at. */
  readonly place: Place;
  readonly places: readonly Place[];
}

export function chartOf({ name, members }: Group, title: string, cell: Box, shown: Shown): Chart {
  const { domain, kind, place, places } = shown;
  const box = {
    x: cell.x + MARGIN.left,
    y: cell.y + MARGIN.top,
    width: cell.width - MARGIN.left - MARGIN.right,
    height: cell.height - MARGIN.top - MARGIN.bottom,
  };
  const x = linear(domain[0], domain[1], box.x, box.x + box.width);
  const vertical = verticalOf(members, domain, box, kind);
  const at = ({ frame, step }: Place) => (frame !== null && step >= domain[0] && step <= domain[1] ? x(step) : null);
  const curves = members.map((member, index) => {
    const { run } = member;
    const own = places[run ?? 0] as Place;
    const tone = run ?? (members.length === 1 ? "total" : index);
    const dash = DASHES[run ?? Math.floor(index / PALETTE) % DASHES.length];
    const style: Omit<Line, "points"> = { tone, width: 1.5, ...(dash ? { dash } : {}) };
    return curveOf(member, style, own, at(own), { x, y: vertical.y, box, domain });
  });
  return {
    ...{ name, title, cell, box, domain, curves, logarithmic: vertical.logarithmic },
    grid: vertical.marks.map(vertical.y),
    labels: [titleLabel(title, box), ...axisLabels(vertical, box, x, domain)],
    rule: at(place),
    values: valueLabels(curves, title, box),
  };
}

interface Plot {
  readonly x: Scale;
  readonly y: Scale;
  readonly box: Box;
  readonly domain: Domain;
}

function curveOf(
  { name, label, series, run }: Member,
  style: Omit<Line, "points">,
  place: Place,
  at: number | null,
  plot: Plot,
): Curve {
  const shown = place.frame && at !== null ? valueAt(place, name, series) : null;
  const { box } = plot;
  const within = (value: number) => Math.max(box.y, Math.min(box.y + box.height, plot.y(value)));
  const dotted = at !== null && shown !== null && Number.isFinite(shown);
  return {
    ...{ name, label, series, shown, run },
    ...pathsOf(series, style, plot),
    bad: badDots(series, plot),
    dot: dotted ? { x: at, y: within(shown), radius: 3.5, tone: style.tone } : null,
  };
}

/** The value of a scalar at the step shown: the frame's own, else that of a bin that holds this step alone. */
export function valueAt(place: Place, name: string, series: Series | undefined): number | null {
  const scalar = place.frame?.header.scalars[name];
  if (scalar !== undefined) return numberOf(scalar);
  const bin = series && valueIn(series, place.step);
  return bin?.count === 1 ? bin.mean : null;
}

/** The bin that holds a step, or nothing. */
export function valueIn(series: Series, step: number): Record<"mean" | "low" | "high" | "count", number> | null {
  const bin = insertion(row(series, "last"), step);
  const from = row(series, "first")[bin];
  if (from === undefined || from > step) return null;
  const at = (name: "mean" | "low" | "high" | "count") => row(series, name)[bin] as number;
  return { mean: at("mean"), low: at("low"), high: at("high"), count: at("count") };
}

interface Vertical {
  readonly y: Scale;
  readonly marks: readonly number[];
  readonly logarithmic: boolean;
}

/** Lowest and highest finite value of all lines within the steps of the axis, or beside it where a line has no bin there. */
function extentOf(members: readonly Member[], [from, to]: Domain): [low: number, high: number] {
  let [low, high] = [Number.POSITIVE_INFINITY, -Number.POSITIVE_INFINITY];
  for (const { series } of members) {
    const [lows, highs] = [row(series, "low"), row(series, "high")];
    const [start, end] = [insertion(row(series, "last"), from), insertion(row(series, "first"), to + 1)];
    const beside = Number(start === end);
    for (let bin = Math.max(0, start - beside); bin < Math.min(series.count, end + beside); bin++) {
      const [least, most] = [lows[bin] as number, highs[bin] as number];
      if (Number.isFinite(least)) low = Math.min(low, least);
      if (Number.isFinite(most)) high = Math.max(high, most);
    }
  }
  return low > high ? [0, 1] : [low, high];
}

function verticalOf(members: readonly Member[], domain: Domain, box: Box, kind: ScaleKind): Vertical {
  let [low, high] = extentOf(members, domain);
  const logarithmic = low > 0 && (kind === "log" || (kind === "auto" && high / low >= WIDE_RANGE));
  if (low === high)
    [low, high] = logarithmic
      ? [low / 2, high * 2]
      : [low - Math.max(1e-9, Math.abs(low) / 10), high + Math.max(1e-9, Math.abs(high) / 10)];
  const bottom = box.y + box.height;
  const count = Math.max(2, Math.min(4, Math.floor(box.height / 28)));
  if (!logarithmic) {
    const pad = (high - low) * 0.05;
    return { y: linear(low - pad, high + pad, bottom, box.y), marks: ticks(low - pad, high + pad, count), logarithmic };
  }
  const [from, to] = [Math.log10(low), Math.log10(high)];
  const pad = (to - from) * 0.05;
  const powers = exponents(from - pad, to + pad, count).map((exponent) => 10 ** exponent);
  const marks =
    powers.length >= 2 ? powers : [low, Math.sqrt(low * high), high].map((value) => Number(value.toPrecision(1)));
  return { y: log(10 ** (from - pad), 10 ** (to + pad), bottom, box.y), marks, logarithmic };
}

/**
 * The line and the edges of its band, over the bins on the axis and one beyond each end. Where pixels are fewer than bins,
 * neighbours are drawn as one: their mean, their highest and their lowest. They are counted from the first bin of all, so that
 * they do not change with every bin that follows.
 */
function pathsOf(series: Series, style: Omit<Line, "points">, plot: Plot): Pick<Curve, "line" | "upper" | "lower"> {
  const { x, y, box, domain } = plot;
  const [first, last] = [row(series, "first"), row(series, "last")];
  const from = Math.max(0, insertion(last, domain[0]) - 1);
  const to = Math.min(series.count, insertion(first, domain[1]) + 2);
  const each = Math.max(1, Math.ceil((to - from) / box.width));
  const height = (value: number) => Math.max(box.y, Math.min(box.y + box.height, y(value)));
  const points = (name: Row, fold: (one: number, next: number, index: number) => number) => {
    const values = row(series, name);
    const found: number[] = [];
    let before = box.y + box.height;
    for (let bin = from - (from % each); bin < to; bin += each) {
      const value = values.subarray(bin, bin + each).reduce(fold);
      const finite = Number.isFinite(value);
      if (finite) before = height(value);
      const end = last[Math.min(bin + each, series.count) - 1] as number;
      found.push(x(((first[bin] as number) + end) / 2), finite || name !== "mean" ? before : Number.NaN);
    }
    return Float64Array.from(found);
  };
  return {
    line: { points: points("mean", (mean, next, index) => mean + (next - mean) / (index + 1)), ...style },
    upper: points("high", (high, next) => Math.max(high, next)),
    lower: points("low", (low, next) => Math.min(low, next)),
  };
}

/** A dot at the foot of the chart for every bin that holds a value that is no number. */
function badDots(series: Series, { x, box, domain }: Plot): Dot[] {
  const first = row(series, "first");
  return [...row(series, "mean")].flatMap((mean, bin): Dot[] => {
    const step = first[bin] as number;
    if (Number.isFinite(mean) || step < domain[0] || step > domain[1]) return [];
    return [{ x: x(step), y: box.y + box.height - 3, radius: 2.5, tone: Number.isNaN(mean) ? "nan" : "positive" }];
  });
}

function titleLabel(text: string, box: Box): Label {
  return { text, x: box.x, y: box.y - 14, align: "left", tone: "ink", bold: true };
}

/**
 * From the right end of the title's line: the one value, the values of the runs where all find room, or the whole names of as
 * many lines as do, and how many more there are.
 */
function valueLabels(curves: readonly Curve[], title: string, box: Box): Label[] {
  const end = box.x + box.width;
  const [only] = curves;
  if (only && curves.length === 1) {
    return only.shown === null ? [] : [{ ...titleLabel(valueText(only.shown), box), x: end, align: "right" }];
  }
  const labels: Label[] = [];
  let right = end;
  const room = end - box.x - textWidth(title, SMALL) - (only?.run === undefined ? 48 : 12);
  for (const [index, { name, label, line, run, shown }] of [...curves.entries()].reverse()) {
    const text = run === undefined ? label || name : shown === null ? "\u2013" : valueText(shown);
    const left = right - textWidth(text, SMALL) - 12;
    if (end - left > room) {
      if (run !== undefined) return [];
      labels.push({ ...titleLabel(`+${index + 1}`, box), x: right, align: "right", tone: "muted" });
      break;
    }
    labels.push({ ...titleLabel(text, box), x: right, align: "right", tone: line.tone });
    right = left;
  }
  return labels;
}

function axisLabels(vertical: Vertical, box: Box, x: Scale, domain: Domain): Label[] {
  const bottom = box.y + box.height;
  const steps = ticks(domain[0], domain[1], Math.max(2, box.width / 80)).filter((step) => Number.isInteger(step));
  return [
    ...vertical.marks.map(
      (mark): Label => ({ text: tick(mark), x: box.x - 7, y: vertical.y(mark), align: "right", tone: "muted" }),
    ),
    ...steps.map((step): Label => ({ text: tick(step), x: x(step), y: bottom + 11, align: "center", tone: "muted" })),
  ];
}
