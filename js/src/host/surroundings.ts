/** What the page around a view has for all of them: one hub for the cursors, and the reader's language. */

import { Hub } from "../cursor";

const HUB = Symbol.for("rnnwidgets.cursors");

/** The hub on the page's global object, the same even where each view was loaded as a module of its own. */
export function pageHub(): Hub {
  const page = globalThis as typeof globalThis & { [HUB]?: Hub };
  page[HUB] ??= new Hub();
  return page[HUB];
}

export function pageLanguage(): string {
  return document.documentElement.lang || navigator.language;
}
