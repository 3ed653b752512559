/** The findings at the step shown, the most severe first, each with the place where it shows. */

import type { Cursor, Place } from "../cursor";
import { grouped } from "../format";
import type { Finding, Severity } from "../protocol.gen";
import type { Store } from "../store";
import type { Strings } from "../strings";

export interface Said {
  readonly name: string;
  readonly severity: Severity;
  /** The severity as a word. */
  readonly word: string;
  readonly sentence: string;
  readonly advice: string;
  readonly source: string;
  /** The move of the cursor to the place where it shows, and that place in words; null if it has no place. */
  readonly look: Partial<Cursor> | null;
  readonly place: string;
}

export interface FindingsScene {
  readonly said: readonly Said[];
  /** The text if there is no finding. */
  readonly message: string;
  /** The step of the last analysis, if it is not the step shown. */
  readonly note: string;
}

const GRAVITY: readonly Severity[] = ["problem", "warning", "info"];

export function resolve(store: Store, place: Place, strings: Strings): FindingsScene {
  const analysis = place.frame ? store.analysis(place.step) : undefined;
  if (!analysis) return { said: [], message: strings.noAnalysis, note: "" };
  const { findings, step } = analysis.header;
  const gravity = ({ severity }: Finding) => GRAVITY.indexOf(severity);
  const said = [...findings].sort((one, other) => gravity(one) - gravity(other)).map((one) => saidOf(one, strings));
  return {
    said,
    message: said.length === 0 ? strings.noFindings(grouped(step)) : "",
    note: said.length === 0 || step === place.step ? "" : strings.analysedAt(grouped(step)),
  };
}

function saidOf(finding: Finding, strings: Strings): Said {
  const { name, severity, source, step, layer, time, unit } = finding;
  const gate = finding.gate ?? null; // findings of earlier versions lack it
  const known = { step, layer, time, unit, gate };
  const look = Object.fromEntries(Object.entries(known).filter(([, value]) => value !== null)) as Partial<Cursor>;
  const words = [
    step === null ? "" : strings.step(grouped(step)),
    layer ?? "",
    gate ?? "",
    time === null ? "" : `t = ${time}`,
    unit === null ? "" : `${strings.unit} ${unit}`,
  ].filter((word) => word !== "");
  return {
    ...{ name, severity, source, word: strings.severity[severity] },
    sentence: strings.say(finding.sentence, finding.sentence_zh),
    advice: strings.say(finding.advice, finding.advice_zh),
    look: words.length > 0 ? look : null,
    place: words.join(", "),
  };
}
