/** Lines through points, bands between two lines, dots. Points are x, y pairs in pixels; a NaN breaks the line. */

import { css, SPECIAL } from "../color";
import type { Look } from "../theme";
import { type Tone, tint } from "./label";

export interface Line {
  readonly points: Float64Array;
  readonly tone: Tone;
  readonly width: number;
  readonly dash?: readonly number[];
}

export interface Dot {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  /** A bad value has the color of what it is. */
  readonly tone: Tone | "nan" | "positive";
  /** A hollow dot marks a value that has no place on the scale, such as zero on a logarithmic one. */
  readonly hollow?: boolean;
}

function trace(context: CanvasRenderingContext2D, points: Float64Array): void {
  let pen = false;
  for (let index = 0; index < points.length; index += 2) {
    const x = points[index] as number;
    const y = points[index + 1] as number;
    if (Number.isNaN(y)) pen = false;
    else if (pen) context.lineTo(x, y);
    else {
      context.moveTo(x, y);
      pen = true;
    }
  }
}

export function paintLine(context: CanvasRenderingContext2D, { points, tone, width, dash }: Line, look: Look): void {
  context.beginPath();
  trace(context, points);
  context.strokeStyle = tint(look, tone);
  context.lineWidth = width;
  context.lineJoin = "round";
  context.lineCap = "round";
  context.setLineDash([...(dash ?? [])]);
  context.stroke();
  context.setLineDash([]);
}

/** Fill between an upper and a lower line of equally many points, neither with a break inside. */
export function paintBand(
  context: CanvasRenderingContext2D,
  upper: Float64Array,
  lower: Float64Array,
  color: string,
): void {
  context.beginPath();
  for (let index = 0; index < upper.length; index += 2) {
    context.lineTo(upper[index] as number, upper[index + 1] as number);
  }
  for (let index = lower.length - 2; index >= 0; index -= 2) {
    context.lineTo(lower[index] as number, lower[index + 1] as number);
  }
  context.closePath();
  context.globalAlpha = 0.18;
  context.fillStyle = color;
  context.fill();
  context.globalAlpha = 1;
}

export function paintDots(context: CanvasRenderingContext2D, dots: readonly Dot[], look: Look): void {
  for (const { x, y, radius, tone, hollow } of dots) {
    const color = tone === "nan" || tone === "positive" ? css(SPECIAL[look.mode][tone]) : tint(look, tone);
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fillStyle = hollow ? css(look.surface) : color;
    context.fill();
    if (!hollow) continue;
    context.strokeStyle = color;
    context.lineWidth = 1.2;
    context.stroke();
  }
}
