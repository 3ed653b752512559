/** Codes that are not numbers, counted, for legends and notes. */

import { grouped } from "../format";
import type { StepFrame } from "../frame";
import type { Legend } from "../marks/legend";
import { CODE_NAN, CODE_NEGATIVE_INFINITY, CODE_POSITIVE_INFINITY } from "../protocol.gen";
import type { Strings } from "../strings";
import { meansOf, type Sheet } from "./sheet";

export interface Tally {
  readonly nan: number;
  readonly positive: number;
  readonly negative: number;
}

const KINDS = [
  { kind: "nan", text: "NaN" },
  { kind: "positive", text: "+\u221e" },
  { kind: "negative", text: "\u2212\u221e" },
] as const;

/** How many cells of a sheet are not numbers. */
export function tally(frame: StepFrame, sheet: Sheet): Tally {
  const { bad } = meansOf(frame, sheet);
  return {
    nan: bad[CODE_NAN] as number,
    positive: bad[CODE_POSITIVE_INFINITY] as number,
    negative: bad[CODE_NEGATIVE_INFINITY] as number,
  };
}

export function swatchesOf(bad: Tally): Legend["swatches"] {
  return KINDS.filter(({ kind }) => bad[kind] > 0);
}

export function badValues(bad: Tally, strings: Strings): string[] {
  const counts = KINDS.filter(({ kind }) => bad[kind] > 0).map(({ kind, text }) => `${grouped(bad[kind])} ${text}`);
  return counts.length > 0 ? [strings.bad(counts.join(", "))] : [];
}
