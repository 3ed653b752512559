/** Frames for tests, written by the layout in rnnwidgets/schema.py, with a checksum of their own making. */

import type { Bytes } from "../src/frame";
import type { CurvesHeader, Delta, Layer, Meta, Plane, Status, StepHeader } from "../src/protocol.gen";

export type Planned = Partial<Plane> & Pick<Plane, "name" | "shape"> & { values: ArrayLike<number> };

export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

const ARRAYS = { u1: Uint8Array, f4: Float32Array, f8: Float64Array };

export function encode(header: object, planned: readonly Planned[]): Bytes {
  const chunks: Uint8Array[] = [];
  let offset = 0;
  const planes = planned.map(({ values, ...given }) => {
    const dtype = given.dtype ?? "u1";
    const array = ARRAYS[dtype].from(Array.from(values));
    const padded = new Uint8Array(Math.ceil(array.byteLength / 8) * 8);
    padded.set(new Uint8Array(array.buffer));
    const plane = {
      ...{ layer: "lstm.l0", axes: ["time", "sample", "unit"], full: given.shape, stride: given.shape.map(() => 1) },
      ...{ dtype, encoding: "unit", high: 1, offset, bytes: array.byteLength },
      ...given,
    };
    chunks.push(padded);
    offset += padded.length;
    return plane;
  });
  const text = new TextEncoder().encode(JSON.stringify({ ...header, planes }));
  const headerBytes = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(24 + headerBytes + offset);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode("RNNW"));
  view.setUint32(4, 1, true);
  view.setUint32(8, headerBytes, true);
  view.setUint32(12, offset, true);
  bytes.fill(32, 24, 24 + headerBytes);
  bytes.set(text, 24);
  let at = 24 + headerBytes;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  const checked = new Uint8Array(bytes.length - 8);
  checked.set(bytes.subarray(0, 16));
  checked.set(bytes.subarray(24), 16);
  view.setUint32(16, crc32(checked), true);
  return bytes;
}

export const LSTM: Layer = { name: "lstm.l0", kind: "LSTM", lengths: [4], replay_error: 0, inexact: "", first: 0 };

/** One step; by default an LSTM with 4 times, 1 sample, 3 units, all of whose quantities are zero. */
export function step(number: number, changes: Partial<StepHeader> = {}, planned: readonly Planned[] = GATES): Bytes {
  const given = planned.some(({ name }) => name.startsWith("fine."));
  const fine = given ? [] : planned.filter(({ dtype = "u1" }) => dtype === "u1").map(fineOf);
  return coarseStep(number, changes, [...planned, ...fine]);
}

/** One step with these planes alone: without fine bytes its numbers are known as well as colors are. */
export function coarseStep(number: number, changes: Partial<StepHeader>, planned: readonly Planned[]): Bytes {
  const header = { kind: "step", step: number, samples: [0], scalars: {}, norms: {}, tokens: null, overhead: "nan" };
  return encode({ ...header, layers: [LSTM], ...changes }, planned);
}

const SHAPE = [4, 1, 3];
export const GATES: readonly Planned[] = [
  ...["i", "f", "o"].map((name) => ({ name, shape: SHAPE, values: new Uint8Array(12) })),
  ...["g", "c", "h"].map((name) => ({
    name,
    shape: SHAPE,
    encoding: "symmetric" as const,
    values: Array(12).fill(126),
  })),
];

/** Fine bytes for a plane of codes, which say that the values are those of the codes. */
export function fineOf(plane: Planned): Planned {
  return { ...plane, name: `fine.${plane.name}`, values: Array.from(plane.values, () => 127) };
}

/** Norms of gradients, (time, sample), given as numbers for one sample. */
export function norms(name: string, values: readonly number[], samples = 1): Planned {
  const logs = values.map((value) => Math.log10(value));
  const axes = ["time", "sample"];
  return {
    name: `norm.${name}`,
    axes,
    shape: [values.length / samples, samples],
    dtype: "f4",
    encoding: "log10",
    values: logs,
  };
}

/** Curves with one value a bin: a value of each scalar at each step. */
export function curves(series: Record<string, ReadonlyArray<readonly [step: number, value: number]>>): Bytes {
  const header: Pick<CurvesHeader, "kind"> = { kind: "curves" };
  const planned = Object.entries(series).map(([name, points]): Planned => {
    const steps = points.map(([at]) => at);
    const values = points.map(([, value]) => value);
    const rows = [steps, steps, values, values, values, values.map(() => 1)];
    const plane = { layer: "", name, axes: ["row", "bin"], shape: [6, points.length], dtype: "f8" } as const;
    return { ...plane, encoding: "raw", values: rows.flat() };
  });
  return encode(header, planned);
}

export function join(...parts: readonly Bytes[]): Bytes {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

export const STATUS: Status = {
  ...{ state: "live", step: 0, recorded: 0, thinned: 0, every: 1, overhead: 0.0231, held_bytes: 0, notes: [] },
  ...{ budget: null, costs: null },
};

export function delta(seq: number, changes: Partial<Delta> = {}): Delta {
  return { kind: "delta", version: 1, run: "run", seq, status: { ...STATUS, step: seq }, ...changes };
}

export function meta(seq: number, changes: Partial<Meta> = {}): Meta {
  return { version: 1, run: "run", seq, status: { ...STATUS, step: seq }, ...changes };
}
