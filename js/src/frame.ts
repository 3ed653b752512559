/**
 * Reads frame bytes: prefix, CRC-32, JSON header, planes as typed views. The layout stands in rnnwidgets/schema.py.
 *
 * Hosts hand over buffers as DataView, Uint8Array or ArrayBuffer, at any offset; a plane must start at a multiple of 8.
 * So each frame is copied once, whole, into bytes of its own: aligned, and freed alone. Planes are not looked into here.
 * Typed arrays read in the byte order of the machine, which is little-endian wherever a browser runs.
 */

import {
  type AnalysisHeader,
  CODE_NAN,
  CODE_NEGATIVE_INFINITY,
  CODE_POSITIVE_INFINITY,
  CODE_TOP,
  CODE_ZERO,
  type CurvesHeader,
  FINE_PREFIX,
  FINE_STEPS,
  FINE_ZERO,
  LOG_DECADES,
  MAGIC,
  type Plane,
  PREFIX_BYTES,
  type Scalar,
  type StepHeader,
  VERSION,
} from "./protocol.gen";
import { fits, isHeader } from "./sound";

export type Bytes = Uint8Array<ArrayBuffer>;

export interface Frame<Header = StepHeader | CurvesHeader | AnalysisHeader> {
  readonly header: Header;
  readonly body: Bytes;
  /** Bytes of the whole frame. */
  readonly size: number;
  /** Where the frame was made in the page of others: a number of it, read from those. */
  readonly read?: (sample: number, time: number, unit: number) => Reading | null;
}

export type StepFrame = Frame<StepHeader>;
export type CurvesFrame = Frame<CurvesHeader>;
export type AnalysisFrame = Frame<AnalysisHeader>;

/** Bytes that are not sound frames: one sentence with what was expected and what was found. */
export class FrameError extends Error {
  override readonly name = "FrameError";

  constructor(
    readonly expected: string,
    readonly found: string,
  ) {
    super(`Expected ${expected}, found ${found}: the bytes are damaged or cut short.`);
  }
}

/** Remainders of a byte followed by 0, 1, 2, 3 zero bytes, (zero bytes, byte): four bytes are taken at a time. */
const CRC = new Uint32Array(4 * 256);
for (let byte = 0; byte < 256; byte++) {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  CRC[byte] = crc;
}
for (let index = 256; index < CRC.length; index++) {
  const before = CRC[index - 256] as number;
  CRC[index] = (CRC[before & 255] as number) ^ (before >>> 8);
}

function crc32(bytes: Uint8Array, from: number, to: number, before: number): number {
  let crc = ~before;
  let index = from;
  for (; index + 4 <= to; index += 4) {
    crc ^= (bytes[index] as number) | ((bytes[index + 1] as number) << 8) | ((bytes[index + 2] as number) << 16);
    crc ^= (bytes[index + 3] as number) << 24;
    crc =
      (CRC[768 + (crc & 255)] as number) ^
      (CRC[512 + ((crc >>> 8) & 255)] as number) ^
      (CRC[256 + ((crc >>> 16) & 255)] as number) ^
      (CRC[crc >>> 24] as number);
  }
  for (; index < to; index++) crc = (CRC[(crc ^ (bytes[index] as number)) & 255] as number) ^ (crc >>> 8);
  return ~crc >>> 0;
}

/**
 * The bytes of any buffer a host may deliver, also of one that became a list or a table of numbers on its way through
 * JSON; none for anything else, such as a trait that was never set.
 */
export function toBytes(source: unknown): Bytes {
  try {
    if (ArrayBuffer.isView(source)) {
      return new Uint8Array(source.buffer as ArrayBuffer, source.byteOffset, source.byteLength);
    }
    // A buffer made in another frame of the page is not an instance of this frame's class.
    const isBuffer = Object.prototype.toString.call(source).endsWith("ArrayBuffer]");
    return isBuffer ? new Uint8Array(source as ArrayBuffer) : Uint8Array.from(Object.values(source ?? []));
  } catch {
    return new Uint8Array(0); // its memory was given away
  }
}

/**
 * Each of the frames that stand one after the other in `bytes`, of which there is at least one. Throws FrameError at the
 * first unsound one.
 */
export function* readFrames(bytes: Bytes): Generator<Frame> {
  let position = 0;
  do {
    const size = measure(bytes, position);
    yield readFrame(bytes.slice(position, position + size));
    position += size;
  } while (position < bytes.length);
}

function measure(bytes: Bytes, position: number): number {
  const available = bytes.length - position;
  if (available < PREFIX_BYTES) throw new FrameError(`${PREFIX_BYTES} bytes of prefix`, `${available}`);
  const prefix = new DataView(bytes.buffer, bytes.byteOffset + position, PREFIX_BYTES);
  const magic = String.fromCharCode(...bytes.subarray(position, position + MAGIC.length));
  if (magic !== MAGIC || prefix.getUint32(20, true) !== 0) {
    throw new FrameError(`bytes that begin with ${MAGIC}`, JSON.stringify(magic));
  }
  const version = prefix.getUint32(4, true);
  if (version !== VERSION) throw new FrameError(`frame version ${VERSION}`, `version ${version}`);
  const size = PREFIX_BYTES + prefix.getUint32(8, true) + prefix.getUint32(12, true);
  if (size > available) throw new FrameError(`${size} bytes`, `${available}`);
  return size;
}

