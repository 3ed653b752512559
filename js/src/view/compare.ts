/**
 * Several runs side by side: a column a run, one cursor, one color scale, and between the first two the difference of
 * the quantity shown.
 *
 * The run with the most steps leads: its slider is that of all, and the others show their nearest steps.
 */

import { type Place, resolve, type SharedCursor, wishAt } from "../cursor";
import { difference } from "../difference";
import type { Panel } from "../protocol.gen";
import { Store } from "../store";
import { choices } from "./choices";
import { assign, element, write } from "./dom";
import { gates } from "./gates";
import type { Placed } from "./layout";
import type { PanelView, Stage } from "./panel";

export interface Run {
  readonly name: string;
  readonly store: Store;
}

type Maker = (panel: Panel, stage: Stage) => PanelView;

const SHARED: readonly Panel[] = ["steps"];
const ORDER: readonly Panel[] = [
  "status",
  "findings",
  "gates",
  "flow",
  "curves",
  "cell",
  "saturation",
  "matrix",
  "units",
  "weights",
];

export function leading(runs: readonly Run[]): Run {
  return runs.reduce((most, run) => (run.store.steps.length > most.store.steps.length ? run : most));
}

/** Where a run is looked at: at the step of the leading run, also while that follows its latest. */
export function placeOf(run: Run, runs: readonly Run[], cursor: Pick<SharedCursor, "value">): Place {
  const lead = leading(runs);
  const step = cursor.value.step ?? (lead === run ? null : (lead.store.steps.at(-1) ?? null));
  return { ...resolve({ ...cursor.value, step }, run.store), following: cursor.value.step === null };
}

/** The rows of all panels asked for, each with a column a run; the training step stands once, for all. */
export function compare(
  runs: readonly Run[],
  panels: readonly Panel[],
  stage: Stage,
  cursor: Pick<SharedCursor, "value">,
  make: Maker,
) {
  for (const { store } of runs) store.peers = runs.map((run) => run.store);
  const placed: Placed[] = [];
  const stages = runs.map((run): Stage => ({ ...stage, store: run.store, place: () => placeOf(run, runs, cursor) }));
  const put = (panel: string, view: PanelView, place: () => Place) => {
    const section = element("section", { "data-panel": panel }, view.element);
    placed.push({ section, view, place });
    return section;
  };
  const row = (...sections: readonly HTMLElement[]) =>
    element("div", { class: "rnnw-row", "data-columns": String(sections.length) }, ...sections);
  const rows = ORDER.filter((panel) => panels.includes(panel)).map((panel) => {
    const sections = stages.map((own, index) => {
      const section = put(panel, make(panel, own), own.place);
      if (panel === "status") section.prepend(element("h3", { "data-role": "run" }, (runs[index] as Run).name));
      return section;
    });
    if (panel !== "gates") return row(...sections);
    const between = differences(runs, stages);
    return row(...sections, put("difference", between, (stages[0] as Stage).place));
  });
  const shared = SHARED.filter((panel) => panels.includes(panel)).map((panel) => {
    const own: Stage = { ...stage, place: () => placeOf(leading(runs), runs, cursor) };
    Object.defineProperty(own, "store", { get: () => leading(runs).store });
    return row(put(panel, make(panel, own), own.place));
  });
  const first = stages[0] as Stage;
  const chooser = choices(first);
  placed.push({ section: chooser.element, view: chooser, place: first.place });
  return { elements: [row(chooser.element), ...shared, ...rows], placed };
}

/** The first run less the second, in the quantity shown, where both have it in one shape. */
function differences([one, other]: readonly Run[], [left, right]: readonly Stage[]): PanelView {
  if (!one || !other || !left || !right) throw new Error("Expected two runs to subtract, found fewer.");
  const store = new Store(left.store.now);
  const place = (): Place => {
    const own = left.place();
    return {
      ...resolve({ ...own, ...wishAt(own, own.time), step: null, layer: own.layer?.name ?? "" }, store),
      gates: [own.gate],
      gate: own.gate,
    };
  };
  const heatmap = gates({ ...left, store, place });
  const title = element("h3");
  const sentence = element("p", { class: "rnnw-notes" });
  let shown: readonly unknown[] = [];
  return {
    element: element("div", {}, title, sentence, heatmap.element),
    paint: (now) => {
      const [here, there] = [left.place(), right.place()];
      const pair = [here.frame, there.frame, here.layer?.name, here.gate];
      if (pair.some((part, index) => part !== shown[index])) {
        const { frame, layer, gate } = here;
        const made = frame && there.frame && layer && difference(frame, there.frame, layer.name, gate);
        store.showOnly(made || null);
      }
      shown = pair;
      const found = store.steps.length > 0;
      const shape = ({ units, times }: Place) => `${units} \u00d7 ${times}`;
      write(title, `${one.name} \u2212 ${other.name}`);
      write(
        sentence,
        left.strings.difference(found, here.gate, String(here.step), String(there.step), shape(here), shape(there)),
      );
      heatmap.element.hidden = !found;
      assign(title, "data-role", "difference");
      if (found) heatmap.paint({ ...now, place: place() });
    },
  };
}
