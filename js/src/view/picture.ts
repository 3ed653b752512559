/**
 * A panel that is one canvas: painted when what it shows has changed, described in words, read by pointing at it.
 *
 * Arrow keys move time and unit here as in the heatmap, so that every picture can be scrubbed where it stands.
 */

import type { Cursor, Place } from "../cursor";
import type { Look } from "../theme";
import { cleared, size } from "./canvas";
import { assign, dragged, element, listen } from "./dom";
import { type Shown, type Stage, watch } from "./panel";
import { tip } from "./tip";

/** What lies under the pointer: in words, and where the cursor goes when it is chosen. */
export interface Hit {
  readonly lines: readonly string[];
  readonly change: Partial<Cursor> | null;
}

export interface Drawn<Scene> {
  readonly role: string;
  readonly resolve: (place: Place, width: number) => Scene;
  readonly paint: (scene: Scene, context: CanvasRenderingContext2D, look: Look) => void;
  /** What the picture says, in one sentence. */
  readonly label: (scene: Scene, place: Place) => string;
  readonly hit?: (scene: Scene, x: number, y: number) => Hit | null;
  /** What the scene depends on beyond the place and the store. */
  readonly choices?: () => readonly unknown[];
}

export interface Picture<Scene> {
  readonly element: HTMLElement;
  /** The scene now shown. */
  readonly paint: (shown: Shown) => Scene;
}

export function picture<Scene extends { readonly width: number; readonly height: number }>(
  stage: Stage,
  drawn: Drawn<Scene>,
): Picture<Scene> {
  const canvas = element("canvas", {
    "data-role": drawn.role,
    role: "application",
    tabindex: "0",
    class: "rnnw-picture",
  });
  const hint = tip();
  const figure = element("div", { class: "rnnw-figure" }, canvas, hint.element);
  const changed = watch();
  let scene: Scene | null = null;
  const hitOf = (event: PointerEvent) => {
    const { left, top } = canvas.getBoundingClientRect();
    return (scene && drawn.hit?.(scene, event.clientX - left, event.clientY - top)) ?? null;
  };
  const hover = (event: PointerEvent) => {
    const hit = hitOf(event);
    if (hit) hint.show(event, hit.lines);
    else hint.hide();
  };
  dragged(canvas, (event, settled) => stage.move(hitOf(event)?.change ?? {}, settled), stage.signal);
  listen(canvas, "pointermove", hover, stage.signal);
  listen(canvas, "pointerleave", hint.hide, stage.signal);
  arrows(stage, canvas);
  const paint = ({ place, look, pixelRatio }: Shown) => {
    const width = figure.clientWidth;
    const { frame, layer, gate, time, unit, sample } = place;
    const key = [stage.store.changes, frame, layer, gate, time, unit, sample, width, look, pixelRatio];
    if (!changed(...key, ...(drawn.choices?.() ?? [])) && scene) return scene;
    scene = drawn.resolve(place, width);
    size(canvas, scene.width, scene.height, pixelRatio);
    drawn.paint(scene, cleared(canvas, pixelRatio), look);
    assign(canvas, "aria-label", drawn.label(scene, place));
    return scene;
  };
  return { element: figure, paint };
}

function arrows({ place, move, say, signal }: Stage, canvas: HTMLElement): void {
  const within = (index: number, count: number) => Math.max(0, Math.min(index, count - 1));
  listen(
    canvas,
    "keydown",
    (event) => {
      const { times, time, units, unit } = place();
      const far = event.shiftKey ? 10 : 1;
      const moves: Record<string, Partial<Cursor>> = {
        ArrowLeft: { time: within(time - far, times) },
        ArrowRight: { time: within(time + far, times) },
        ArrowUp: { unit: within((unit ?? 1) - far, units) },
        ArrowDown: { unit: within((unit ?? -1) + far, units) },
        Home: { time: 0 },
        End: { time: within(times, times) },
      };
      const change = moves[event.key];
      if (!change || times === 0 || units === 0) return;
      event.preventDefault();
      move(change, false);
    },
    signal,
  );
  listen(
    canvas,
    "keyup",
    ({ key }) => {
      if (!/^(Arrow|Home|End)/.test(key)) return;
      move({}, true);
      say(canvas.getAttribute("aria-label") ?? "");
    },
    signal,
  );
}
