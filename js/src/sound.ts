/**
 * Whether what arrived has the shape that `protocol.gen.ts` says, field by field: a checksum tells that bytes are as they
 * were written, not that somebody who knows the protocol wrote them.
 */

import { CURVE_ROWS, GATES, type Plane } from "./protocol.gen";

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === "string";
const number: Check = (value) => typeof value === "number" && Number.isFinite(value);
const whole: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const scalar: Check = (value) => number(value) || value === "nan" || value === "inf" || value === "-inf";
const either =
  (...checks: readonly Check[]): Check =>
  (value) =>
    checks.some((check) => check(value));
const none: Check = (value) => value === null;
/** Of a field that earlier recordings lack. */
const absent: Check = (value) => value === undefined;
const missing: Check = (value) => value === undefined;
const among =
  (...names: readonly string[]): Check =>
  (value) =>
    names.includes(value as string);
const list =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const table =
  (check: Check): Check =>
  (value) =>
    isRecord(value) && Object.values(value).every(check);
const record =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isRecord(value) && Object.entries(fields).every(([name, check]) => check(value[name]));

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const PLANE = record({
  ...{ layer: text, name: text, axes: list(text), shape: list(whole), full: list(whole), stride: list(whole) },
  ...{ dtype: among("u1", "f4", "f8"), encoding: among("raw", "log10", "unit", "symmetric", "signed_log") },
  ...{ high: number, offset: whole, bytes: whole },
});

const LAYER = record({
  ...{ name: text, kind: among(...Object.keys(GATES)), lengths: list(whole), replay_error: scalar, inexact: text },
});

const FINDING = record({
  ...{ name: text, severity: among("info", "warning", "problem"), sentence: text, sentence_zh: text },
  ...{ advice: text, advice_zh: text, source: text, layer: either(none, text) },
  ...{ step: either(none, whole), time: either(none, whole), unit: either(none, whole) },
  gate: either(missing, none, text), // earlier versions have none
});

const HEADERS = new Map<unknown, Check>([
  [
    "step",
    record({
      ...{ step: whole, samples: list(whole), scalars: table(scalar), norms: table(list(scalar)) },
      ...{ tokens: either(none, list(list(text))), layers: list(LAYER), planes: list(PLANE) },
    }),
  ],
  ["curves", record({ planes: list(PLANE) })],
  ["analysis", record({ step: whole, numbers: table(table(scalar)), findings: list(FINDING), planes: list(PLANE) })],
]);

const STATUS = record({
  ...{ state: among("waiting", "live", "paused", "finished", "failed"), step: number, recorded: whole, thinned: whole },
  ...{ every: whole, overhead: either(none, number), held_bytes: whole, notes: list(text) },
  ...{ budget: either(absent, none, number), costs: either(absent, none, among("frames", "views", "steps")) },
});

const MESSAGE = record({ version: number, run: text, seq: whole, status: STATUS });

/** A header that names its kind and has every field of it. */
export function isHeader(value: unknown): boolean {
  return isRecord(value) && (HEADERS.get(value["kind"])?.(value) ?? false);
}

/** A delta or the meta of a snapshot. */
export function isMessage(value: unknown): boolean {
  return MESSAGE(value);
}

const ITEM = { u1: 1, f4: 4, f8: 8 } as const;

/** Whether the plane of a frame lies in its body and its numbers agree with one another. */
export function fits(plane: Plane, kind: string, bodyBytes: number): boolean {
  const { shape, full, stride, axes, dtype, encoding, offset, bytes } = plane;
  const item = ITEM[dtype];
  const count = shape.reduce((product, length) => product * length, 1);
  const coded = ["unit", "symmetric", "signed_log"].includes(encoding);
  return (
    [full, stride, axes].every(({ length }) => length === shape.length) &&
    shape.every((length, axis) => length <= (full[axis] as number)) &&
    stride.every((one) => one >= 1) &&
    count * item === bytes &&
    offset % item === 0 &&
    offset + bytes <= bodyBytes &&
    coded === (dtype === "u1") &&
    (kind !== "curves" || (shape.length === 2 && shape[0] === CURVE_ROWS.length))
  );
}
