/**
 * The recurrent weights, a block of W_hh a gate: its eigenvalues in the complex plane with the unit circle, and how its
 * entries are distributed. From the nearest analysed step at or before the one shown.
 */

import type { Place } from "../cursor";
import { grouped, value as valueText } from "../format";
import { type AnalysisFrame, floatsOf, numberOf, planeOf } from "../frame";
import { type Label, label, paintLabels, paintMessage } from "../marks/label";
import { type Dot, paintDots } from "../marks/line";
import { type Profile, paintProfile } from "../marks/profile";
import { paintRule } from "../marks/rule";
import { SPECTRUM_PREFIX, WEIGHTS_PREFIX } from "../protocol.gen";
import type { Box } from "../scale";
import type { Store } from "../store";
import type { Strings } from "../strings";
import type { Look } from "../theme";
import { tiles, titleOf } from "./tiles";

export interface Block {
  readonly gate: string;
  readonly box: Box;
  /** Pixels of the unit circle. */
  readonly unit: number;
  /** Eigenvalues, real and imaginary parts in turn; and where they stand. */
  readonly values: Float64Array;
  readonly dots: readonly Dot[];
  /** Size of the largest eigenvalue; NaN without eigenvalues. */
  readonly radius: number;
  readonly histogram: Profile | null;
  readonly labels: readonly Label[];
}

export interface WeightsScene {
  readonly width: number;
  readonly height: number;
  readonly blocks: readonly Block[];
  readonly message: string;
  readonly notes: readonly string[];
}

const BELOW = 84;
const BARS = 34;
const MARGIN = 1.1;

export function resolve(store: Store, place: Place, width: number, strings: Strings): WeightsScene {
  const analysis = place.frame ? store.analysis(place.step) : undefined;
  const layer = place.layer?.name ?? "";
  const gates = gatesOf(analysis, layer);
  if (!analysis || gates.length === 0) {
    return { width, height: 160, blocks: [], message: place.frame ? strings.noWeights : strings.waiting, notes: [] };
  }
  const { spectra, weights } = scalesOf(store, place);
  const { boxes, height } = tiles(gates.length, width, BELOW);
  const blocks = gates.map((gate, index) =>
    blockOf(analysis, layer, gate, (spectra[index] ?? 1) * MARGIN, weights[index] ?? 1, boxes[index] as Box, strings),
  );
  const late = analysis.header.step === place.step ? [] : [strings.analysedAt(grouped(analysis.header.step))];
  return { width, height, blocks, message: "", notes: [...measuresOf(analysis, layer, strings), ...late] };
}

/** What steps and runs have in common for each gate: the size of its largest eigenvalue, at least 1, and its largest bin. */
export function scalesOf(store: Store, { step, layer }: Place): { spectra: number[]; weights: number[] } {
  const name = layer?.name ?? "";
  const gates = gatesOf(store.analysis(step), name);
  const highs = (prefix: string) => gates.map((gate) => store.high(name, prefix + gate));
  return { spectra: highs(SPECTRUM_PREFIX).map((high) => Math.max(1, high)), weights: highs(WEIGHTS_PREFIX) };
}

/** What one number says of the layer's memory, in words; those that are not known are left out. */
function measuresOf(analysis: AnalysisFrame, layer: string, strings: Strings): string[] {
  return Object.entries(analysis.header.numbers[layer] ?? {}).flatMap(([name, scalar]) => {
    const told = strings.measures[name];
    const number = numberOf(scalar);
    return told === undefined || Number.isNaN(number) ? [] : [`${told} ${valueText(number)}`];
  });
}

function gatesOf(analysis: AnalysisFrame | undefined, layer: string): string[] {
  const planes = analysis?.header.planes.filter((plane) => plane.layer === layer) ?? [];
  const gates = planes.flatMap(({ name }) => {
    const prefix = [SPECTRUM_PREFIX, WEIGHTS_PREFIX].find((one) => name.startsWith(one));
    return prefix ? [name.slice(prefix.length)] : [];
  });
  return [...new Set(gates)];
}

/** Real and imaginary parts in turn. */
function spectrumOf(analysis: AnalysisFrame, layer: string, gate: string): Float64Array {
  const plane = planeOf(analysis, layer, SPECTRUM_PREFIX + gate);
  if (!plane) return new Float64Array();
  const parts = floatsOf(analysis, plane);
  const count = plane.shape[1] ?? 0;
  return Float64Array.from(
    { length: 2 * count },
    (_, index) => parts[(index % 2) * count + (index >> 1)] ?? Number.NaN,
  );
}

