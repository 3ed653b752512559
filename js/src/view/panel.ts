/** What a panel on the page is given, and what it is. */

import type { Cursor, Place } from "../cursor";
import type { Seen } from "../panels/groups";
import type { Store } from "../store";
import type { Strings } from "../strings";
import type { Look } from "../theme";
import type { Size } from "./sizes";

/** For the lifetime of a panel. */
export interface Stage {
  readonly strings: Strings;
  /** Ends the panel's listeners. */
  readonly signal: AbortSignal;
  readonly place: () => Place;
  readonly store: Store;
  /** Every run of the view, as it is looked at. */
  readonly runs: () => readonly Seen[];
  readonly move: (change: Partial<Cursor>, settled: boolean) => void;
  /** How large an element is inside; where that changes, all is painted anew. */
  readonly sizeOf: (target: Element) => Size;
  /** Ask for a new paint. */
  readonly repaint: () => void;
  /** How fast what is played goes; 1 is the usual speed. */
  readonly pace: { speed: number };
  /** Say a sentence to screen readers. */
  readonly say: (sentence: string) => void;
}

/** For one paint. */
export interface Shown {
  readonly place: Place;
  readonly look: Look;
  readonly pixelRatio: number;
  /** Whether the cursor rests: no drag lasts, nothing plays. */
  readonly settled: boolean;
}

export interface PanelView {
  readonly element: HTMLElement;
  readonly paint: (shown: Shown) => void;
}

/** A function that says whether any of its arguments differs from those of the call before. */
export function watch(): (...parts: readonly unknown[]) => boolean {
  let before: readonly unknown[] = [];
  return (...parts) => {
    const same = parts.length === before.length && parts.every((part, index) => part === before[index]);
    before = parts;
    return !same;
  };
}
