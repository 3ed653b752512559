/**
 * Gradient through time on a logarithmic scale: total |dL/dh_t|, direct |dL/dy_t|, and |dL/dc_t| where there is a cell.
 *
 * The frame holds base-10 logarithms of norms over units, (time, sample). Zero has no logarithm: it is a hollow dot on a
 * floor of its own. The scale covers every step held, so that steps can be compared, over at most 16 decades; over more
 * where all of the step shown lies below them, as after an explosion.
 */

import type { Place } from "../cursor";
import { power, value as valueText } from "../format";
import { floatsOf, planeOf, type StepFrame } from "../frame";
import { type Label, label, paintLabels, paintMessage, type Tone } from "../marks/label";
import { type Dot, type Line, paintDots, paintLine } from "../marks/line";
import { paintRule } from "../marks/rule";
import { DIRECT_GRADIENT, NORM_PREFIX } from "../protocol.gen";
import { type Box, band, exponents, linear, type Scale } from "../scale";
import type { Store } from "../store";
import type { Strings } from "../strings";
import type { Look } from "../theme";
import { plotBox } from "./geometry";
import { apart, timeNumbers } from "./labels";

export interface Reading {
  readonly tone: Tone;
  readonly name: string;
  readonly symbol: string;
  /** The norm at the time shown, in words. */
  readonly text: string;
}

export interface FlowScene {
  readonly width: number;
  readonly height: number;
  readonly box: Box;
  readonly lines: readonly Line[];
  readonly dots: readonly Dot[];
  /** Heights of the grid lines. */
  readonly grid: readonly number[];
  readonly labels: readonly Label[];
  /** Where the time shown is; null without a gradient. */
  readonly rule: number | null;
  readonly readings: readonly Reading[];
  readonly message: string;
}

const DECADES = 16;
const FLOOR = 18;
const TOP = 10;
const AXIS = 22;

type Quantity = { name: string; tone: Tone; symbol: string; width: number; dash?: number[] };
const QUANTITIES: readonly Quantity[] = [
  { name: "dc", tone: "cell", symbol: "|dL/dc\u209c|", width: 1, dash: [4, 3] },
  { name: DIRECT_GRADIENT, tone: "direct", symbol: "|dL/dy\u209c|", width: 1.75 },
  { name: "dh", tone: "total", symbol: "|dL/dh\u209c|", width: 2 },
];

const NORMS = new Set(QUANTITIES.map(({ name }) => NORM_PREFIX + name));

const OTHER: Quantity = { name: "dh", tone: "muted", symbol: "", width: 0.75 };

type Domain = readonly [low: number, high: number];

const LOWEST = 120;
const HIGHEST = 420;

/** `room` is the height that there is anyhow, which the plot fills. With `all`, the other samples stand behind. */
export function resolve(
  store: Store,
  place: Place,
  width: number,
  room: number,
  strings: Strings,
  all = false,
): FlowScene {
  const box = plotBox(width, TOP, Math.max(LOWEST, Math.min(HIGHEST, room - TOP - AXIS)));
  const height = box.y + box.height + AXIS;
  const series = place.layer && place.frame ? seriesOf(place.frame, place) : [];
  const empty = { width, height, box, lines: [], dots: [], grid: [], rule: null, readings: [] };
  if (series.length === 0) {
    const message = place.frame ? strings.noGradient : strings.noFlow;
    return { ...empty, labels: [], message };
  }
  const [low, high] = domainOf(store, place);
  const zero = box.y + box.height - 5;
  const y = linear(low, high, zero - FLOOR, box.y);
  const x = band(place.times, box.x, box.x + box.width);
  const powers = exponents(low, high, box.height / 24);
  return {
    ...empty,
    lines: [
      ...(all && place.frame ? othersOf(place.frame, place) : []).map((logs) => lineOf(OTHER, logs, x, y, low)),
      ...series.map(({ quantity, logs }) => lineOf(quantity, logs, x, y, low)),
    ],
    dots: series.flatMap(({ quantity, logs }) => dotsOf(quantity, logs, place.time, x, y, [low, zero])),
    grid: powers.map(y),
    labels: [
      ...powers.map((exponent) => label(power(exponent), box.x - 7, y(exponent), "right", "muted")),
      ...(series.some(({ logs }) => logs.includes(-Number.POSITIVE_INFINITY))
        ? [label("0", box.x - 7, zero, "right", "muted")]
        : []),
      ...timeNumbers(place, box, box.y + box.height + 11),
      ...endLabels(series, strings, x, y, [low, zero]),
    ],
    rule: x(place.time),
    readings: [
      ...[...series].reverse().map(({ quantity, logs, stride }) => {
        return readingOf(quantity, place.time % stride ? undefined : logs[place.time], strings);
      }),
      ...fading(series, strings),
    ],
    message: "",
  };
}

