/** The text of the status bar: state, facts and notes of the recorder and of this page. */

import type { Place } from "../cursor";
import { grouped, percent, value as valueText } from "../format";
import { NOT_FINITE_NOTE, type State } from "../protocol.gen";
import type { Store } from "../store";
import type { Strings } from "../strings";
import { valueAt } from "./chart";

/** The recorder's state, or that this page received nothing for a while, or lacks messages. */
export type ShownState = State | "stale" | "gap";

export interface StatusScene {
  readonly state: ShownState;
  readonly word: string;
  readonly facts: readonly string[];
  readonly notes: readonly string[];
}

const KINDS: Readonly<Record<string, string>> = { RNN_TANH: "RNN (tanh)", RNN_RELU: "RNN (relu)", TAP: "" };

export const PATIENCE = 15_000;
/** Of the overhead above its budget, which a single period may cause. */
const MARGIN = 0.01;

export function stateOf(store: Store): ShownState {
  const state = store.status?.state ?? "waiting";
  if (state === "failed") return state;
  if (store.gaps.length > 0 || store.damaged > 0) return "gap";
  return state === "live" && store.now() - store.arrived >= PATIENCE ? "stale" : state;
}

export function resolve(store: Store, place: Place, strings: Strings): StatusScene {
  const state = stateOf(store);
  return {
    state,
    word: strings.states[state],
    facts: factsOf(store, place, strings),
    notes: notesOf(store, place, state, strings),
  };
}

function factsOf(store: Store, place: Place, strings: Strings): string[] {
  const { status } = store;
  if (!place.frame) return [store.foreign === null ? strings.waiting : strings.foreign(store.foreign)];
  const { layer, units } = place;
  const facts = layer ? [strings.trained(KINDS[layer.kind] ?? layer.kind, layer.name, grouped(units))] : [];
  facts.push(strings.step(grouped(place.step)));
  const loss = valueAt(place, "loss", store.series.get("loss"));
  if (loss !== null) facts.push(`${strings.series["loss"] ?? "loss"} ${valueText(loss)}`);
  if (place.frame.header.mode === "forward") facts.push(strings.noGradient);
  if (status?.overhead != null) facts.push(strings.overhead(percent(status.overhead)));
  return facts;
}

function notesOf(store: Store, place: Place, state: ShownState, strings: Strings): string[] {
  const { status } = store;
  const notes: string[] = [];
  const missed = store.gaps.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  if (store.foreign !== null && store.steps.length > 0) notes.push(strings.foreign(store.foreign));
  if (status?.state === "live" && place.frame && !place.following) notes.push(strings.letGo);
  if (state === "stale") notes.push(strings.stale);
  if (missed > 0) notes.push(strings.missed(grouped(missed)));
  if (store.damaged > 0) notes.push(strings.damaged(grouped(store.damaged)));
  if (status && status.every > 1) notes.push(strings.every(status.every));
  if (status?.budget && status.costs && (status.overhead ?? 0) > status.budget + MARGIN) {
    notes.push(strings.overBudget(percent(status.budget), strings.costs[status.costs]));
  }
  const found = store.analysis(place.step)?.header.findings.some(({ name }) => name === "not_finite") ?? false;
  const told = (status?.notes ?? []).filter((note) => !(found && note.startsWith(NOT_FINITE_NOTE)));
  return [...notes, ...keptOf(store, strings), ...told];
}

/** How many steps Python and this page keep, if either dropped some to stay within its memory. */
function keptOf({ status, steps, thinned }: Store, strings: Strings): string[] {
  if (!status || status.thinned + thinned === 0) return [];
  const kept = status.recorded - status.thinned;
  const [inPython, recorded, here] = [kept, status.recorded, steps.length].map(grouped) as [string, string, string];
  if (status.thinned === 0) return [strings.keptHere(here, recorded)];
  return [kept === steps.length ? strings.kept(inPython, recorded) : strings.keptOther(inPython, recorded, here)];
}
