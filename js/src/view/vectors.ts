/**
 * What is painted on a canvas, as SVG: shapes as paths, texts as texts, images as they are, embedded.
 *
 * It is painted on a real context, so that the browser keeps colors, fonts, transforms and measures, of which all that
 * draws is replaced. Circles are whole and what is clipped to is a rectangle, as in every picture here.
 */

import { visible } from "../format";
import { contextOf, type Paint } from "./canvas";

type Attributes = Readonly<Record<string, string | number>>;
type Box = readonly [x: number, y: number, width: number, height: number];
type Point = readonly [x: number, y: number];

/** An element of an SVG; attributes without a value are left out. */
export function vector(tag: string, attributes: Attributes, ...children: ReadonlyArray<Node | string>): SVGElement {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== "") made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}

/** The same picture as this canvas, to embed. */
export function embedded(canvas: HTMLCanvasElement, attributes: Attributes): SVGElement {
  const how = { href: canvas.toDataURL(), preserveAspectRatio: "none", style: "image-rendering: pixelated" };
  return vector("image", { ...attributes, ...how });
}

/** Marks of a path, their numbers in hundredths of a pixel. */
function marks(...parts: ReadonlyArray<string | number>): string {
  return parts.map((part) => (typeof part === "string" ? part : Math.round(part * 100) / 100)).join(" ");
}

function rectangle([x, y, width, height]: Box): string {
  return marks("M", x, y, "h", width, "v", height, "h", -width, "z");
}

function rounded([x, y, width, height]: Box, wish: number): string {
  const radius = Math.min(wish, width / 2, height / 2);
  const turn = (across: number, down: number) => marks("a", radius, radius, 0, 0, 1, across * radius, down * radius);
  const [along, up] = [width - 2 * radius, height - 2 * radius];
  const start = marks("M", x + radius, y, "h", along);
  return `${start}${turn(1, 1)}${marks("v", up)}${turn(-1, 1)}${marks("h", -along)}${turn(-1, -1)}${marks("v", -up)}${turn(1, -1)}z`;
}

/** From a point around a corner towards another, in an arc that touches both lines. */
function corner([fromX, fromY]: Point, [x, y]: Point, [toX, toY]: Point, radius: number): string {
  const [before, after] = [Math.hypot(fromX - x, fromY - y) || 1, Math.hypot(toX - x, toY - y) || 1];
  const [one, other] = [
    [(fromX - x) / before, (fromY - y) / before],
    [(toX - x) / after, (toY - y) / after],
  ] as [Point, Point];
  const cross = one[0] * other[1] - one[1] * other[0];
  if (Math.abs(cross) < 1e-9) return marks("L", x, y);
  const away = (radius * (1 + one[0] * other[0] + one[1] * other[1])) / Math.abs(cross);
  const end = [x + away * other[0], y + away * other[1]] as const;
  return `${marks("L", x + away * one[0], y + away * one[1])}${marks("A", radius, radius, 0, 0, cross < 0 ? 1 : 0, ...end)}`;
}

/** Paint into an element of an SVG. */
export function paintInto(target: SVGElement, paint: Paint): void {
  const context = contextOf(document.createElement("canvas"));
  const [save, restore] = [context.save.bind(context), context.restore.bind(context)];
  let path = "";
  let pen: Point = [0, 0];
  let box: Box = [0, 0, 0, 0];
  let parents: readonly SVGElement[] = [target];
  const put = (made: SVGElement) => {
    const transform = context.getTransform();
    if (!transform.isIdentity) made.setAttribute("transform", transform.toString());
    if (context.globalAlpha < 1) made.setAttribute("opacity", String(context.globalAlpha));
    parents.at(-1)?.append(made);
  };
  const filled = (d: string, more: Attributes = {}) =>
    put(vector("path", { d, fill: String(context.fillStyle), ...more }));
  const stroked = (d: string) => {
    const { strokeStyle, lineWidth, lineJoin, lineCap } = context;
    const line = { "stroke-linejoin": lineJoin, "stroke-linecap": lineCap, "stroke-miterlimit": context.miterLimit };
    const ink = { fill: "none", stroke: String(strokeStyle), "stroke-width": lineWidth };
    put(vector("path", { d, ...ink, ...line, "stroke-dasharray": context.getLineDash().join(" ") }));
  };
  const to = (mark: string, x: number, y: number) => {
    path += marks(path ? mark : "M", x, y);
    pen = [x, y];
  };
  paint(
    Object.assign(context, {
      save: () => {
        parents = [...parents, parents.at(-1) ?? target];
        save();
      },
      restore: () => {
        parents = parents.slice(0, -1);
        restore();
      },
      clip: () => {
        const [x, y, width, height] = box;
        const inside = vector("svg", { x, y, width, height, viewBox: box.join(" ") });
        put(inside);
        parents = [...parents.slice(0, -1), inside];
      },
      beginPath: () => {
        path = "";
      },
      closePath: () => {
        path += "z";
      },
      moveTo: (x: number, y: number) => to("M", x, y),
      lineTo: (x: number, y: number) => to("L", x, y),
      arcTo: (x: number, y: number, toX: number, toY: number, radius: number) => {
        path += corner(pen, [x, y], [toX, toY], radius);
        pen = [x, y];
      },
      arc: (x: number, y: number, radius: number) => {
        const half = (across: number) => marks("a", radius, radius, 0, 1, 0, across, 0);
        path += `${marks("M", x - radius, y)}${half(2 * radius)}${half(-2 * radius)}z`;
      },
      rect: (...sides: Box) => {
        box = sides;
        path += rectangle(sides);
      },
      roundRect: (x: number, y: number, width: number, height: number, radius: number) => {
        path += rounded([x, y, width, height], radius);
      },
      fill: () => filled(path),
      stroke: () => stroked(path),
      fillRect: (...sides: Box) => filled(rectangle(sides), { "shape-rendering": "crispEdges" }),
      strokeRect: (...sides: Box) => stroked(rectangle(sides)),
      fillText: (text: string, x: number, y: number) => {
        const { fillStyle, font, textAlign } = context;
        const anchor = { center: "middle", right: "end" }[String(textAlign)] ?? "";
        const look = { fill: String(fillStyle), style: `font: ${font}`, "dominant-baseline": "central" };
        // Words are written with the spaces that they have.
        put(vector("text", { x, y, ...look, "text-anchor": anchor, "xml:space": "preserve" }, visible(text)));
      },
      drawImage: (image: CanvasImageSource & { width: number; height: number }, ...[x, y, width, height]: Box) => {
        const copy = document.createElement("canvas");
        copy.width = image.width;
        copy.height = image.height;
        contextOf(copy).drawImage(image, 0, 0);
        put(embedded(copy, { x, y, width, height }));
      },
    }),
  );
}
