/** The text of the status bar: state, facts and notes of the recorder and of this page. */

import type { Place } from "../cursor";
import { grouped, percent, value as valueText } from "../format";
import { numberOf } from "../frame";
import type { State } from "../protocol.gen";
import { row } from "../series";
import type { Store } from "../store";
import type { Strings } from "../strings";

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
  const loss = lossAt(store, place);
  if (loss !== null) facts.push(`${strings.series["loss"] ?? "loss"} ${valueText(loss)}`);
  if (place.frame.header.mode === "forward") facts.push(strings.noGradient);
  if (status?.overhead != null) facts.push(strings.overhead(percent(status.overhead)));
  return facts;
}

/** The loss of the step shown; while following, the latest known, since a loss is logged after its step. */
function lossAt(store: Store, place: Place): number | null {
  const own = place.frame?.header.scalars["loss"];
  if (own !== undefined) return numberOf(own);
  const series = store.series.get("loss");
  if (!series || series.count === 0) return null;
  const first = row(series, "first");
  const bin = place.following ? series.count - 1 : first.findLastIndex((step) => step <= place.step);
  return row(series, "mean")[bin] ?? null;
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
  return [...notes, ...keptOf(store, strings), ...(status?.notes ?? [])];
}

/** How many steps Python and this page keep, if either dropped some to stay within its memory. */
function keptOf({ status, steps, thinned }: Store, strings: Strings): string[] {
  if (!status || status.thinned + thinned === 0) return [];
  const kept = status.recorded - status.thinned;
  const [inPython, recorded, here] = [kept, status.recorded, steps.length].map(grouped) as [string, string, string];
  if (status.thinned === 0) return [strings.keptHere(here, recorded)];
  return [kept === steps.length ? strings.kept(inPython, recorded) : strings.keptOther(inPython, recorded, here)];
}
