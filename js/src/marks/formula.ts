/**
 * Formulas on a canvas: letters of mathematics in italics with their indices lowered, numbers in chips that have the
 * color of their value. Already worded and anchored; the widths of the letters are measured while they are drawn.
 */

import { css, diverging, type Rgb, SPECIAL, sequential } from "../color";
import type { Look } from "../theme";
import { type Tone, tint } from "./label";

/** Where a number stands on the color scale of its quantity; none for a number without a scale. */
export interface Shade {
  readonly scale: "sequential" | "diverging" | "none";
  /** NaN and the infinities have colors of their own. */
  readonly position: number;
}

export type Run =
  | { readonly text: string; readonly kind: "letter" | "index" | "plain" }
  | { readonly text: string; readonly kind: "number"; readonly shade: Shade };

export interface Formula {
  readonly runs: readonly Run[];
  readonly x: number;
  readonly y: number;
  readonly align: "left" | "center" | "right";
  readonly tone: Tone;
  readonly size: number;
}

const SERIF = "Georgia, 'Times New Roman', serif";
/** Beside a number in its chip, less where it is small. */
export const padOf = (size: number) => (size < 12 ? 3 : 5);
const UPRIGHT = new Set(["tanh", "max", "ReLU"]);

/** "c_{t-1} = " as runs: single letters in italics, what follows an underscore lowered, the rest upright. */
export function runsOf(text: string): Run[] {
  return [...text.matchAll(/_\{([^}]*)\}|_(.)|([A-Za-z]+|\u2202L|\u2202)|([^A-Za-z_\u2202]+)/g)].map(
    ([, braced, single, word, rest]): Run => {
      if (braced ?? single) return { text: braced ?? single ?? "", kind: "index" };
      if (word !== undefined && !UPRIGHT.has(word)) return { text: word, kind: "letter" };
      return { text: word ?? rest ?? "", kind: "plain" };
    },
  );
}

export function colorOf({ scale, position }: Shade, look: Look): Rgb | null {
  const { nan, positive, negative }: Readonly<Record<"nan" | "positive" | "negative", Rgb>> = SPECIAL[look.mode];
  if (Number.isNaN(position)) return nan;
  if (!Number.isFinite(position)) return position > 0 ? positive : negative;
  if (scale === "none") return null;
  return scale === "sequential" ? sequential()(position) : diverging(look.mode, look.surface)(position);
}

/** Ink that can be read on a color. */
export function inkOn([red, green, blue]: Rgb): string {
  return 0.3 * red + 0.59 * green + 0.11 * blue > 140 ? "#15181c" : "#ffffff";
}

export function paintFormulas(context: CanvasRenderingContext2D, formulas: readonly Formula[], look: Look): void {
  context.textBaseline = "middle";
  context.textAlign = "left";
  for (const { runs, x, y, align, tone, size } of formulas) {
    const padded = ({ kind }: Run) => (kind === "number" ? padOf(size) : 0);
    /** The width of a run, in whose font the context then writes: changing it takes longest. */
    const widthOf = (run: Run) => {
      context.font = fontOf(run, size, look);
      return context.measureText(run.text).width + 2 * padded(run);
    };
    const share = { left: 0, center: 0.5, right: 1 }[align];
    let left = x - (share && share * runs.reduce((sum, run) => sum + widthOf(run), 0));
    for (const run of runs) {
      const width = widthOf(run);
      context.fillStyle = tint(look, tone);
      if (run.kind === "number") paintChip(context, run.shade, left, y, width, size, look);
      context.fillText(run.text, left + padded(run), run.kind === "index" ? y + size * 0.32 : y);
      left += width;
    }
  }
}

function fontOf({ kind }: Run, size: number, look: Look): string {
  if (kind === "letter") return `italic ${size + 2}px ${SERIF}`;
  if (kind === "index") return `italic ${size - 2}px ${SERIF}`;
  return kind === "number" ? `600 ${size}px ${look.font}` : `${size}px ${look.font}`;
}

function paintChip(
  context: CanvasRenderingContext2D,
  shade: Shade,
  x: number,
  y: number,
  width: number,
  size: number,
  look: Look,
): void {
  const color = colorOf(shade, look);
  context.beginPath();
  context.roundRect(x + 1, y - size * 0.75, width - 2, size * 1.5, 4);
  context.fillStyle = color ? css(color) : css(look.surface);
  context.fill();
  context.strokeStyle = look.grid;
  context.lineWidth = 1;
  context.stroke();
  context.fillStyle = color ? inkOn(color) : look.ink;
}
