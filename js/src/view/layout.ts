/** Where panels stand: rows of columns, each a stack of slots; the panels of one slot are chosen by tabs. */

import type { Place } from "../cursor";
import type { Panel } from "../protocol.gen";
import { assign, element, tabList } from "./dom";
import type { PanelView, Stage } from "./panel";

export type Slot = readonly Panel[];
export type Column = readonly Slot[];
export type Row = readonly Column[];

/** Rows of columns of panels, as Python sends them; empty leaves the arrangement to the view. */
export type Rows = ReadonlyArray<ReadonlyArray<readonly Panel[]>>;

const WHOLE: readonly Row[] = [
  [[["status"]]],
  [[["steps"]]],
  [[["findings"]]],
  [
    [["gates"], ["flow", "matrix"]],
    [
      ["curves", "saturation", "weights"],
      ["cell", "units"],
    ],
  ] as readonly Column[],
];

/** Those rows, columns and slots of the whole that hold panels asked for; or the rows asked for. */
export function arranged(panels: readonly Panel[], rows: Rows): Row[] {
  if (rows.length > 0) return rows.map((row) => row.map((column) => column.map((panel) => [panel])));
  const some = <Part>(parts: readonly (readonly Part[])[]) => parts.filter((part) => part.length > 0);
  return some(
    WHOLE.map((row) =>
      some(row.map((column) => some(column.map((slot) => slot.filter((panel) => panels.includes(panel)))))),
    ),
  );
}

/** A panel on the page; it is painted while its section is not hidden. */
export interface Placed {
  readonly section: HTMLElement;
  readonly view: PanelView;
  readonly place: () => Place;
}

/** A panel in a section of its own, which is noted among those placed. */
export function sectionOf(placed: Placed[], panel: string, view: PanelView, { place }: Stage): HTMLElement {
  const section = element("section", { "data-panel": panel }, view.element);
  placed.push({ section, view, place });
  return section;
}

/** The elements of all rows; `put` makes that of a panel. */
export function build(rows: readonly Row[], stage: Stage, put: (panel: Panel) => HTMLElement): HTMLElement[] {
  return rows.map((row) => {
    const columns = row.map((column) => {
      const slots = column.map((slot) => slotOf(slot, slot.map(put), stage));
      return element("div", { class: "rnnw-column" }, ...slots);
    });
    return element("div", { class: "rnnw-row", "data-columns": String(row.length) }, ...columns);
  });
}

function slotOf(slot: Slot, sections: readonly HTMLElement[], { strings, signal, repaint }: Stage): HTMLElement {
  const made = element("div", { class: "rnnw-slot", "data-slot": slot[0] ?? "" });
  if (slot.length < 2) {
    made.append(...sections);
    return made;
  }
  const buttons = slot.map((panel) => element("button", { role: "tab", "data-tab": panel }, strings.panel[panel]));
  let chosen = 0;
  const choose = (index: number) => {
    chosen = index;
    sections.forEach((section, at) => {
      section.hidden = at !== index;
    });
    buttons.forEach((button, at) => {
      assign(button, "aria-selected", at === index);
      assign(button, "tabindex", at === index ? 0 : -1);
    });
    repaint();
  };
  const attributes = { class: "rnnw-titles", "aria-label": strings.panels };
  const list = tabList(attributes, signal, () => chosen, choose);
  list.append(...buttons);
  made.toggleAttribute("data-tabs", true);
  made.append(list, ...sections);
  choose(0);
  return made;
}
