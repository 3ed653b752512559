/** Diagrams of cells: wires with round corners and arrow heads, boxes in the color of their value, signs in circles. */

import { css } from "../color";
import type { Box } from "../scale";
import type { Look } from "../theme";
import { colorOf, inkOn, type Shade } from "./formula";

type Point = readonly [x: number, y: number];

export interface Wire {
  readonly points: readonly Point[];
  readonly arrow: boolean;
}

/** A function of the cell: its number, its name below, in the color of the number. */
export interface Gate {
  readonly box: Box;
  readonly text: string;
  readonly name: string;
  readonly shade: Shade;
}

export interface Sign {
  readonly box: Box;
  readonly text: string;
}

const ROUND = 9;
const HEAD = 6;

export function paintBody(context: CanvasRenderingContext2D, box: Box, look: Look, faint: boolean): void {
  context.beginPath();
  context.roundRect(box.x, box.y, box.width, box.height, 14);
  context.globalAlpha = faint ? 0.35 : 0.6;
  context.fillStyle = look.grid;
  context.fill();
  context.globalAlpha = 1;
}

export function paintWires(context: CanvasRenderingContext2D, wires: readonly Wire[], look: Look): void {
  context.strokeStyle = look.ink;
  context.fillStyle = look.ink;
  context.lineWidth = 1.5;
  for (const { points, arrow } of wires) {
    const [first, ...rest] = points as readonly [Point, ...Point[]];
    const last = rest[rest.length - 1] ?? first;
    context.beginPath();
    context.moveTo(...first);
    rest.forEach((point, index) => {
      const next = rest[index + 1];
      if (next) context.arcTo(...point, ...next, ROUND);
      else context.lineTo(...last);
    });
    context.stroke();
    if (arrow) paintHead(context, rest[rest.length - 2] ?? first, last);
  }
}

function paintHead(context: CanvasRenderingContext2D, from: Point, [x, y]: Point): void {
  const angle = Math.atan2(y - from[1], x - from[0]);
  context.beginPath();
  context.moveTo(x, y);
  for (const side of [-1, 1]) {
    context.lineTo(x - HEAD * Math.cos(angle + side * 0.5), y - HEAD * Math.sin(angle + side * 0.5));
  }
  context.closePath();
  context.fill();
}

export function paintGates(context: CanvasRenderingContext2D, gates: readonly Gate[], look: Look): void {
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const { box, text, name, shade } of gates) {
    const color = colorOf(shade, look) ?? look.surface;
    context.beginPath();
    context.roundRect(box.x, box.y, box.width, box.height, 6);
    context.fillStyle = css(color);
    context.fill();
    context.strokeStyle = look.muted;
    context.lineWidth = 1;
    context.stroke();
    context.fillStyle = inkOn(color);
    const middle = box.x + box.width / 2;
    context.font = `600 ${box.width < 42 ? 11 : 13}px ${look.font}`;
    context.fillText(text, middle, box.y + box.height * 0.36);
    context.font = `10px ${look.font}`;
    context.fillText(name, middle, box.y + box.height * 0.74);
  }
}

export function paintSigns(context: CanvasRenderingContext2D, signs: readonly Sign[], look: Look): void {
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const { box, text } of signs) {
    context.beginPath();
    context.roundRect(box.x, box.y, box.width, box.height, 10);
    context.fillStyle = css(look.surface);
    context.fill();
    context.strokeStyle = look.ink;
    context.lineWidth = 1.25;
    context.stroke();
    context.fillStyle = look.ink;
    context.font = `${text.length > 1 ? 11 : 14}px ${look.font}`;
    context.fillText(text, box.x + box.width / 2, box.y + box.height / 2 + 0.5);
  }
}