function largest(values: Float64Array): number {
  let most = Number.NaN;
  for (let index = 0; index < values.length; index += 2) {
    const size = Math.hypot(values[index] as number, values[index + 1] as number);
    if (Number.isFinite(size) && !(size <= most)) most = size;
  }
  return most;
}

function blockOf(
  analysis: AnalysisFrame,
  layer: string,
  gate: string,
  reach: number,
  high: number,
  box: Box,
  strings: Strings,
): Block {
  const values = spectrumOf(analysis, layer, gate);
  const unit = box.width / 2 / reach;
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const radius = largest(values);
  const dots = Array.from({ length: values.length / 2 }, (_, index): Dot => {
    const [real, imaginary] = [values[2 * index] as number, values[2 * index + 1] as number];
    const tone = Math.hypot(real, imaginary) > 1 ? "direct" : "total";
    return { x: x + real * unit, y: y - imaginary * unit, radius: 2.5, tone };
  });
  const bottom = box.y + box.height;
  const bars = { ...box, y: bottom + 24, height: BARS };
  const histogram = histogramOf(analysis, layer, gate, bars, high);
  const size = Number.isNaN(radius) ? "\u2013" : valueText(radius);
  return {
    ...{ gate, box, unit, values, dots, radius, histogram },
    labels: [
      titleOf(gate, box, strings),
      label(`${strings.radius} ${size}`, x, bottom + 12, "center", radius > 1 ? "direct" : "total"),
      ...axisLabels(box, unit, reach),
      ...(histogram ? rangeLabels(bars, high) : []),
    ],
  };
}

/** Where the unit circle crosses the axes, and how far the axes reach where that is far beyond it. */
function axisLabels({ x, y, width, height }: Box, unit: number, reach: number): Label[] {
  const [middle, right] = [y + height / 2, x + width];
  const one = [label("1", x + width / 2 + unit, middle + 9, "center", "muted")];
  return reach < 1.5 ? one : [...one, label(valueText(reach), right, middle - 8, "right", "muted")];
}

/** In a room that reaches from -high to high. */
function histogramOf(analysis: AnalysisFrame, layer: string, gate: string, room: Box, high: number): Profile | null {
  const plane = planeOf(analysis, layer, WEIGHTS_PREFIX + gate);
  if (!plane) return null;
  const counts = Float64Array.from(floatsOf(analysis, plane));
  const most = Math.max(...counts, 1);
  const width = (room.width * plane.high) / high;
  const box = { ...room, x: room.x + (room.width - width) / 2, width };
  return { box, upright: true, base: 1, ends: counts.map((count) => 1 - count / most) };
}

function rangeLabels({ x, y, width, height }: Box, high: number): Label[] {
  return [-high, 0, high].map((value, index) =>
    label(valueText(value), x + (index * width) / 2, y + height + 11, "center", "muted"),
  );
}

const REACH = 10;

/** What the eigenvalue nearest to a point is, in words. */
export function describeAt({ blocks }: WeightsScene, x: number, y: number, strings: Strings): string[] | null {
  let [found, least] = [null as string[] | null, REACH];
  for (const { gate, dots, values } of blocks) {
    dots.forEach((dot, index) => {
      const away = Math.hypot(dot.x - x, dot.y - y);
      if (away >= least) return;
      const [real, imaginary] = [values[2 * index] as number, values[2 * index + 1] as number];
      const sign = imaginary < 0 ? "\u2212" : "+";
      least = away;
      found = [
        `\u03bb = ${valueText(real)} ${sign} ${valueText(Math.abs(imaginary))}i`,
        `|\u03bb| = ${valueText(Math.hypot(real, imaginary))}`,
        strings.gate[gate] ?? gate,
      ];
    });
  }
  return found;
}

/** Paint what stays while another time is shown, which is all. */
export function paintStill(scene: WeightsScene, context: CanvasRenderingContext2D, look: Look): void {
  paintMessage(context, scene.message, scene, look);
  for (const { box, unit, dots, histogram, labels } of scene.blocks) {
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    paintRule(context, [box.x, y], [box.x + box.width, y], look.grid);
    paintRule(context, [x, box.y], [x, box.y + box.height], look.grid);
    context.globalAlpha = 0.6;
    paintDots(context, dots, look);
    context.globalAlpha = 1;
    context.beginPath();
    context.arc(x, y, unit, 0, 2 * Math.PI);
    context.strokeStyle = look.ink;
    context.lineWidth = 1.25;
    context.stroke();
    if (histogram) {
      const base = histogram.box.y + BARS;
      paintRule(context, [box.x, base], [box.x + box.width, base], look.grid);
      paintProfile(context, histogram, look);
    }
    paintLabels(context, labels, look);
  }
}
