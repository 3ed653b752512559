/**
 * Several runs side by side: a column a run, one cursor, one scale, and below them how each differs from the first in the
 * quantity shown. The training step and the curves over training stand once, for all runs.
 *
 * The run with the most steps leads: its slider is that of all, and the others show their nearest steps.
 */

import { type Place, resolve, type SharedCursor, wishAt } from "../cursor";
import { grouped } from "../format";
import { planeOf, type StepFrame } from "../frame";
import { difference } from "../panels/difference";
import type { Panel } from "../protocol.gen";
import { Store } from "../store";
import { choices } from "./choices";
import { element, nameOf, write } from "./dom";
import { gates } from "./gates";
import { arranged, build, type Placed, type Rows, sectionOf } from "./layout";
import { type PanelView, type Stage, watch } from "./panel";

export interface Run {
  readonly name: string;
  readonly store: Store;
}

export interface Compared {
  readonly runs: readonly Run[];
  readonly cursor: Pick<SharedCursor, "value">;
  readonly panels: readonly Panel[];
  /** Where the panels stand; empty puts one below the other. */
  readonly rows: Rows;
}

const ONCE: readonly Panel[] = ["steps", "curves"];

export function leading(runs: readonly Run[]): Run {
  return runs.reduce((most, run) => (run.store.steps.length > most.store.steps.length ? run : most));
}

/** Where a run is looked at: at the step of the leading run, also while that follows its latest. */
export function placeOf(run: Run, runs: readonly Run[], cursor: Pick<SharedCursor, "value">): Place {
  const lead = leading(runs);
  const step = cursor.value.step ?? (lead === run ? null : (lead.store.steps.at(-1) ?? null));
  return { ...resolve({ ...cursor.value, step }, run.store), following: cursor.value.step === null };
}

export function compare(
  { runs, cursor, panels, rows }: Compared,
  stage: Stage,
  make: (panel: Panel, stage: Stage) => PanelView,
) {
  for (const { store } of runs) store.peers = runs.map((run) => run.store);
  const placed: Placed[] = [];
  const stages = runs.map((run): Stage => ({ ...stage, store: run.store, place: () => placeOf(run, runs, cursor) }));
  const first = stages[0] as Stage;
  const all: Stage = {
    ...stage,
    runs: () => runs.map((run) => ({ ...run, place: placeOf(run, runs, cursor) })),
    place: () => placeOf(leading(runs), runs, cursor),
    get store() {
      return leading(runs).store;
    },
  };
  const put = (panel: Panel): HTMLElement => {
    if (ONCE.includes(panel)) return sectionOf(placed, panel, make(panel, all), all);
    const sections = stages.map((own, run) => {
      const section = sectionOf(placed, panel, make(panel, own), own);
      (section.querySelector(".rnnw-head") ?? section).prepend(nameOf((runs[run] as Run).name, run));
      return section;
    });
    if (panel !== "gates") return side(sections, runs.length);
    const others = stages.slice(1).map((own, index) => {
      const view = differing([runs[index + 1] as Run, runs[0] as Run], [own, first]);
      return sectionOf(placed, "difference", view, own);
    });
    // Each difference stands below its run; of two runs, where the first has none, beside them.
    const more = runs.length > 2;
    return side([...sections, ...(more ? [element("div")] : []), ...others], more ? runs.length : 3);
  };
  const asked = rows.length > 0 ? rows : panels.map((panel) => [[panel]]);
  const chooser = choices(first);
  placed.push({ section: chooser.element, view: chooser, place: first.place });
  return { elements: [chooser.element, ...build(arranged(panels, asked), stage, put)], placed };
}

/** So many columns, or as many as find room. */
function side(sections: readonly HTMLElement[], columns: number): HTMLElement {
  return element("div", { class: "rnnw-side", style: `--columns:${columns}` }, ...sections);
}

/** A run less the first one, in the quantity shown, where both have it in one shape. */
function differing([one, base]: readonly [Run, Run], [own, first]: readonly [Stage, Stage]): PanelView {
  const { strings } = own;
  const store = new Store(own.store.now);
  const place = (): Place => {
    const there = own.place();
    const wish = { ...there, ...wishAt(there, there.time), step: null, layer: there.layer?.name ?? "" };
    return { ...resolve(wish, store), gates: [there.gate], gate: there.gate };
  };
  const heatmap = gates({ ...own, store, place });
  const title = element("h3", { "data-role": "difference" }, `${one.name} \u2212 ${base.name}`);
  const sentence = element("p", { class: "rnnw-notes" });
  const changed = watch();
  const told = ({ name }: Run, { gates: all, units, times }: Place) =>
    `${name}: ${all.join(" ")}, ${units} \u00d7 ${times}`;
  return {
    element: element("div", {}, title, sentence, heatmap.element),
    paint: (now) => {
      const [there, here] = [own.place(), first.place()];
      const { gate } = here;
      const high = own.store.high(there.layer?.name ?? "", gate);
      if (changed(there.frame, here.frame, there.layer, here.layer, there.gate, gate, high))
        store.showOnly(...subtracted(there, here, high));
      const found = store.steps.length > 0;
      const words = found
        ? strings.difference(gate, grouped(there.step), grouped(here.step))
        : strings.noDifference(gate, told(one, there), told(base, here));
      write(sentence, there.frame && here.frame ? words : "");
      heatmap.element.hidden = !found;
      if (found) heatmap.paint({ ...now, place: place() });
    },
  };
}

/** The difference as a frame, and the end of its scale, which no difference at any step is beyond. */
function subtracted({ gate, frame, layer }: Place, here: Place, high: number): [StepFrame | null, number] {
  if (!frame || !here.frame || !layer || !here.layer || here.gate !== gate) return [null, 0];
  const made = difference(frame, here.frame, [layer.name, here.layer.name], gate);
  return [made, planeOf(frame, layer.name, gate)?.encoding === "unit" ? 1 : 2 * high];
}
