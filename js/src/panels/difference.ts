/**
 * The difference of two runs in one quantity, as a frame like any other: so it is drawn, read and exported as they are.
 *
 * Values are subtracted as numbers, not as codes, and coded anew around zero: a gate's difference is no gate. A number of
 * it is the difference of the two recorded ones, known as well as both are.
 */

import { type Bytes, codesOf, decoded, planeOf, type Reading, type StepFrame } from "../frame";
import {
  CODE_NAN,
  CODE_NEGATIVE_INFINITY,
  CODE_POSITIVE_INFINITY,
  CODE_TOP,
  CODE_ZERO,
  LOG_DECADES,
  type Plane,
} from "../protocol.gen";
import { sheetOf } from "./sheet";

/** A frame with the one plane that is left - right, each of its own layer; null where the two do not have the same shape. */
export function difference(
  left: StepFrame,
  right: StepFrame,
  layers: readonly [left: string, right: string],
  name: string,
): StepFrame | null {
  const [one, other] = [planeOf(left, layers[0], name), planeOf(right, layers[1], name)];
  if (!one || !other || one.dtype !== "u1" || other.dtype !== "u1") return null;
  const same = (a: readonly number[], b: readonly number[]) => a.join() === b.join();
  if (!same(one.shape, other.shape) || !same(one.full, other.full) || !same(one.stride, other.stride)) return null;
  const values = subtracted(left, one, right, other);
  const high = values.reduce((most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 0);
  const encoding = one.encoding === "signed_log" ? "signed_log" : "symmetric";
  const plane: Plane = { ...one, encoding, high: high || 1, offset: 0 };
  const body = Uint8Array.from(values, (value) => coded(value, plane));
  const header = { ...left.header, planes: [plane], norms: {}, scalars: {} };
  const read = (sample: number, time: number, unit: number): Reading | null => {
    const [minuend, subtrahend] = [left, right].map((frame, side) => {
      const layer = frame.header.layers.find((known) => known.name === layers[side]);
      return (layer && sheetOf(frame, layer, name, sample)?.read(time, unit)) ?? null;
    });
    return minuend && subtrahend ? less(minuend, subtrahend) : null;
  };
  return { header, body, size: body.length, read };
}

function less(one: Reading, other: Reading): Reading | null {
  if (one.relation !== "=" || other.relation !== "=") return null;
  return { value: one.value - other.value, error: one.error + other.error, relation: "=" };
}

function subtracted(left: StepFrame, one: Plane, right: StepFrame, other: Plane): Float64Array {
  const table = (plane: Plane) => Float64Array.from({ length: 256 }, (_, code) => decoded(code, plane));
  const [minuends, subtrahends] = [table(one), table(other)];
  const [codes, others]: readonly [Bytes, Bytes] = [codesOf(left, one), codesOf(right, other)];
  return Float64Array.from(
    codes,
    (code, index) => (minuends[code] as number) - (subtrahends[others[index] as number] as number),
  );
}

/** The code that `decoded` reads as this number, or as the nearest that has one. */
export function coded(value: number, { encoding, high }: Pick<Plane, "encoding" | "high">): number {
  if (Number.isNaN(value)) return CODE_NAN;
  if (value === Number.POSITIVE_INFINITY) return CODE_POSITIVE_INFINITY;
  if (value === -Number.POSITIVE_INFINITY) return CODE_NEGATIVE_INFINITY;
  if (value === 0) return encoding === "unit" ? 0 : CODE_ZERO;
  const share = value / high;
  if (encoding === "unit") return within(CODE_TOP * share);
  if (encoding === "symmetric") return within(CODE_ZERO * (1 + share));
  const decades = Math.max(0, 1 + Math.log10(Math.abs(share)) / LOG_DECADES);
  return within(CODE_ZERO + Math.sign(value) * (1 + Math.round((CODE_ZERO - 1) * decades)));
}

function within(code: number): number {
  return Math.max(0, Math.min(CODE_TOP, Math.round(code)));
}