type Found = { quantity: Quantity; logs: readonly number[]; stride: number };

/** Logarithms of the norms of one sample over its own timesteps, of which every `stride`-th was sent. */
function seriesOf(frame: StepFrame, place: Place): Found[] {
  return QUANTITIES.flatMap((quantity) => {
    const logs = logsOf(frame, place, quantity.name, place.sample);
    const [stride = 1] = planeOf(frame, place.layer?.name ?? "", NORM_PREFIX + quantity.name)?.stride ?? [];
    return logs ? [{ quantity, logs, stride }] : [];
  });
}

function logsOf(frame: StepFrame, { layer, times }: Place, name: string, sample: number): number[] | null {
  const plane = planeOf(frame, layer?.name ?? "", NORM_PREFIX + name);
  if (!plane) return null;
  const floats = floatsOf(frame, plane);
  const [, samples = 1] = plane.shape;
  const [stride = 1] = plane.stride;
  const length = Math.min(layer?.lengths[sample] ?? times, times);
  return Array.from({ length }, (_, time) => floats[Math.floor(time / stride) * samples + sample] ?? Number.NaN);
}

/** The total gradients of the samples that are not chosen. */
function othersOf(frame: StepFrame, place: Place): number[][] {
  return place.samples.flatMap((_, sample) => {
    const logs = sample === place.sample ? null : logsOf(frame, place, "dh", sample);
    return logs ? [logs] : [];
  });
}

const domains = new WeakMap<StepFrame, Map<string, Domain>>();

/** Whole decades that hold every finite norm of the layer shown in every frame held; of any layer, where runs are compared. */
export function domainOf({ peers }: Store, place: Place): Domain {
  const layer = peers.length > 1 ? "" : (place.layer?.name ?? "");
  let [low, high] = [Number.POSITIVE_INFINITY, -Number.POSITIVE_INFINITY];
  for (const frame of peers.flatMap((peer) => peer.steps.map((step) => peer.frame(step)))) {
    if (!frame) continue;
    const [from, to] = rangeOf(frame, layer);
    low = Math.min(low, from);
    high = Math.max(high, to);
  }
  if (low > high) return [-1, 0];
  const top = Math.ceil(high);
  const shown = place.frame ? rangeOf(place.frame, layer)[1] : top;
  const least = (shown < top - DECADES ? Math.floor(shown) : top) - DECADES;
  return [Math.min(Math.max(Math.floor(low), least), top - 1), top];
}

