/** What all views on a page share: one hub for the cursors, and the language of the page. */

import { Hub } from "../cursor";

const HUB = Symbol.for("rnnwidgets.cursors");

/** The hub on the page's global object, the same even where each view was loaded as a module of its own. */
export function pageHub(): Hub {
  const page = globalThis as typeof globalThis & { [HUB]?: Hub };
  page[HUB] ??= new Hub();
  return page[HUB];
}

/** The language tag for the trait `language`; `auto`, and a trait that is missing, mean that of the page. */
export function languageOf(wish: unknown): string {
  return wish === "en" || wish === "zh" ? wish : document.documentElement.lang || navigator.language;
}
