/** Runs that look like training, made by the recurrences themselves from seeded numbers: for pictures and for sums. */

import type { Bytes } from "../src/frame";
import type { Encoding, Finding, Kind, Layer, StepHeader } from "../src/protocol.gen";
import { encode, norms, type Planned, step } from "./frames";

/** Numbers in [0, 1) from a seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export interface Scenery {
  readonly kind: Kind;
  readonly times: number;
  readonly units: number;
  readonly samples: number;
  /** From 0, untrained, to 1. */
  readonly progress: number;
  readonly seed: number;
}

export const PLAIN: Scenery = { kind: "LSTM", times: 24, units: 40, samples: 2, progress: 0.6, seed: 7 };

export type Values = Readonly<Record<string, Float64Array>>;

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** Every quantity as (time, sample, unit), obeying the equations of its kind. */
export function valuesOf({ kind, times, units, samples, progress, seed }: Scenery): Values {
  const next = random(seed);
  const normal = () => next() + next() + next() + next() - 2;
  const names = { LSTM: ["i", "f", "g", "o"], GRU: ["r", "z", "n"], RNN_TANH: ["a"], RNN_RELU: ["a"], TAP: [] }[kind];
  const made = new Map(names.map((name) => [name, new Float64Array(times * samples * units)]));
  for (const [name, values] of made) {
    const traits = Array.from(
      { length: units },
      () => [normal(), 0.1 + 0.5 * next(), 6.28 * next(), normal()] as const,
    );
    values.forEach((_, index) => {
      const [bias, speed, phase, gain] = traits[index % units] as readonly [number, number, number, number];
      const time = Math.floor(index / units / samples);
      const drive =
        (0.4 + 2.6 * progress) *
          (bias + gain * Math.sin(speed * time + phase + (Math.floor(index / units) % samples))) +
        0.5 * normal();
      const gate = name !== "g" && name !== "n" && name !== "a";
      values[index] = gate ? sigmoid(drive + (name === "f" || name === "z" ? 1 : 0)) : Math.tanh(drive);
    });
  }
  return kind === "LSTM"
    ? lstm(made, samples * units)
    : kind === "GRU"
      ? gru(made, samples * units)
      : { h: made.get("a") as Float64Array };
}

function lstm(made: ReadonlyMap<string, Float64Array>, stride: number): Values {
  const [i, f, g, o] = ["i", "f", "g", "o"].map((name) => made.get(name)) as Float64Array[] as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const c = new Float64Array(i.length);
  c.forEach((_, at) => {
    c[at] = (f[at] as number) * (at < stride ? 0 : (c[at - stride] as number)) + (i[at] as number) * (g[at] as number);
  });
  return { i, f, g, o, c, h: c.map((state, at) => (o[at] as number) * Math.tanh(state)) };
}

function gru(made: ReadonlyMap<string, Float64Array>, stride: number): Values {
  const [r, z, n] = ["r", "z", "n"].map((name) => made.get(name)) as Float64Array[] as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const h = new Float64Array(r.length);
  h.forEach((_, at) => {
    h[at] =
      (z[at] as number) * (at < stride ? 0 : (h[at - stride] as number)) + (1 - (z[at] as number)) * (n[at] as number);
  });
  return { r, z, n, h };
}

const BOUNDED = new Set(["i", "f", "o", "r", "z"]);

/** A quantity as codes, and the fine bytes that make its numbers precise. */
export function quantised(name: string, values: Float64Array, shape: readonly number[]): Planned[] {
  const clamped = (level: number) => Math.max(0, Math.min(252, level));
  const high = BOUNDED.has(name) ? 1 : Math.max(...values.map(Math.abs), 1e-30);
  const [encoding, level]: [Encoding, (value: number) => number] = BOUNDED.has(name)
    ? ["unit", (value) => 252 * value]
    : !name.startsWith("d")
      ? ["symmetric", (value) => 126 + (126 * value) / high]
      : [
          "signed_log",
          (value) => 126 + Math.sign(value) * Math.max(1, 126 + (125 / 12) * Math.log10(Math.abs(value) / high)),
        ];
  const levels = values.map((value) => (value === 0 && encoding === "signed_log" ? 126 : clamped(level(value))));
  const outwards = (code: number) => (encoding === "signed_log" ? Math.sign(code - 126) : 1);
  const fine = levels.map((at) => Math.round((at - Math.round(at)) * outwards(Math.round(at)) * 254) + 127);
  return [
    { name, shape, encoding, high, values: levels.map(Math.round) },
    { name: `fine.${name}`, shape, encoding, high, values: fine },
  ];
}

/** The planes of a step: quantities, gradients that fade towards the past, and their norms. */
export function planesOf(scenery: Scenery): Planned[] {
  const { kind, times, units, samples, progress, seed } = scenery;
  const shape = [times, samples, units];
  const next = random(seed + 1);
  const decades = 5 - 4 * progress;
  const fading = () =>
    Float64Array.from({ length: times * samples * units }, (_, at) => {
      const time = Math.floor(at / units / samples);
      return (next() - 0.5) * 10 ** ((decades * (time - times)) / times - 1);
    });
  const gradients: [string, Float64Array][] = [["dh", fading()]];
  if (kind === "LSTM") gradients.push(["dc", fading()]);
  const direct = new Float64Array(times * samples).map((_, at) => (Math.floor(at / samples) === times - 1 ? 0.09 : 0));
  const all = [...Object.entries(valuesOf(scenery)), ...gradients];
  return [
    ...all.flatMap(([name, values]) => quantised(name, values, shape)),
    ...gradients.map(([name, values]) => norms(name, lengths(values, units), samples)),
    norms("dy", [...direct], samples),
  ];
}

