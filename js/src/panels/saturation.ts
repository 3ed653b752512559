/**
 * How often each unit's gates stand open or shut: one square a gate, one dot a unit, x the share of times at which the
 * gate is above 0.9, y the share at which it is below 0.1, over all recorded samples of the step shown.
 *
 * Drawn as in A. Karpathy, J. Johnson, L. Fei-Fei, "Visualizing and Understanding Recurrent Networks" (2015), figure 3.
 * A layer without gates shows its tanh, beyond 0.9 and beyond -0.9.
 */

import type { Place } from "../cursor";
import { dash, lastDigit, tick } from "../format";
import { type Reading, readingOf, type StepFrame } from "../frame";
import { type Label, label, paintLabels, paintMessage } from "../marks/label";
import { paintDots, paintLine } from "../marks/line";
import { paintRule } from "../marks/rule";
import type { Layer, Plane } from "../protocol.gen";
import type { Box } from "../scale";
import type { Store } from "../store";
import type { Strings } from "../strings";
import type { Look } from "../theme";
import { keyOf, remembered, type Sheet, sheetOf } from "./sheet";
import { tiles, titleOf } from "./tiles";

export interface Shares {
  /** Of each sent unit, in [0, 1]; NaN without a number. */
  readonly right: Float64Array;
  readonly left: Float64Array;
  /** By how much the shares of each unit may be wrong, since some values are too close to a limit to tell. */
  readonly unsure: Float64Array;
}

export interface Square {
  readonly gate: string;
  readonly box: Box;
  readonly shares: Shares;
  /** Units that one dot stands for, and how many there are. */
  readonly unitStride: number;
  readonly units: number;
  /** Position of the selected dot. */
  readonly selected: number | null;
  readonly labels: readonly Label[];
}

export interface SaturationScene {
  readonly width: number;
  readonly height: number;
  readonly squares: readonly Square[];
  readonly message: string;
}

const BELOW = 52;
const LOW = 0.1;
const HIGH = 0.9;

export function resolve(store: Store, place: Place, width: number, strings: Strings): SaturationScene {
  const { frame, layer } = place;
  const gates = frame && layer ? gatesOf(frame, layer, place.gates) : [];
  if (!frame || !layer || gates.length === 0 || store.steps.length === 0) {
    return { width, height: 160, squares: [], message: frame ? strings.noSaturation : strings.waiting };
  }
  const { boxes, height } = tiles(gates.length, width, BELOW);
  const squares = gates.map((gate, index) => squareOf(frame, layer, gate, place, boxes[index] as Box, strings));
  return { width, height, squares, message: "" };
}

/** The quantities that are open or shut; the state of a layer that has none, where its ends are those of a tanh. */
function gatesOf(frame: StepFrame, layer: Layer, names: readonly string[]): string[] {
  const gates = names.filter((name) => sheetOf(frame, layer, name, 0)?.plane.encoding === "unit");
  if (gates.length > 0) return gates;
  return layer.kind === "RNN_TANH" && sheetOf(frame, layer, "h", 0) ? ["h"] : [];
}

function squareOf(frame: StepFrame, layer: Layer, gate: string, place: Place, box: Box, strings: Strings): Square {
  const sheet = sheetOf(frame, layer, gate, 0) as Sheet;
  const shares = sharesOf(frame, layer, sheet);
  const { unitStride, units } = sheet;
  const selected = place.unit === null ? null : Math.floor(Math.min(place.unit, units - 1) / unitStride);
  return { gate, box, shares, unitStride, units, selected, labels: labelsOf(gate, shares, sheet, box, strings) };
}

const known = remembered<Shares>();

/** Shares of the times within the sequence, over all samples sent. */
export function sharesOf(frame: StepFrame, layer: Layer, sheet: Sheet): Shares {
  return known(frame, keyOf(sheet), () => {
    const { plane, rows } = sheet;
    const [right, left, unsure, counts] = Array.from({ length: 4 }, () => new Float64Array(rows)) as Rows;
    const marks = Array.from({ length: 256 }, (_, code) => sideOf(readingOf(code, plane), plane));
    const [, sampleStride = 1] = plane.stride;
    for (let sample = 0; sample < (plane.shape[1] ?? 1); sample++) {
      const own = sheetOf(frame, layer, plane.name, sample * sampleStride) as Sheet;
      const { codes, start, columnPitch, columns, timeStride, unitStride } = own;
      for (let column = 0; column < columns; column++) {
        const from = start + column * columnPitch;
        for (let row = 0; row < rows; row++) {
          const coarse = marks[codes[from + row] as number];
          if (coarse === "none") continue;
          const side = coarse === "unsure" ? sideOf(own.read(column * timeStride, row * unitStride), plane) : coarse;
          counts[row] = (counts[row] as number) + 1;
          if (side === "right") right[row] = (right[row] as number) + 1;
          else if (side === "left") left[row] = (left[row] as number) + 1;
          else if (side === "unsure") unsure[row] = (unsure[row] as number) + 1;
        }
      }
    }
    const share = (sum: number, row: number) => sum / (counts[row] as number);
    return { right: right.map(share), left: left.map(share), unsure: unsure.map(share) };
  });
}

