/**
 * The trait `selected` of a model and a cursor, each following the other on the page alone.
 *
 * `selected` is what the selectors of bqplot hold over one scale: an array of one or two steps, or null; its last one is
 * the cursor's. `jslink` hands over the very array, so that of a selector is never changed here. A cursor that moves
 * elsewhere takes the selection along, as wide as it was made; one that follows the latest step empties it.
 */

import type { SharedCursor } from "../cursor";
import { all, type End, listen, type Model } from "./model";

/** What moves a cursor and hears of its moves. */
export type Pointer = Pick<SharedCursor, "value" | "move" | "subscribe">;

type Steps = ArrayLike<number>;

const REST_MS = 150;

const last = (steps: Steps | null) => steps?.[steps.length - 1] as number;

export function bindSelection(model: Model, cursor: Pointer): End {
  let made: Steps | null = null;
  let giving = false;
  let rest: ReturnType<typeof setTimeout>;
  const selected = () => model.get("selected") as Steps | null;
  const take = () => {
    if (giving) return;
    const now = selected();
    const step = Math.round(last(now)); // not a number if there is none
    made = step >= 0 ? now : null;
    if (!made) return;
    cursor.move({ step }, false);
    clearTimeout(rest);
    rest = setTimeout(() => cursor.move({}, true), REST_MS);
  };
  const give = () => {
    const { step } = cursor.value;
    if (!made || Math.round(last(selected())) === step) return;
    const shift = (step as number) - last(made);
    giving = true;
    try {
      model.set("selected", step === null ? null : Float64Array.from(made, (one) => Math.max(0, one + shift)));
    } finally {
      giving = false;
    }
  };
  take();
  return all([listen(model, "change:selected", take), cursor.subscribe(give), () => clearTimeout(rest)]);
}
