/** Labels along the axes: times, tokens, units, and the numbers beside a color bar. None covers another. */

import { COLOR_DECADES } from "../color";
import type { Place } from "../cursor";
import { power, shortened, textWidth, tick } from "../format";
import { type Label, SMALL } from "../marks/label";
import type { Legend } from "../marks/legend";
import type { Plane } from "../protocol.gen";
import { type Box, band, ticks } from "../scale";
import type { Strings } from "../strings";

export const TOKENS_HEIGHT = 58;
export const NUMBERS_HEIGHT = 18;
const ANGLE = 0.87;
const TOKEN_WIDTH = (TOKENS_HEIGHT - 16) / Math.sin(ANGLE);
const TOKEN_ROOM = 15;
const NUMBER_ROOM = 32;

/** Indices of `count` bands to number, those too near to the selected one left out, which is put last. */
function numbered(count: number, selected: number | null, size: number, apart: number, room: number): number[] {
  const marks = ticks(0, Math.max(count - 1, 0), Math.max(2, size / apart)).filter(Number.isInteger);
  if (selected === null) return marks;
  const others = marks.filter((index) => (Math.abs(index - selected) * size) / count > room);
  return [...others, selected];
}

/** Numbers of timesteps at height `y`, that of the time shown among them. */
export function timeNumbers({ times, time }: Place, box: Box, y: number): Label[] {
  const center = band(times, box.x, box.x + box.width);
  return numbered(times, time, box.width, 60, NUMBER_ROOM).map((index) => ({
    ...{ text: index === time ? `t = ${tick(index)}` : tick(index), x: center(index), y, align: "center" },
    ...{ tone: index === time ? "ink" : "muted", bold: index === time },
  }));
}

/** Tokens above a box, turned where they are wider than a column, thinned; the one at the time shown is always there. */
export function tokenLabels({ times, time }: Place, tokens: readonly string[], box: Box): Label[] {
  const center = band(times, box.x, box.x + box.width);
  const column = box.width / times;
  const words = tokens.map((token) => shortened(token, SMALL, TOKEN_WIDTH));
  const upright = words.every((word) => textWidth(word, SMALL) + 8 < column);
  const every = upright ? 1 : Math.max(1, Math.ceil(TOKEN_ROOM / column));
  const thinned = [...words.keys()].filter((index) => index % every === 0);
  const kept = thinned.filter((index) => upright || Math.abs(index - time) * column >= TOKEN_ROOM);
  if (time < words.length && !kept.includes(time)) kept.push(time);
  return kept.map((index) => {
    const style = { text: words[index] ?? "", tone: index === time ? "ink" : "muted", bold: index === time } as const;
    if (upright) return { ...style, x: center(index), y: box.y - 10, align: "center" };
    return { ...style, x: center(index) - 1, y: box.y - 7, align: "left", angle: ANGLE };
  });
}

/** Numbers of units left of a box, that of the unit shown among them, and what they are. */
export function unitLabels({ units, unit }: Place, box: Box, strings: Strings): Label[] {
  const center = band(units, box.y, box.y + box.height);
  const numbers = numbered(units, unit, box.height, 50, 14).map((index): Label => {
    const selected = index === unit;
    const style = { tone: selected ? "ink" : "muted", bold: selected } as const;
    return { ...style, text: tick(index), x: box.x - 7, y: center(index), align: "right" };
  });
  const middle = box.y + box.height / 2;
  return [{ text: strings.unit, x: 10, y: middle, align: "center", tone: "muted", angle: Math.PI / 2 }, ...numbers];
}

/** Values along the color bar of a plane whose scale ends at `top`. */
export function legendTicks(plane: Plane, top: number): Legend["ticks"] {
  if (plane.encoding === "unit") return [0, 0.5, 1].map((position) => ({ position, text: tick(position) }));
  if (top === 0) return [{ position: 0, text: "0" }];
  if (plane.encoding === "symmetric") {
    return [-1, -0.5, 0, 0.5, 1].map((position) => ({ position, text: tick(position * top) }));
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
