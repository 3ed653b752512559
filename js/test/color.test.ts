import { describe, expect, test } from "vitest";
import {
  COLOR_DECADES,
  diverging,
  type Mode,
  oklab,
  pack,
  parse,
  positionOf,
  type Rgb,
  SPECIAL,
  sequential,
  table,
} from "../src/color";
import { colorOf, LOOKS, SURFACES, suits } from "../src/theme";

const SURFACES_OF_HOSTS: ReadonlyArray<readonly [Mode, Rgb]> = [
  ["light", [255, 255, 255]],
  ["light", [245, 245, 240]],
  ["dark", [17, 17, 17]],
  ["dark", [31, 31, 31]],
];
const positions = Array.from({ length: 101 }, (_, index) => index / 100);
const lightness = (color: Rgb) => oklab(color)[0];
const distance = (one: Rgb, other: Rgb) => {
  const [a, b] = [oklab(one), oklab(other)];
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
};

test("oklab knows black, white and red", () => {
  expect(oklab([0, 0, 0])).toEqual([0, 0, 0]);
  expect(oklab([255, 255, 255])[0]).toBeCloseTo(1, 4);
  expect(oklab([255, 0, 0]).map((part) => Number(part.toFixed(3)))).toEqual([0.628, 0.225, 0.126]);
});

test("the sequential map rises evenly in lightness from dark to light", () => {
  const found = positions.map((position) => lightness(sequential()(position)));
  const step = ((found.at(-1) as number) - (found[0] as number)) / 100;
  expect(step).toBeGreaterThan(0.007);
  for (let index = 1; index < found.length; index++) {
    expect((found[index] as number) - (found[index - 1] as number)).toBeCloseTo(step, 2);
  }
});

describe.each(SURFACES_OF_HOSTS)("the diverging map on a %s surface %j", (mode, surface) => {
  const map = diverging(mode, surface);
  const away = mode === "light" ? -1 : 1;

  test("is the surface at zero", () => {
    expect(map(0).map(Math.round)).toEqual(surface);
  });

  test("moves away from the surface evenly on both sides", () => {
    for (const side of [-1, 1]) {
      const found = positions.map((position) => away * lightness(map(side * position)));
      const step = ((found.at(-1) as number) - (found[0] as number)) / 100;
      expect(step).toBeGreaterThan(0.004);
      for (let index = 1; index < found.length; index++) {
        expect((found[index] as number) - (found[index - 1] as number)).toBeCloseTo(step, 2);
      }
    }
  });

  test("parts the signs by blue and yellow, which color-blind people tell apart", () => {
    for (const position of [0.25, 0.5, 0.75, 1]) {
      expect(oklab(map(position))[2] - oklab(map(-position))[2]).toBeGreaterThan(0.08);
    }
  });

  test("and the sequential one come near no color of NaN and the infinities, which differ from each other", () => {
    const special = Object.values(SPECIAL[mode]) as Rgb[];
    for (const color of special) {
      for (const position of positions) {
        for (const other of [map(position), map(-position), sequential()(position)]) {
          expect(distance(color, other)).toBeGreaterThan(0.1);
        }
      }
      expect(distance(color, surface)).toBeGreaterThan(0.3);
      for (const other of special) if (other !== color) expect(distance(color, other)).toBeGreaterThan(0.1);
    }
  });
});

describe("a table", () => {
  const surface: Rgb = [255, 255, 255];

  test("of a unit plane runs through the sequential map, whatever the scale", () => {
    const pixels = table({ encoding: "unit", high: 1 }, 1, "light", surface);
    expect(pixels[0]).toBe(pack(sequential()(0)));
    expect(pixels[126]).toBe(pack(sequential()(0.5)));
    expect(pixels[252]).toBe(pack(sequential()(1)));
  });

  test("of a symmetric plane pins zero to the surface and keeps one scale over steps", () => {
    const map = diverging("light", surface);
    const pixels = table({ encoding: "symmetric", high: 1 }, 4, "light", surface);
    expect(pixels[126]).toBe(pack(surface));
    expect(pixels[252]).toBe(pack(map(0.25)));
    expect(pixels[0]).toBe(pack(map(-0.25)));
  });

  test("of a logarithmic plane shows the smallest magnitudes apart from zero", () => {
    const pixels = table({ encoding: "signed_log", high: 1 }, 1, "light", surface);
    expect(pixels[126]).toBe(pack(surface));
    expect(pixels[127]).not.toBe(pack(surface));
    expect(pixels[125]).not.toBe(pixels[127]);
  });

  test("has the colors of NaN and the infinities at their codes", () => {
    const pixels = table({ encoding: "unit", high: 1 }, 1, "dark", surface);
    const { negative, positive, nan } = SPECIAL.dark;
    expect([...pixels.subarray(253)]).toEqual([pack(negative), pack(positive), pack(nan)]);
  });
});

test("a place on the logarithmic scale falls by one over the decades for each decade, and keeps the sign", () => {
  expect(positionOf(10, "signed_log", 10)).toBe(1);
  expect(positionOf(-1, "signed_log", 10)).toBeCloseTo(-(1 - 1 / COLOR_DECADES));
  expect(positionOf(1e-30, "signed_log", 10)).toBeGreaterThan(0);
  expect(positionOf(0, "signed_log", 10)).toBe(0);
  expect(positionOf(0, "symmetric", 0)).toBe(0);
});

test("a pixel holds red first in memory, and is opaque", () => {
  expect([...new Uint8Array(Uint32Array.of(pack([1, 2, 3])).buffer)]).toEqual([1, 2, 3, 255]);
});

test("a surface suits a mode when it is as light or as dark as its colors need", () => {
  expect(colorOf("rgb(17, 18, 19)")).toEqual([17, 18, 19]);
  expect(colorOf("rgba(0, 0, 0, 0)")).toBeNull();
  expect(suits([255, 255, 255], "light")).toBe(true);
  expect(suits([17, 17, 17], "light")).toBe(false);
  expect(suits([17, 17, 17], "dark")).toBe(true);
  expect(suits([128, 128, 128], "dark")).toBe(false);
});

function luminance(color: Rgb): number {
  const [red, green, blue] = color.map((byte) => {
    const part = byte / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as unknown as Rgb;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

test.each(["light", "dark"] as const)(
  "every text of the %s look has a contrast of at least 4.5 to its surface",
  (mode) => {
    for (const surface of [
      SURFACES[mode],
      ...SURFACES_OF_HOSTS.filter(([own]) => own === mode).map(([, color]) => color),
    ]) {
      for (const tone of ["ink", "muted", "total", "direct", "cell"] as const) {
        const [low, high] = [luminance(surface), luminance(parse(LOOKS[mode][tone]))].sort((one, other) => one - other);
        expect(((high as number) + 0.05) / ((low as number) + 0.05), tone).toBeGreaterThanOrEqual(4.5);
      }
    }
  },
);