function rangeOf(frame: StepFrame, layer: string): Domain {
  const known = domains.get(frame) ?? new Map<string, Domain>();
  domains.set(frame, known);
  const found = known.get(layer);
  if (found) return found;
  let [low, high] = [Number.POSITIVE_INFINITY, -Number.POSITIVE_INFINITY];
  for (const plane of frame.header.planes) {
    if (!NORMS.has(plane.name) || (layer && plane.layer !== layer)) continue;
    for (const value of floatsOf(frame, plane)) {
      if (!Number.isFinite(value)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  known.set(layer, [low, high]);
  return [low, high];
}

function lineOf({ tone, width, dash }: Quantity, logs: readonly number[], x: Scale, y: Scale, low: number): Line {
  const points = new Float64Array(2 * logs.length);
  logs.forEach((value, time) => {
    points[2 * time] = x(time);
    points[2 * time + 1] = Number.isFinite(value) ? y(Math.max(value, low)) : Number.NaN;
  });
  return dash ? { points, tone, width, dash } : { points, tone, width };
}

/** A dot at the time shown, at every zero, at every value that is no number, and at points without a neighbor. */
function dotsOf(
  { tone }: Quantity,
  logs: readonly number[],
  shown: number,
  x: Scale,
  y: Scale,
  [low, zero]: readonly [number, number],
): Dot[] {
  return logs.flatMap((value, time): Dot[] => {
    const at = { x: x(time), radius: time === shown ? 4 : 2.5 };
    if (Number.isNaN(value)) return [{ ...at, y: zero, tone: "nan" }];
    if (value === Number.POSITIVE_INFINITY) return [{ ...at, y: zero, tone: "positive" }];
    if (value === -Number.POSITIVE_INFINITY) return [{ ...at, y: zero, tone, hollow: true }];
    const alone = !Number.isFinite(logs[time - 1]) && !Number.isFinite(logs[time + 1]);
    return alone || time === shown ? [{ ...at, y: y(Math.max(value, low)), tone }] : [];
  });
}

/** Names at the right ends of the lines, kept apart. */
function endLabels(
  series: readonly Found[],
  strings: Strings,
  x: Scale,
  y: Scale,
  ends: readonly [number, number],
): Label[] {
  const [low, zero] = ends;
  const labels = series.map(({ quantity, logs }): Label => {
    const known = logs.findLastIndex((value) => !Number.isNaN(value));
    const time = known < 0 ? logs.length - 1 : known;
    const value = logs[time] ?? -Number.POSITIVE_INFINITY;
    const at = Number.isFinite(value) ? y(Math.max(value, low)) : zero;
    return label(nameOf(quantity, strings), x(time) + 9, at, "left", quantity.tone, { bold: true });
  });
  const kept = apart(labels);
  const below = Math.max(0, (kept.at(-1)?.y ?? 0) - zero - 2);
  return kept.map((one) => ({ ...one, y: one.y - below }));
}

function nameOf({ tone }: Quantity, strings: Strings): string {
  return tone === "total" || tone === "direct" || tone === "cell" ? strings[tone] : "";
}

function readingOf(quantity: Quantity, log: number | undefined, strings: Strings): Reading {
  const text = log === undefined ? "\u2013" : valueText(10 ** log);
  return { tone: quantity.tone, name: nameOf(quantity, strings), symbol: quantity.symbol, text };
}

/** How large the total gradient is at the first time against the last: far below 1 where it vanishes on its way back. */
function fading(series: readonly Found[], strings: Strings): Reading[] {
  const { logs, stride } = series.find(({ quantity }) => quantity.name === "dh") ?? { logs: [], stride: 1 };
  if ((logs.length - 1) % stride) return [];
  const [first, last] = [logs[0], logs[logs.length - 1]];
  if (first === undefined || last === undefined || logs.length < 2 || last === -Number.POSITIVE_INFINITY) return [];
  return [{ tone: "ink", name: strings.fading, symbol: "", text: valueText(10 ** (first - last)) }];
}

/** Paint what stays while another time is shown. */
export function paintStill(scene: FlowScene, context: CanvasRenderingContext2D, look: Look): void {
  const { box, grid, message } = scene;
  for (const y of grid) paintRule(context, [box.x, y], [box.x + box.width, y], look.grid);
  for (const line of scene.lines) paintLine(context, line, look);
  paintMessage(context, message, box, look);
}

/** What moves with the time in a plot over time: a rule, dots and labels. */
export function paint(
  { box, rule, dots, labels }: Pick<FlowScene, "box" | "rule" | "dots" | "labels">,
  context: CanvasRenderingContext2D,
  look: Look,
): void {
  if (rule !== null) paintRule(context, [rule, box.y - 6], [rule, box.y + box.height], look.muted);
  paintDots(context, dots, look);
  paintLabels(context, labels, look);
}
