/** From numbers to pixels and back: linear, logarithmic and band scales as plain functions, and their ticks. */

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export type Scale = (value: number) => number;

/** Maps [low, high] to [from, to]; an empty domain to the middle. */
export function linear(low: number, high: number, from: number, to: number): Scale {
  if (low === high) return () => (from + to) / 2;
  return (value) => from + ((value - low) / (high - low)) * (to - from);
}

/** Maps [low, high], both positive, to [from, to] by the logarithm. */
export function log(low: number, high: number, from: number, to: number): Scale {
  const scale = linear(Math.log10(low), Math.log10(high), from, to);
  return (value) => scale(Math.log10(value));
}

/** Maps an index of `count` equal bands over [from, to] to the middle of its band. */
export function band(count: number, from: number, to: number): Scale {
  return (index) => from + ((index + 0.5) / Math.max(count, 1)) * (to - from);
}

/** The index of the band, of `count` over [from, to], that holds a position; the first or last one beyond the ends. */
export function bandAt(count: number, from: number, to: number, position: number): number {
  const index = Math.floor(((position - from) / (to - from)) * count);
  return Math.max(0, Math.min(index, count - 1));
}

/** Steps of 1, 2, 5 or 10, and the geometric middle up to which each is the nearest. */
const STEPS = [
  [1, Math.sqrt(2)],
  [2, Math.sqrt(10)],
  [5, Math.sqrt(50)],
] as const;

/** Round numbers within [low, high], about `count` of them. */
export function ticks(low: number, high: number, count: number): number[] {
  const rough = (high - low) / Math.max(count, 1);
  if (!(rough > 0) || !Number.isFinite(rough)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * (STEPS.find(([, middle]) => rough / power < middle)?.[0] ?? 10);
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toFixed(digits)));
}

/** Whole powers of ten within 10^low..10^high as exponents, every k-th so that at most `count` remain. */
export function exponents(low: number, high: number, count: number): number[] {
  const first = Math.ceil(low);
  const last = Math.floor(high);
  const every = Math.max(1, Math.ceil((last - first + 1) / Math.max(count, 1)));
  const from = Math.ceil(first / every) * every;
  return Array.from({ length: Math.max(0, Math.floor((last - from) / every) + 1) }, (_, index) => from + index * every);
}
