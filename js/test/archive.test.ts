/** A recording on disk, read from docs/format.md alone: what TypeScript finds is what Python finds, bit for bit. */

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type Bytes, readFrames } from "../src/frame";

const HEAD = 40;
const FRAME = 1;
const golden = new URL("../../tests/golden/recordings/", import.meta.url);

/** The payloads of the frames in a log, one after the other. */
function* frames(log: Bytes): Generator<Bytes> {
  const view = new DataView(log.buffer, log.byteOffset, log.byteLength);
  for (let position = 0; position + HEAD <= log.length; ) {
    expect(new TextDecoder().decode(log.subarray(position, position + 4))).toBe("RNR1");
    const size = view.getUint32(position + 28, true);
    const payload = log.slice(position + HEAD, position + HEAD + size);
    expect(crc32(payload)).toBe(view.getUint32(position + 32, true));
    expect(crc32(log.slice(position, position + 36))).toBe(view.getUint32(position + 36, true));
    if (view.getUint32(position + 4, true) === FRAME) yield payload;
    position += HEAD + size;
  }
}

function crc32(bytes: Bytes): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

const versions = readdirSync(golden, { withFileTypes: true }).filter((entry) => entry.isDirectory());

test.each(versions.map(({ name }) => name))("the golden recording %s holds the planes that Python reads", (version) => {
  const log: Bytes = new Uint8Array(readFileSync(new URL(`${version}/rank-0/000000.log`, golden)));
  const found = [...frames(log)]
    .flatMap((payload) => [...readFrames(payload)])
    .flatMap(({ header, body }) =>
      header.planes.map(({ layer, name, shape, offset, bytes }) => {
        const digest = createHash("sha256").update(body.subarray(offset, offset + bytes));
        return ["step" in header ? header.step : null, layer, name, shape, digest.digest("hex")];
      }),
    );
  expect(found).toEqual(JSON.parse(readFileSync(new URL(`${version}.json`, golden), "utf8")));
  expect(found.length).toBeGreaterThan(40);
});
