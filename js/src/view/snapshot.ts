/** The view as one picture: its canvases where they stand, and its words over them; as pixels, or as lines and words. */

import { paintOf } from "./canvas";
import { embedded, paintInto, vector } from "./vectors";

interface Piece {
  readonly x: number;
  readonly y: number;
}

interface Word extends Piece {
  readonly text: string;
  readonly font: string;
  readonly color: string;
}

const WORDS =
  "h3, .rnnw-word, .rnnw-fact, .rnnw-notes, .rnnw-readings span, .rnnw-readout, .rnnw-number, [role=tab][aria-selected=true], .rnnw-severity, .rnnw-sentence";

function seen(element: Element): boolean {
  const { width, height } = element.getBoundingClientRect();
  return width > 1 && height > 1 && getComputedStyle(element).visibility !== "hidden";
}

function canvasesOf(root: HTMLElement): Array<Piece & { canvas: HTMLCanvasElement; width: number; height: number }> {
  const { left, top } = root.getBoundingClientRect();
  return [...root.querySelectorAll("canvas")].filter(seen).map((canvas) => {
    const box = canvas.getBoundingClientRect();
    return { canvas, x: box.left - left, y: box.top - top, width: box.width, height: box.height };
  });
}

function wordsOf(root: HTMLElement): Word[] {
  const { left, top } = root.getBoundingClientRect();
  return [...root.querySelectorAll<HTMLElement>(WORDS)].filter(seen).map((element) => {
    const box = element.getBoundingClientRect();
    const { fontStyle, fontWeight, fontSize, fontFamily } = getComputedStyle(element);
    const color = element.matches("[role=tab]") ? "var(--ink)" : getComputedStyle(element).color;
    return {
      text: element.textContent ?? "",
      x: box.left - left + Number.parseFloat(getComputedStyle(element).paddingLeft),
      y: box.top - top + box.height / 2,
      font: `${fontStyle} ${fontWeight} ${fontSize} ${fontFamily}`,
      color: color.startsWith("var") ? getComputedStyle(root).color : color,
    };
  });
}

const LINE = 20;

/** The findings that the row of one line does not show, below the view. */
function footnotesOf(root: HTMLElement): Word[] {
  const { fontSize, fontFamily, color } = getComputedStyle(root);
  return [...root.querySelectorAll(".rnnw-findings li")].slice(1).map((line, index) => ({
    text: [".rnnw-severity", ".rnnw-sentence"].map((part) => line.querySelector(part)?.textContent ?? "").join(" "),
    ...{ x: LINE, y: root.clientHeight + (index + 0.5) * LINE, font: `${fontSize} ${fontFamily}`, color },
  }));
}

function heightOf(root: HTMLElement, footnotes: readonly Word[]): number {
  return root.clientHeight + (footnotes.length > 0 ? (footnotes.length + 0.5) * LINE : 0);
}

export function pictureOf(root: HTMLElement): HTMLCanvasElement {
  const ratio = Math.max(2, devicePixelRatio);
  const made = document.createElement("canvas");
  const footnotes = footnotesOf(root);
  const height = heightOf(root, footnotes);
  made.width = Math.round(root.clientWidth * ratio);
  made.height = Math.round(height * ratio);
  const context = made.getContext("2d");
  if (!context) return made;
  context.scale(ratio, ratio);
  context.fillStyle = getComputedStyle(root).backgroundColor;
  context.fillRect(0, 0, root.clientWidth, height);
  for (const { canvas, x, y, ...box } of canvasesOf(root)) context.drawImage(canvas, x, y, box.width, box.height);
  context.textBaseline = "middle";
  for (const { text, x, y, font, color } of [...wordsOf(root), ...footnotes]) {
    context.font = font;
    context.fillStyle = color;
    context.fillText(text, x, y);
  }
  return made;
}

export function svgOf(root: HTMLElement): string {
  const footnotes = footnotesOf(root);
  const [width, height] = [root.clientWidth, heightOf(root, footnotes)];
  const svg = vector(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, width, height },
    vector("rect", { width, height, fill: getComputedStyle(root).backgroundColor }),
    ...canvasesOf(root).map(drawing),
    ...[...wordsOf(root), ...footnotes].map(({ text, x, y, font, color }) =>
      vector("text", { x, y, fill: color, "dominant-baseline": "central", style: `font: ${font}` }, text),
    ),
  );
  return new XMLSerializer().serializeToString(svg);
}

/** A canvas as vectors, where it can be painted again; the cells of the heatmap stay an image. */
function drawing({ canvas, ...box }: ReturnType<typeof canvasesOf>[number]): SVGElement {
  const paint = paintOf(canvas);
  if (!paint) return embedded(canvas, box);
  const made = vector("svg", { ...box, viewBox: `0 0 ${box.width} ${box.height}` });
  paintInto(made, paint);
  return made;
}
