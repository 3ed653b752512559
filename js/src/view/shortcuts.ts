/** Keys of the whole view: they press its buttons, wherever in it the focus is, except where a key is already taken. */

import { element, folded, listen } from "./dom";
import type { Stage } from "./panel";

const ROLES: Readonly<Record<string, string>> = { k: "play", t: "play-time", ",": "previous", ".": "next", l: "live" };
const TYPED = "input:not([type=range]):not([type=checkbox]), select, textarea";

export function shortcuts(root: HTMLElement, signal: AbortSignal): void {
  listen(
    root,
    "keydown",
    (event) => {
      const role = ROLES[event.key];
      if (!role || event.ctrlKey || event.metaKey || event.altKey || (event.target as Element).matches(TYPED)) return;
      const button = root.querySelector<HTMLButtonElement>(`button[data-role="${role}"]:not(:disabled)`);
      if (!button) return;
      event.preventDefault();
      button.click();
    },
    signal,
  );
}

/** A list of the keys, folded up. */
export function keysHelp({ strings, signal }: Stage): HTMLElement {
  const lines = strings.keysHelp.map((line) => element("div", {}, line));
  return folded("keys", strings.keys, element("div", { class: "rnnw-menu" }, ...lines), signal);
}
