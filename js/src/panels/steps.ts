/** The training steps held, as positions on a slider, with marks where messages were missed. */

import type { Place } from "../cursor";
import { grouped } from "../format";
import { insertion } from "../held";
import type { Store } from "../store";

export interface StepsScene {
  readonly count: number;
  /** Position of the step shown; 0 when none is held. */
  readonly position: number;
  readonly following: boolean;
  /** Whether newer steps are to be expected. */
  readonly live: boolean;
  /** "step 1240", as a screen reader says it. */
  readonly spoken: string;
  /** "1 240 / 3 000": the step shown and the latest held. */
  readonly label: string;
  /** Where messages are missing, as shares of the slider's travel. */
  readonly gaps: readonly number[];
}

export function resolve(store: Store, place: Place): StepsScene {
  const { steps } = store;
  const last = steps.length - 1;
  return {
    count: steps.length,
    position: Math.max(place.position, 0),
    following: place.following,
    live: ["waiting", "live"].includes(store.status?.state ?? "waiting"),
    spoken: place.frame ? `step ${place.step}` : "",
    label: place.frame ? `${grouped(place.step)} / ${grouped(steps[last] ?? 0)}` : "\u2013",
    gaps: store.gaps.map(({ after }) => (last > 0 ? Math.min((insertion(steps, after) + 0.5) / last, 1) : 1)),
  };
}