function lengths(values: Float64Array, units: number): number[] {
  return Array.from({ length: values.length / units }, (_, row) =>
    Math.hypot(...values.subarray(row * units, (row + 1) * units)),
  );
}

const WORDS =
  "once upon a quiet winter evening the old clock in our tower counted every flake of snow until nobody heard it tick".split(
    " ",
  );

export function layerOf({ kind, times, samples }: Scenery): Layer {
  const name = kind === "LSTM" ? "lstm.l0" : kind === "GRU" ? "gru.l0" : "rnn.l0";
  return { name, kind, lengths: Array(samples).fill(times), replay_error: 2e-8, inexact: "", first: 0 };
}

/** One step of the run, as a frame. */
export function frameOf(
  number: number,
  changes: Partial<Scenery> = {},
  header: Partial<StepHeader> = {},
  planes = planesOf,
): Bytes {
  const scenery = { ...PLAIN, ...changes };
  const layer = layerOf(scenery);
  const samples = Array.from({ length: scenery.samples }, (_, index) => index);
  const tokens = samples.map((sample) =>
    Array.from({ length: scenery.times }, (_, time) => WORDS[(time + 5 * sample) % WORDS.length] ?? ""),
  );
  return step(
    number,
    { layers: [layer], samples, tokens, ...header },
    planes(scenery).map((plane) => ({ ...plane, layer: layer.name })),
  );
}

export const FINDING: Finding = {
  ...{ name: "vanishing", severity: "warning" },
  sentence:
    "Vanishing gradient: at t = 0 the gradient is 3e-5 of its last value (horizon: 9 steps); the forget gates are open 0.52 on average.",
  sentence_zh: "梯度消失：t = 0 处的梯度仅为末尾的 3e-5（有效范围 9 步），遗忘门平均开度为 0.52。",
  advice: "Initialise the bias of the forget gate to 1, or shorten the sequences.",
  advice_zh: "将遗忘门的偏置初始化为 1，或缩短序列。",
  source: "Jozefowicz, Zaremba, Sutskever, 2015",
  ...{ step: null, layer: "lstm.l0", time: 0, unit: null, gate: null },
};

/** What is found at one step: a matrix that fades with the distance, spectra, histograms, findings. */
export function analysisOf(
  number: number,
  changes: Partial<Scenery> = {},
  findings: readonly Finding[] = [FINDING],
): Bytes {
  const scenery = { ...PLAIN, ...changes };
  const { kind, times, samples, progress, seed } = scenery;
  const layer = layerOf(scenery).name;
  const next = random(seed + 2);
  const matrix = Float64Array.from({ length: samples * times * times }, (_, index) => {
    const [loss, time] = [Math.floor(index / times) % times, index % times];
    const weight = loss % 5 === 4 || loss === times - 1 ? 1 : 0.05;
    return time > loss ? 0 : weight * 10 ** ((-(6 - 4 * progress) * (loss - time)) / times - 1 + next());
  });
  const flow = quantised("dflow", matrix, [samples, times, times]);
  const blocks = { LSTM: ["i", "f", "g", "o"], GRU: ["r", "z", "n"], RNN_TANH: ["h"], RNN_RELU: ["h"], TAP: [] }[kind];
  const spectra = blocks.flatMap((gate): Planned[] => {
    const half = Array.from(
      { length: 16 },
      () => [(0.3 + 0.7 * progress) * Math.sqrt(next()) * (gate === "g" ? 1.25 : 1), Math.PI * next()] as const,
    );
    const all = half.flatMap(
      ([size, angle]) =>
        [
          [size * Math.cos(angle), size * Math.sin(angle)],
          [size * Math.cos(angle), -size * Math.sin(angle)],
        ] as const,
    );
    const parts = [...all.map(([real]) => real), ...all.map(([, imaginary]) => imaginary)];
    const counts = Array.from({ length: 32 }, (_, bin) =>
      Math.round(400 * Math.exp(-(((bin - 15.5) / 6) ** 2)) + 20 * next()),
    );
    return [
      {
        ...{ name: `spectrum.${gate}`, axes: ["part", "index"], shape: [2, 32], dtype: "f4", encoding: "raw" },
        values: parts,
      },
      {
        ...{ name: `weights.${gate}`, axes: ["bin"], shape: [32], dtype: "f4", encoding: "raw", high: 0.8 },
        values: counts,
      },
    ];
  });
  const named = flow.map((plane) => ({
    ...plane,
    name: plane.name.replace("dflow", "flow"),
    axes: ["sample", "loss_time", "time"],
  }));
  const planes = [...named, ...spectra];
  return encode(
    { kind: "analysis", step: number, numbers: { [layer]: {} }, findings },
    planes.map((plane) => ({ ...plane, layer })),
  );
}