type Rows = [right: Float64Array, left: Float64Array, unsure: Float64Array, counts: Float64Array];
type OnSide = "right" | "left" | "between" | "unsure" | "none";

/** On which side of the limits a number lies, as far as it is known. */
function sideOf(reading: Reading | null, { encoding }: Plane): OnSide {
  if (!reading || Number.isNaN(reading.value)) return "none";
  const { value, error } = reading;
  const low = encoding === "unit" ? LOW : -HIGH;
  if (value - error > HIGH) return "right";
  if (value + error < low) return "left";
  return value + error <= HIGH && value - error >= low ? "between" : "unsure";
}

function average(shares: Float64Array): number {
  const numbers = shares.filter((share) => !Number.isNaN(share));
  return numbers.reduce((sum, share) => sum + share, 0) / numbers.length;
}

/** A share in whole percent, where it is known that well. */
function percent(share: number, unsure: number): string {
  return Number.isNaN(share) || lastDigit(100 * unsure) > 0 ? dash : `${Math.round(100 * share)} %`;
}

function labelsOf(gate: string, shares: Shares, { plane }: Sheet, box: Box, strings: Strings): Label[] {
  const { right, left, unsure } = shares;
  // Over a part of the units or times the average is an estimate.
  const about = plane.stride.some((stride) => stride > 1) ? "\u2248 " : "";
  const mean = (side: Float64Array) => about + percent(average(side), average(unsure));
  const bottom = box.y + box.height;
  const low = plane.encoding === "unit" ? `< ${LOW}` : `< \u2212${HIGH}`;
  const ends = [0, 0.5, 1].flatMap((share): Label[] => [
    label(tick(share), box.x + share * box.width, bottom + 11, "center", "muted"),
    label(tick(share), box.x - 6, bottom - share * box.height, "right", "muted"),
  ]);
  const middle = box.x + box.width / 2;
  return [
    titleOf(gate, box, strings),
    ...ends,
    label(`${strings.open} > ${HIGH}: ${mean(right)}`, middle, bottom + 27, "center", "total"),
    label(`${strings.closed} ${low}: ${mean(left)}`, middle, bottom + 42, "center", "direct"),
  ];
}

function pointOf({ box, shares }: Square, row: number): readonly [number, number] {
  const [x, y] = [shares.right[row] as number, shares.left[row] as number];
  return [box.x + x * box.width, box.y + (1 - y) * box.height];
}

const REACH = 12;

/** The gate and the unit of the dot that is nearest to a point. */
export function dotAt(scene: SaturationScene, x: number, y: number): { square: Square; unit: number } | null {
  let [found, least] = [null as { square: Square; unit: number } | null, REACH];
  for (const square of scene.squares) {
    square.shares.right.forEach((_, row) => {
      const [px, py] = pointOf(square, row);
      const away = Math.hypot(px - x, py - y);
      if (away >= least) return;
      found = { square, unit: row * square.unitStride };
      least = away;
    });
  }
  return found;
}

export function describe({ gate, shares, unitStride }: Square, unit: number, strings: Strings): string[] {
  const row = Math.floor(unit / unitStride);
  return [
    `${strings.unit} ${unit}`,
    strings.gate[gate] ?? gate,
    `${strings.open}: ${percent(shares.right[row] ?? Number.NaN, shares.unsure[row] ?? 0)}`,
    `${strings.closed}: ${percent(shares.left[row] ?? Number.NaN, shares.unsure[row] ?? 0)}`,
  ];
}

/** Paint what stays while another time is shown, which is all. */
export function paintStill(scene: SaturationScene, context: CanvasRenderingContext2D, look: Look): void {
  paintMessage(context, scene.message, scene, look);
  for (const square of scene.squares) {
    const { box, shares, selected } = square;
    const [right, bottom] = [box.x + box.width, box.y + box.height];
    for (const share of [0, 0.5, 1]) {
      paintRule(context, [box.x + share * box.width, box.y], [box.x + share * box.width, bottom], look.grid);
      paintRule(context, [box.x, box.y + share * box.height], [right, box.y + share * box.height], look.grid);
    }
    paintLine(
      context,
      { points: Float64Array.of(box.x, box.y, right, bottom), tone: "muted", width: 1, dash: [3, 4] },
      look,
    );
    context.globalAlpha = 0.45;
    const radius = shares.right.length > 300 ? 2.5 : 3.5;
    const dots = [...shares.right.keys()].map((row) => pointOf(square, row));
    paintDots(
      context,
      dots.map(([x, y]) => ({ x, y, radius, tone: "total" })),
      look,
    );
    context.globalAlpha = 1;
    if (selected !== null) paintSelected(context, dots[selected] ?? [Number.NaN, Number.NaN], look);
    paintLabels(context, square.labels, look);
  }
}

function paintSelected(context: CanvasRenderingContext2D, [x, y]: readonly [number, number], look: Look): void {
  if (Number.isNaN(x)) return;
  paintDots(
    context,
    [
      { x, y, radius: 6, tone: "ink", hollow: true },
      { x, y, radius: 3, tone: "total" },
    ],
    look,
  );
}
