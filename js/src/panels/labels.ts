/** Labels along the axes: times, tokens, units, and the numbers beside a color bar. None covers another. */

import { COLOR_DECADES } from "../color";
import type { Place } from "../cursor";
import { power, shortened, textWidth, tick, value } from "../format";
import { type Label, label, SMALL } from "../marks/label";
import type { Legend } from "../marks/legend";
import type { Plane } from "../protocol.gen";
import { type Box, linear, type Scale, ticks } from "../scale";
import type { Strings } from "../strings";
import { type Span, whole } from "./sight";

export const TOKENS_HEIGHT = 58;
export const NUMBERS_HEIGHT = 18;
const ANGLE = 0.87;
const TOKEN_WIDTH = (TOKENS_HEIGHT - 16) / Math.sin(ANGLE);
const TOKEN_ROOM = 15;
const NUMBER_ROOM = 32;

/** Indices of a span to number, those too near to the selected one left out, which is put last. */
function numbered(span: Span, selected: number | null, size: number, apart: number, room: number): number[] {
  const marks = ticks(span.from, Math.max(span.to - 1, span.from), Math.max(2, size / apart)).filter(Number.isInteger);
  if (selected === null || selected < span.from || selected >= span.to) return marks;
  const others = marks.filter((index) => (Math.abs(index - selected) * size) / (span.to - span.from) > room);
  return [...others, selected];
}

/** The middle of the band of each index of a span. */
function middles({ from, to }: Span, low: number, high: number): Scale {
  return linear(from - 0.5, to - 0.5, low, high);
}

/** "t = 17 / 34": the timestep and the last one, counted from 0 at the start of the input. */
export function timeText({ first, times }: Place, time: number, strings: Strings): string {
  return strings.at(first + time, first + Math.max(times - 1, 0));
}

/** Numbers of timesteps at height `y`, that of the time shown among them. */
export function timeNumbers({ first, times, time }: Place, box: Box, y: number, span: Span = whole(times)): Label[] {
  const counted = { from: first + span.from, to: first + span.to };
  const center = middles(counted, box.x, box.x + box.width);
  return numbered(counted, first + time, box.width, 60, NUMBER_ROOM).map((index) =>
    index === first + time
      ? label(`t = ${tick(index)}`, center(index), y, "center", "ink", { bold: true })
      : label(tick(index), center(index), y, "center", "muted"),
  );
}

/** Tokens above a box, turned where they are wider than a column, thinned; the one at the time shown is always there. */
export function tokenLabels({ times, time }: Place, tokens: readonly string[], box: Box, span = whole(times)): Label[] {
  const center = middles(span, box.x, box.x + box.width);
  const column = box.width / (span.to - span.from);
  const words = tokens.map((token) => shortened(token, SMALL, TOKEN_WIDTH));
  const inside = [...words.keys()].filter((index) => index >= span.from && index < span.to);
  const upright = inside.every((index) => textWidth(words[index] ?? "", SMALL) + 8 < column);
  const every = upright ? 1 : Math.max(1, Math.ceil(TOKEN_ROOM / column));
  const thinned = inside.filter((index) => index % every === 0);
  const kept = thinned.filter((index) => upright || Math.abs(index - time) * column >= TOKEN_ROOM);
  if (inside.includes(time) && !kept.includes(time)) kept.push(time);
  return kept.map((index) => {
    const style = { text: words[index] ?? "", tone: index === time ? "ink" : "muted", bold: index === time } as const;
    if (upright) return { ...style, x: center(index), y: box.y - 10, align: "center" };
    return { ...style, x: center(index) - 1, y: box.y - 7, align: "left", angle: ANGLE };
  });
}

/** Numbers of units left of a box, that of the selected row among them, and what they are. */
export function unitLabels(span: Span, selected: number | null, unitAt: Scale, box: Box, strings: Strings): Label[] {
  const center = middles(span, box.y, box.y + box.height);
  const numbers = numbered(span, selected, box.height, 50, 14).map((position): Label => {
    const text = tick(unitAt(position));
    const bold = position === selected;
    return label(text, box.x - 7, center(position), "right", bold ? "ink" : "muted", { bold });
  });
  const middle = box.y + box.height / 2;
  return [label(strings.unit, 10, middle, "center", "muted", { angle: Math.PI / 2 }), ...numbers];
}

/** The same labels from top to bottom, each moved down until it clears the one above. */
export function apart(labels: readonly Label[]): Label[] {
  let floor = -Number.POSITIVE_INFINITY;
  return [...labels]
    .sort((one, other) => one.y - other.y)
    .map((label) => {
      floor = Math.max(label.y, floor + 13);
      return { ...label, y: floor };
    });
}

/** Beyond this the ends of a scale are powers of ten, which find room beside the bar. */
const LARGE = 1e4;

/** A number beside the bar; an end that is a power of ten as such. */
function endText(number: number): string {
  const size = Math.abs(number);
  return size > LARGE ? `${number < 0 ? "\u2212" : ""}${power(Math.round(Math.log10(size)))}` : value(number);
}

/** Values along the color bar of a plane whose scale ends at `top`. */
export function legendTicks(plane: Plane, top: number): Legend["ticks"] {
  if (plane.encoding === "unit") return [0, 0.5, 1].map((position) => ({ position, text: tick(position) }));
  if (top === 0) return [{ position: 0, text: "0" }];
  if (plane.encoding === "symmetric") {
    const positions = top > LARGE ? [-1, 0, 1] : [-1, -0.5, 0, 0.5, 1];
    return positions.map((position) => ({ position, text: endText(position * top) }));
  }
  const order = Math.round(Math.log10(top));
  const sides = [1, 0.5].flatMap((position) => {
    const text = power(order - COLOR_DECADES * (1 - position));
    return [
      { position, text },
      { position: -position, text: `\u2212${text}` },
    ];
  });
  return [...sides, { position: 0, text: "0" }];
}
