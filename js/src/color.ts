/**
 * From codes to colors: tables of 256 packed RGBA pixels, indexed by the code of a plane.
 *
 * The maps are piecewise straight in OKLab and placed by lightness, so that equal steps of a value are equal steps of
 * lightness and the order survives any color blindness. Diverging maps pin zero to the surface behind them and run to
 * blue and to orange. NaN and the infinities have colors that no map comes near.
 */

import { decoded } from "./frame";
import {
  CODE_NAN,
  CODE_NEGATIVE_INFINITY,
  CODE_POSITIVE_INFINITY,
  CODE_TOP,
  CODE_ZERO,
  type Plane,
} from "./protocol.gen";

export type Mode = "light" | "dark";
export type Rgb = readonly [red: number, green: number, blue: number];
type Lab = readonly [lightness: number, a: number, b: number];

/** A color for each position in [0, 1] (sequential) or [-1, 1] (diverging). */
export type Ramp = (position: number) => Rgb;

export const SPECIAL = {
  light: { nan: [255, 0, 200], positive: [255, 0, 30], negative: [122, 0, 255] },
  dark: { nan: [255, 40, 210], positive: [255, 30, 50], negative: [150, 70, 255] },
} as const satisfies Record<Mode, Record<string, Rgb>>;

const SEQUENTIAL = ["#101a3c", "#24478c", "#2a7ba6", "#43b09b", "#a4d97f", "#fbf4b4"];
const NEGATIVE = { light: ["#a5c9e6", "#4489c6", "#174d8c"], dark: ["#1d4a78", "#3b8fd4", "#8fd0ff"] };
const POSITIVE = { light: ["#f4bf9b", "#dc7a44", "#963a11"], dark: ["#70340f", "#d96a2b", "#ffbe8c"] };

export function parse(color: string): Rgb {
  const bytes = Number.parseInt(color.slice(1), 16);
  return [bytes >> 16, (bytes >> 8) & 255, bytes & 255];
}

export function css([red, green, blue]: Rgb): string {
  return `rgb(${Math.round(red)} ${Math.round(green)} ${Math.round(blue)})`;
}

/** OKLab coordinates of an sRGB color (B. Ottosson, "A perceptual color space for image processing", 2020). */
export function oklab(color: Rgb): Lab {
  const [r, g, b] = color.map((byte) => {
    const part = byte / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function srgb([lightness, a, b]: Lab): Rgb {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const byte = (part: number) => {
    const encoded = part <= 0.0031308 ? 12.92 * part : 1.055 * part ** (1 / 2.4) - 0.055;
    return Math.max(0, Math.min(255, 255 * encoded));
  };
  return [
    byte(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    byte(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    byte(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

/** A ramp over [0, 1] through colors whose lightness only rises or only falls; lightness is linear in the position. */
function ramp(colors: readonly Rgb[]): Ramp {
  const labs = colors.map(oklab);
  const first = labs[0] as Lab;
  const last = labs[labs.length - 1] as Lab;
  const places = labs.map(([lightness]) => (lightness - first[0]) / (last[0] - first[0]));
  return (position) => {
    const next = Math.max(
      1,
      places.findIndex((place) => place >= position),
    );
    const before = labs[next - 1] as Lab;
    const after = labs[next] as Lab;
    const from = places[next - 1] as number;
    const share = (position - from) / ((places[next] as number) - from);
    return srgb([0, 1, 2].map((axis) => mix(before[axis] as number, after[axis] as number, share)) as unknown as Lab);
  };
}

function mix(from: number, to: number, share: number): number {
  return from + (to - from) * share;
}

export function sequential(): Ramp {
  const colors = ramp(SEQUENTIAL.map(parse));
  return (position) => colors(Math.max(0, Math.min(1, position)));
}

export function diverging(mode: Mode, surface: Rgb): Ramp {
  const negative = ramp([surface, ...NEGATIVE[mode].map(parse)]);
  const positive = ramp([surface, ...POSITIVE[mode].map(parse)]);
  return (position) => (position < 0 ? negative(Math.min(1, -position)) : positive(Math.min(1, position)));
}

type Coded = Pick<Plane, "encoding" | "high">;

/** Decades below the top that a logarithmic color scale tells apart; what is smaller keeps a trace of its sign. */
export const COLOR_DECADES = 6;

/**
 * Where a value stands on the scale of its quantity, in [0, 1] for `unit` and [-1, 1] else, with `top` at the end. On the
 * logarithmic scale zero alone is at 0.
 */
export function positionOf(value: number, encoding: Coded["encoding"], top: number): number {
  if (encoding === "unit") return value;
  if (value === 0 || top === 0) return 0;
  if (encoding === "symmetric") return value / top;
  return Math.sign(value) * Math.max(1 / CODE_ZERO, 1 + Math.log10(Math.abs(value) / top) / COLOR_DECADES);
}

/** The pixel of each code of a plane, on a scale that ends at `top`. */
export function table(plane: Coded, top: number, mode: Mode, surface: Rgb): Uint32Array {
  const colors = plane.encoding === "unit" ? sequential() : diverging(mode, surface);
  const pixels = new Uint32Array(256);
  for (let code = 0; code <= CODE_TOP; code++) {
    pixels[code] = pack(colors(positionOf(decoded(code, plane), plane.encoding, top)));
  }
  pixels[CODE_NAN] = pack(SPECIAL[mode].nan);
  pixels[CODE_POSITIVE_INFINITY] = pack(SPECIAL[mode].positive);
  pixels[CODE_NEGATIVE_INFINITY] = pack(SPECIAL[mode].negative);
  return pixels;
}

/** One opaque pixel as ImageData holds it on a little-endian machine. */
export function pack([red, green, blue]: Rgb): number {
  return ((255 << 24) | (Math.round(blue) << 16) | (Math.round(green) << 8) | Math.round(red)) >>> 0;
}
