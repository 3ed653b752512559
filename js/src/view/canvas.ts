/** Canvases that are sharp on any screen: sized in CSS pixels, backed by device pixels. */

export function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext("2d");
  if (!context) throw new Error("Expected a browser that draws on canvases, found no 2D context.");
  return context;
}

/** Size a canvas; its content is lost only when the size really changes. Returns whether it did. */
export function size(canvas: HTMLCanvasElement, width: number, height: number, ratio: number): boolean {
  const across = Math.max(1, Math.round(width * ratio));
  const down = Math.max(1, Math.round(height * ratio));
  if (canvas.width === across && canvas.height === down) return false;
  canvas.width = across;
  canvas.height = down;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  return true;
}

export type Paint = (context: CanvasRenderingContext2D) => void;

const paints = new WeakMap<HTMLCanvasElement, Paint>();

/** Paint on a clean canvas, in a way that can be repeated elsewhere. */
export function paintOn(canvas: HTMLCanvasElement, ratio: number, paint: Paint): void {
  paints.set(canvas, paint);
  paint(cleared(canvas, ratio));
}

/** How a canvas was last painted, where that can be repeated. */
export function paintOf(canvas: HTMLCanvasElement): Paint | undefined {
  return paints.get(canvas);
}

/** A clean context in CSS pixels. */
export function cleared(canvas: HTMLCanvasElement, ratio: number): CanvasRenderingContext2D {
  const context = contextOf(canvas);
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}
