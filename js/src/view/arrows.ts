/** Arrow keys in a picture move time and unit, ten at once with Shift; Home and End go to the ends; Escape lets the unit go. */

import { type Cursor, wishAt } from "../cursor";
import { listen } from "./dom";
import type { Stage } from "./panel";

/** `down` gives the unit so many rows further down, `words` what is said when the key is let go. */
export function arrows(
  { place, move, say, signal }: Stage,
  canvas: HTMLElement,
  down: (by: number) => number,
  words: () => string,
): void {
  const press = (event: KeyboardEvent) => {
    const { times, time, units } = place();
    const far = event.shiftKey ? 10 : 1;
    const at = (index: number) => wishAt(place(), index);
    const moves: Record<string, () => Partial<Cursor>> = {
      ArrowLeft: () => at(time - far),
      ArrowRight: () => at(time + far),
      ArrowUp: () => ({ unit: down(-far) }),
      ArrowDown: () => ({ unit: down(far) }),
      Home: () => at(0),
      End: () => at(times),
      Escape: () => ({ unit: null }),
    };
    const change = moves[event.key];
    if (!change || times === 0 || units === 0) return;
    event.preventDefault();
    move(change(), false);
  };
  const release = ({ key }: KeyboardEvent) => {
    if (!/^(Arrow|Home|End|Escape)/.test(key)) return;
    move({}, true);
    say(words());
  };
  listen(canvas, "keydown", press, signal);
  listen(canvas, "keyup", release, signal);
}

/** The row so many further down, within those there are. */
export function lower(row: number | null, rows: number, by: number): number {
  return Math.max(0, Math.min((row ?? -1) + by, rows - 1));
}
