/**
 * A panel that is one canvas: painted when what it shows has changed, described in words, read by pointing at it.
 *
 * Arrow keys move time and unit here as in the heatmap, so that every picture can be scrubbed where it stands.
 */

import type { Cursor, Place } from "../cursor";
import type { Look } from "../theme";
import { arrows, lower } from "./arrows";
import { paintOn, size } from "./canvas";
import { assign, dragged, element, within } from "./dom";
import { type Shown, type Stage, watch } from "./panel";
import { tip } from "./tip";

/** What lies under the pointer: in words, and where the cursor goes when it is chosen. */
export interface Hit {
  readonly lines: readonly string[];
  readonly change: Partial<Cursor> | null;
}

type Painter<Scene> = (scene: Scene, context: CanvasRenderingContext2D, look: Look) => void;

export interface Drawn<Scene> {
  readonly role: string;
  /** For a width, and the height that there is anyhow. */
  readonly resolve: (place: Place, width: number, room: number) => Scene;
  /** Painted below, and anew only when more than the time has changed. */
  readonly still?: Painter<Scene>;
  /** Painted above, at each time; without it the scene does not depend on the time. */
  readonly paint?: Painter<Scene>;
  /** What the picture says, in one sentence. */
  readonly label: (scene: Scene, place: Place) => string;
  readonly hit?: (scene: Scene, x: number, y: number) => Hit | null;
  /** Whether it takes the height that there is. */
  readonly fill?: boolean;
  /** What the scene depends on beyond the place: of the store, and what was chosen here. */
  readonly depends?: (place: Place) => readonly unknown[];
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
  const below = element("canvas", { class: "rnnw-under", "aria-hidden": "true" });
  let scene: Scene | null = null;
  const hitOf = (event: PointerEvent) => (scene && drawn.hit?.(scene, ...within(canvas, event))) ?? null;
  const hint = tip(canvas, (event) => hitOf(event)?.lines ?? null, stage.signal);
  const figure = element(
    "div",
    { class: drawn.fill ? "rnnw-figure rnnw-fill rnnw-flow" : "rnnw-figure" },
    ...(drawn.still ? [below] : []),
    canvas,
    hint.element,
  );
  const [changed, moved] = [watch(), watch()];
  dragged(canvas, (event, settled) => stage.move(hitOf(event)?.change ?? {}, settled), stage.signal);
  const down = (by: number) => lower(stage.place().unit, stage.place().units, by);
  arrows(stage, canvas, down, () => canvas.getAttribute("aria-label") ?? "");
  const paint = ({ place, look, pixelRatio }: Shown) => {
    const { width, height: room } = stage.sizeOf(figure);
    const { frame, layer, gate, time, unit, sample } = place;
    const key = [frame, layer, gate, unit, sample, width, drawn.fill && room, look, pixelRatio];
    const anew = changed(...key, ...(drawn.depends?.(place) ?? []));
    if (!moved(drawn.paint && time) && !anew && scene) return scene;
    const now = drawn.resolve(place, width, room);
    const { still } = drawn;
    scene = now;
    if (still && (size(below, now.width, now.height, pixelRatio) || anew)) {
      paintOn(below, pixelRatio, (context) => still(now, context, look));
    }
    size(canvas, now.width, now.height, pixelRatio);
    paintOn(canvas, pixelRatio, (context) => drawn.paint?.(now, context, look));
    assign(canvas, "aria-label", drawn.label(now, place));
    hint.renew();
    return now;
  };
  return { element: figure, paint };
}