function readFrame(bytes: Bytes): Frame {
  const prefix = new DataView(bytes.buffer);
  const checksum = prefix.getUint32(16, true);
  const actual = crc32(bytes, PREFIX_BYTES, bytes.length, crc32(bytes, 0, 16, 0));
  if (actual !== checksum) throw new FrameError(`checksum ${checksum.toString(16)}`, actual.toString(16));
  const start = PREFIX_BYTES + prefix.getUint32(8, true);
  const header = readHeader(bytes.subarray(PREFIX_BYTES, start));
  const body = bytes.subarray(start);
  for (const plane of header.planes) {
    if (fits(plane, header.kind, body.length)) continue;
    const found = `shape ${plane.shape.join(" x ")} at ${plane.offset}`;
    throw new FrameError(`plane ${plane.name} inside a body of ${body.length} bytes`, found);
  }
  return { header, body, size: bytes.length };
}

function readHeader(bytes: Bytes): Frame["header"] {
  const header = parsed(new TextDecoder().decode(bytes));
  if (!isHeader(header)) {
    throw new FrameError("a header of kind step, curves or analysis", JSON.stringify(header).slice(0, 80));
  }
  return header as Frame["header"];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new FrameError("a header in JSON", JSON.stringify(text.slice(0, 80)));
  }
}

/** The plane of one quantity of one layer, where the frame holds it. */
export function planeOf(frame: Frame, layer: string, name: string): Plane | undefined {
  return frame.header.planes.find((plane) => plane.layer === layer && plane.name === name);
}

/** The codes of a "u1" plane, C order, without a copy. */
export function codesOf(frame: Frame, plane: Plane): Bytes {
  return frame.body.subarray(plane.offset, plane.offset + plane.bytes);
}

/** The numbers of a float plane as written (logarithms stay logarithms), C order, without a copy. */
export function floatsOf(frame: Frame, plane: Plane): Float32Array | Float64Array {
  const Floats = plane.dtype === "f4" ? Float32Array : Float64Array;
  const count = plane.bytes / Floats.BYTES_PER_ELEMENT;
  return new Floats(frame.body.buffer, frame.body.byteOffset + plane.offset, count);
}

type Coded = Pick<Plane, "encoding" | "high">;

/** The number that a code of a "u1" plane stands for, moved by its fine byte where there is one. */
export function decoded(code: number, plane: Coded, fine: number = FINE_ZERO): number {
  if (code === CODE_NAN) return Number.NaN;
  if (code === CODE_POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  if (code === CODE_NEGATIVE_INFINITY) return -Number.POSITIVE_INFINITY;
  const part = (fine - FINE_ZERO) / FINE_STEPS;
  if (plane.encoding === "unit") return (code + part) / CODE_TOP;
  const distance = code - CODE_ZERO;
  if (plane.encoding === "symmetric") return (plane.high * (distance + part)) / CODE_ZERO;
  if (distance === 0) return 0;
  const decades = LOG_DECADES * ((Math.abs(distance) + part - 1) / (CODE_ZERO - 1) - 1);
  return Math.sign(distance) * plane.high * 10 ** decades;
}

/** A number of a recording as this page knows it. */
export interface Reading {
  readonly value: number;
  /** How far the recorded number may be from `value`, at most. */
  readonly error: number;
  /** Of the recorded number to `value`: the smallest that has a logarithm stands for all smaller ones too. */
  readonly relation: "=" | "\u2264" | "\u2265";
}

/** Single precision, in which codes are computed, adds this much of a code to the rounding. */
const ROUNDING = 1e-4;

/** What a code and its fine byte say of the recorded number; without a fine byte, what the code alone says. */
export function readingOf(code: number, plane: Coded, fine?: number): Reading {
  const value = decoded(code, plane, fine);
  if (!Number.isFinite(value)) return { value, error: 0, relation: "=" };
  const codes = (fine === undefined ? 1 : 1 / FINE_STEPS) / 2 + ROUNDING;
  if (plane.encoding !== "signed_log") {
    return { value, error: (codes * plane.high) / (plane.encoding === "unit" ? CODE_TOP : CODE_ZERO), relation: "=" };
  }
  if (value === 0) return { value, error: 0, relation: "=" };
  const factor = 10 ** ((codes * LOG_DECADES) / (CODE_ZERO - 1));
  const least = Math.abs(code - CODE_ZERO) === 1 && (fine === undefined || fine <= FINE_ZERO);
  if (least) return { value: value * factor, error: 0, relation: value < 0 ? "\u2265" : "\u2264" };
  return { value, error: Math.abs(value) * (factor - 1), relation: "=" };
}

/** The plane of the fine bytes of another, where the frame holds it. */
export function finePlaneOf(frame: Frame, layer: string, name: string): Plane | undefined {
  return planeOf(frame, layer, FINE_PREFIX + name);
}

/** The number that a header's scalar stands for. */
export function numberOf(scalar: Scalar): number {
  if (typeof scalar === "number") return scalar;
  return { nan: Number.NaN, inf: Number.POSITIVE_INFINITY, "-inf": -Number.POSITIVE_INFINITY }[scalar];
}
