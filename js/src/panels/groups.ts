/**
 * The scalars of a run in groups, one chart each: names that share what stands before their first dot, the gradient norm
 * before and after clipping, and three norms of every parameter.
 *
 * Of several runs each of these scalars has a chart of its own, in which each run has a line.
 *
 * Scalars are the store's series. The norms of parameters stand in the frames, so they are known at the steps held.
 */

import type { Place } from "../cursor";
import { numberOf, type StepFrame } from "../frame";
import { CURVE_ROWS } from "../protocol.gen";
import type { Series } from "../series";
import type { Store } from "../store";

/** A run, and where it is looked at; without a name where it is the only one. */
export interface Seen {
  readonly name: string;
  readonly store: Store;
  readonly place: Place;
}

export interface Member {
  /** Full name, and what distinguishes it within the group. */
  readonly name: string;
  readonly label: string;
  readonly series: Series;
  /** Position of the run that the line is of, where the group is of several. */
  readonly run?: number;
}

export interface Group {
  /** The part of the name that its members share; of several runs, below it the rest of the name. */
  readonly name: string;
  readonly members: readonly Member[];
}

/** Groups of parameters, in the order of the numbers in a frame's `norms`. */
export const BY_PARAMETER = ["norms.gradient", "norms.weight", "norms.update"] as const;

const CLIPPED = "grad_norm";
const UNCLIPPED = "grad_norm_before_clip";
const ORDER: readonly string[] = ["loss", CLIPPED, BY_PARAMETER[0], "lr", BY_PARAMETER[2], BY_PARAMETER[1]];

const known = new WeakMap<Store, { readonly changes: number; readonly groups: readonly Group[] }>();

export function groupsOf(runs: readonly Seen[]): readonly Group[] {
  const [only] = runs;
  return only && runs.length === 1 ? groupsOfOne(only.store) : compared(runs);
}

function compared(runs: readonly Seen[]): Group[] {
  const members = new Map<string, Member[]>();
  runs.forEach(({ name: label, store }, run) => {
    for (const group of groupsOfOne(store)) {
      for (const { label: rest, ...member } of group.members) {
        const name = rest ? `${group.name}\n${rest}` : group.name;
        members.set(name, [...(members.get(name) ?? []), { ...member, label, run }]);
      }
    }
  });
  return sorted(members);
}

function groupsOfOne(store: Store): readonly Group[] {
  const found = known.get(store);
  if (found?.changes === store.changes) return found.groups;
  const members = new Map<string, Member[]>();
  const add = (group: string, member: Member) => members.set(group, [...(members.get(group) ?? []), member]);
  for (const [name, series] of store.series) if (series.count > 0) add(groupOf(name), scalar(name, series));
  for (const [name, three] of normsOf(store)) {
    BY_PARAMETER.forEach((group, index) => {
      const series = seriesOf(three[index] as Points);
      if (series.count > 0) add(group, { name, label: name, series });
    });
  }
  const groups = sorted(members);
  known.set(store, { changes: store.changes, groups });
  return groups;
}

/** Loss, gradient norms and learning rate first, then the others by name. */
function sorted(members: ReadonlyMap<string, readonly Member[]>): Group[] {
  const groups = [...members].map(([name, all]) => ({ name, members: all }));
  return groups.sort((one, other) => rank(one.name) - rank(other.name) || (one.name < other.name ? -1 : 1));
}

function rank(name: string): number {
  const index = ORDER.indexOf(name.split("\n", 1)[0] as string);
  return index < 0 ? ORDER.length : index;
}

function groupOf(name: string): string {
  if (name === UNCLIPPED) return CLIPPED;
  return name.split(".", 1)[0] || name;
}

function scalar(name: string, series: Series): Member {
  const group = groupOf(name);
  const rest = name.slice(group.length).replace(/^[._]/, "");
  return { name, label: rest.replaceAll("_", " "), series };
}

/** Steps and values. */
type Points = readonly [number[], number[]];

interface Norms {
  /** Of the frames that were read: a frame itself would be kept from being given up. */
  readonly headers: readonly (StepFrame["header"] | undefined)[];
  /** Of each parameter, for each of `BY_PARAMETER`. */
  readonly points: ReadonlyMap<string, readonly Points[]>;
}

const read = new WeakMap<Store, Norms>();

/** The three norms of every parameter, at the steps held; of frames that only become more, the new ones are read. */
function normsOf(store: Store): Norms["points"] {
  const headers = store.steps.map((step) => store.frame(step)?.header);
  const before = read.get(store);
  const grown = before?.headers.every((header, index) => header === headers[index]);
  const points = new Map(grown ? before?.points : []);
  for (const header of headers.slice(grown ? before?.headers.length : 0)) {
    for (const [name, norms] of Object.entries(header?.norms ?? {})) {
      const own = points.get(name) ?? BY_PARAMETER.map((): Points => [[], []]);
      points.set(name, own);
      own.forEach(([steps, values], index) => {
        const value = numberOf(norms[index] ?? "nan");
        // An update ratio is measured at some steps only, and is not a number at the others.
        if (index === 2 && Number.isNaN(value)) return;
        steps.push(header?.step as number);
        values.push(value);
      });
    }
  }
  read.set(store, { headers, points });
  return points;
}

function seriesOf([steps, values]: Points): Series {
  const { length: count } = steps;
  const rows = new Float64Array(CURVE_ROWS.length * count).fill(1);
  [steps, steps, values, values, values].forEach((one, index) => {
    rows.set(one, index * count);
  });
  return { count, rows };
}
