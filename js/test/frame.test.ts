import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Bytes, codesOf, decoded, FrameError, floatsOf, numberOf, readFrames } from "../src/frame";
import type { Plane, Scalar } from "../src/protocol.gen";
import { curves, encode, join, step } from "./frames";

const golden = new URL("../../tests/golden/", import.meta.url);
const bytes: Bytes = new Uint8Array(readFileSync(new URL("frames.bin", golden)));
type Expected = { header: Record<string, unknown>; planes: Array<Plane & { values: Scalar[] }> };
const expected: Expected[] = JSON.parse(readFileSync(new URL("expected.json", golden), "utf8"));

function valuesOf(frame: ReturnType<typeof read>[number], plane: Plane): number[] {
  if (plane.dtype === "u1") return Array.from(codesOf(frame, plane), (code) => decoded(code, plane));
  const floats = Array.from(floatsOf(frame, plane));
  return plane.encoding === "log10" ? floats.map((log) => 10 ** log) : floats;
}

function read(source: Bytes) {
  return [...readFrames(source)];
}

describe("the frames that Python wrote", () => {
  const frames = read(bytes);

  test("are as many as Python says", () => {
    expect(frames.length).toBe(expected.length);
    expect(expected.length).toBe(7);
  });

  for (const [index, { header, planes }] of expected.entries()) {
    test(`have the header that Python wrote: frame ${index}`, () => {
      const { planes: found, ...rest } = frames[index]?.header ?? { planes: [] };
      expect(rest).toEqual(header);
      expect(found).toEqual(planes.map(({ values: _, ...plane }) => plane));
    });

    for (const { values, ...plane } of planes) {
      test(`have the values that Python finds: frame ${index}, ${plane.layer} ${plane.name}`, () => {
        const frame = frames[index];
        if (!frame) throw new Error("the frame is missing");
        const found = plane.name.startsWith("fine.") ? codesOf(frame, plane) : valuesOf(frame, plane);
        expect(found.length).toBe(values.length);
        for (const [position, scalar] of values.entries()) {
          const wanted = numberOf(scalar);
          const close = Number.isFinite(wanted) ? Math.max(1e-6 * Math.abs(wanted), Number.MIN_VALUE) : 0;
          if (close > 0) expect(Math.abs((found[position] as number) - wanted)).toBeLessThanOrEqual(close);
          else expect(found[position]).toBe(wanted);
        }
      });
    }
  }
});

describe("bytes", () => {
  test("belong to each frame alone, so that one frame can be freed", () => {
    const [first] = read(bytes);
    expect(first?.body.buffer.byteLength).toBe(first?.size);
  });
});

describe("damage", () => {
  const sound = step(5);

  test("of any single byte is found", () => {
    for (let index = 0; index < sound.length; index++) {
      const damaged = sound.slice();
      damaged[index] = (damaged[index] as number) ^ 0x10;
      expect(() => read(damaged), `byte ${index}`).toThrow(FrameError);
    }
  });

  test("by cutting short is found wherever the cut is", () => {
    for (let length = 1; length < sound.length; length += 7) {
      expect(() => read(sound.slice(0, length)), `${length} bytes`).toThrow(FrameError);
    }
  });

  test("is told in a sentence with what was expected and what was found", () => {
    const damaged = sound.slice();
    damaged[0] = 88;
    expect(() => read(damaged)).toThrow('Expected bytes that begin with RNNW, found "XNNW"');
    damaged.set(sound);
    damaged[4] = 9;
    expect(() => read(damaged)).toThrow("Expected frame version 1, found version 9");
  });

  test("leaves the frames before it", () => {
    const reading = readFrames(join(sound, sound.slice(0, 30)));
    expect(reading.next().value?.header).toMatchObject({ kind: "step", step: 5 });
    expect(() => reading.next()).toThrow(FrameError);
  });

  test("is a plane that reaches beyond the body", () => {
    const header = { kind: "step", step: 0, samples: [], scalars: {}, norms: {}, tokens: null, layers: [] };
    const plane = { name: "h", axes: ["unit"], shape: [4], values: [1, 2, 3, 4] };
    expect(() => read(encode(header, [{ ...plane, offset: 8 }]))).toThrow("plane h inside a body of 8 bytes");
    expect(() => read(encode(header, [{ ...plane, shape: [9] }]))).toThrow(FrameError);
    expect(read(encode(header, [plane])).length).toBe(1);
  });

  test("is a frame of an unknown kind", () => {
    expect(() => read(encode({ kind: "other" }, []))).toThrow("Expected a header of kind step, curves or analysis");
  });
});

test("curves without planes are a frame", () => {
  expect(read(curves({}))[0]?.header).toEqual({ kind: "curves", planes: [] });
});
