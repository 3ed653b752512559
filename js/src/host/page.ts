/** The same view on a plain page, from the bytes of a snapshot alone: no widget, no kernel. */

import { join, START } from "../cursor";
import type { Bytes } from "../frame";
import type { Meta, Panel, Theme } from "../protocol.gen";
import { Store } from "../store";
import { mountView } from "../view/view";
import { languageOf, pageHub } from "./surroundings";

export interface Recorded {
  readonly meta: Meta;
  readonly snapshot: Bytes;
  readonly panels: readonly Panel[];
  readonly theme: Theme;
}

/** Show a recording in an element; returns what takes it away. */
export function mount(element: HTMLElement, { meta, snapshot, panels, theme }: Recorded): () => void {
  const store = new Store(() => performance.now());
  store.applySnapshot(meta, snapshot);
  const { cursor, leave } = join(pageHub(), meta.run, START);
  const view = mountView(element, {
    runs: [{ name: "", store }],
    cursor,
    panels,
    rows: [],
    language: languageOf("auto"),
    theme: () => theme,
  });
  return () => {
    view.close();
    leave();
  };
}
