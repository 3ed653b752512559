/** Text on a canvas: already placed, already worded. */

import { visible } from "../format";
import type { Box } from "../scale";
import type { Look } from "../theme";

export const SMALL = 11;
const SENTENCE = 13;

/** Which color of the look; a number is a place in its palette of lines, which begins anew at its end. */
export type Tone = "ink" | "muted" | "total" | "direct" | "cell" | number;

export function tint(look: Look, tone: Tone): string {
  return typeof tone === "number" ? (look.lines[tone % look.lines.length] ?? look.ink) : look[tone];
}

export interface Label {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly align: "left" | "center" | "right";
  readonly tone: Tone;
  readonly bold?: boolean;
  /** A sentence instead of a mark: larger. */
  readonly sentence?: boolean;
  /** Radians, counter-clockwise about (x, y). */
  readonly angle?: number;
}

export function label(
  text: string,
  x: number,
  y: number,
  align: Label["align"],
  tone: Tone,
  more?: Pick<Label, "bold" | "angle">,
): Label {
  return { text, x, y, align, tone, ...more };
}

export function paintLabels(context: CanvasRenderingContext2D, labels: readonly Label[], look: Look): void {
  context.textBaseline = "middle";
  let before = "";
  for (const { text, x, y, align, tone, bold, sentence, angle } of labels) {
    const font = `${bold ? "600 " : ""}${sentence ? SENTENCE : SMALL}px ${look.font}`;
    if (font !== before) context.font = font; // setting it has the page work out its styles
    before = font;
    context.fillStyle = tint(look, tone);
    context.textAlign = align;
    context.save();
    context.translate(x, y);
    if (angle) context.rotate(-angle);
    context.fillText(visible(text), 0, 0);
    context.restore();
  }
}

/** A sentence, where there is one, in the middle of an empty plot or of a whole scene. */
export function paintMessage(
  context: CanvasRenderingContext2D,
  text: string,
  { x = 0, y = 0, width, height }: Partial<Box> & Pick<Box, "width" | "height">,
  look: Look,
): void {
  const middle = { x: x + width / 2, y: y + height / 2 };
  if (text) paintLabels(context, [{ text, ...middle, align: "center", tone: "muted", sentence: true }], look);
}
