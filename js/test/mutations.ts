/** Sound frames changed at random, most of them sealed again with a sound checksum; seeded, so that a failure repeats. */

import type { Bytes } from "../src/frame";
import { crc32 } from "./frames";

export type Kind = "bytes" | "header" | "cut";
type Draw = () => number;

/** Numbers in [0, 1) (G. Marsaglia, "Xorshift RNGs", 2003). */
export function random(seed: number): Draw {
  let state = (seed * 2654435761) | 0;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** The frames that stand one after the other. */
export function split(bytes: Bytes): Bytes[] {
  const frames: Bytes[] = [];
  for (let at = 0; at < bytes.length; ) {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at);
    const size = 24 + view.getUint32(8, true) + view.getUint32(12, true);
    frames.push(bytes.slice(at, at + size));
    at += size;
  }
  return frames;
}

/** `bytes`: a byte is another; `header`: a value of the header is of another kind; `cut`: the end is missing. */
export function mutated(frame: Bytes, kind: Kind, draw: Draw): Bytes {
  if (kind === "cut") return frame.slice(0, Math.floor(draw() * frame.length));
  if (kind === "bytes") {
    const changed = frame.slice();
    changed[Math.floor(draw() * changed.length)] = Math.floor(draw() * 256);
    return draw() < 0.5 ? sealed(changed) : changed;
  }
  const length = new DataView(frame.buffer).getUint32(8, true);
  const header = JSON.parse(new TextDecoder().decode(frame.subarray(24, 24 + length)));
  replaceOne(header, draw);
  return withHeader(frame, header, 24 + length);
}

const ODD = [null, -1, 1e9, 0.5, "", "nan", [], {}, [[]], true, 2 ** 53, "__proto__", [1e9, 1e9, 1e9], { nan: "inf" }];
/** A name that is long and full of controls. */
export const WORD = `\u202e\u0000\u200b<b>${"long ".repeat(2000)}`;

function replaceOne(value: object, draw: Draw): void {
  const keys = Object.keys(value);
  if (keys.length === 0) return;
  const key = keys[Math.floor(draw() * keys.length)] as string;
  const holder = value as Record<string, unknown>;
  const inner = holder[key];
  if (typeof inner === "object" && inner !== null && draw() < 0.75) replaceOne(inner, draw);
  else holder[key] = ODD[Math.floor(draw() * ODD.length)];
}

function withHeader(frame: Bytes, header: object, bodyFrom: number): Bytes {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(text.length / 8) * 8;
  const made = new Uint8Array(24 + padded + frame.length - bodyFrom);
  made.set(frame.subarray(0, 24));
  made.fill(32, 24, 24 + padded);
  made.set(text, 24);
  made.set(frame.subarray(bodyFrom), 24 + padded);
  new DataView(made.buffer).setUint32(8, padded, true);
  return sealed(made);
}

function sealed(frame: Bytes): Bytes {
  const checked = new Uint8Array(frame.length - 8);
  checked.set(frame.subarray(0, 16));
  checked.set(frame.subarray(24), 16);
  new DataView(frame.buffer).setUint32(16, crc32(checked), true);
  return frame;
}
