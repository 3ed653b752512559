// Written by js/generate_protocol.py from rnnwidgets/schema.py. Edit that file, then run the generator.

export const VERSION = 1 as const;
export const MAGIC = "RNNW" as const;
export const PREFIX_BYTES = 24 as const;
export const ALIGNMENT = 8 as const;
export const CODE_ZERO = 126 as const;
export const CODE_TOP = 252 as const;
export const CODE_NEGATIVE_INFINITY = 253 as const;
export const CODE_POSITIVE_INFINITY = 254 as const;
export const CODE_NAN = 255 as const;
export const LOG_DECADES = 12 as const;
export const FINE_PREFIX = "fine." as const;
export const FINE_ZERO = 127 as const;
export const FINE_STEPS = 254 as const;
export const CURVE_BINS = 1024 as const;
export const CURVE_ROWS = ["first", "last", "low", "high", "mean", "count"] as const;
export const GATES = {"LSTM": ["i", "f", "g", "o", "c", "h"], "GRU": ["r", "z", "n", "h"], "RNN_TANH": ["h"], "RNN_RELU": ["h"], "TAP": []} as const;
export const TOTAL_GRADIENTS = {"LSTM": ["dh", "dc"], "GRU": ["dh"], "RNN_TANH": ["dh"], "RNN_RELU": ["dh"], "TAP": []} as const;
export const DIRECT_GRADIENT = "dy" as const;
export const UNIT_GATES = ["i", "f", "o", "r", "z"] as const;
export const NORM_PREFIX = "norm." as const;
export const FLOW = "flow" as const;
export const SPECTRUM_PREFIX = "spectrum." as const;
export const WEIGHTS_PREFIX = "weights." as const;
export const START_PREFIX = "start." as const;
export const NOT_FINITE_NOTE = "first non-finite value: " as const;
export const LIVE_MESSAGES_PER_SECOND = 10 as const;
export const LIVE_MESSAGE_BYTES = 262144 as const;
export const LIVE_BYTES_PER_SECOND = 1000000 as const;
export const SNAPSHOT_BYTES = 4000000 as const;
export const STORE_BYTES = 64000000 as const;

export type Kind = "LSTM" | "GRU" | "RNN_TANH" | "RNN_RELU" | "TAP";
export type Mode = "training" | "forward";
export type Dtype = "u1" | "f4" | "f8";
export type Encoding = "raw" | "log10" | "unit" | "symmetric" | "signed_log";
export type State = "waiting" | "live" | "paused" | "finished" | "failed";
export type Panel = "status" | "steps" | "findings" | "gates" | "cell" | "units" | "flow" | "matrix" | "curves" | "saturation" | "weights";
export type Theme = "auto" | "light" | "dark";
export type Language = "auto" | "en" | "zh";
export type Scalar = number | "nan" | "inf" | "-inf";
export type Severity = "info" | "warning" | "problem";
export type Cost = "frames" | "views" | "steps";

/** One array of a frame. `shape` is as sent; `full` is as recorded; along each axis every `stride`-th was sent. */
export interface Plane {
  readonly layer: string;
  readonly name: string;
  readonly axes: ReadonlyArray<string>;
  readonly shape: ReadonlyArray<number>;
  readonly full: ReadonlyArray<number>;
  readonly stride: ReadonlyArray<number>;
  readonly dtype: Dtype;
  readonly encoding: Encoding;
  readonly high: number;
  readonly offset: number;
  readonly bytes: number;
}

/** One (recurrent layer, direction). `lengths` has one entry a sample; `inexact` says why, or is empty; time 0 of its planes is time `first` of the input. Of kind `TAP` its quantities are those that the model names, each with its total gradient under `d` and that name. */
export interface Layer {
  readonly name: string;
  readonly kind: Kind;
  readonly lengths: ReadonlyArray<number>;
  readonly replay_error: Scalar;
  readonly inexact: string;
  readonly first: number;
}

/** One step. `samples` are batch indices; `tokens[sample][time]`, or null where there is no vocabulary. `overhead` is what recording has cost up to this step, as in `Status`, or "nan". `mode` is "forward" where nothing was trained, so that there are no gradients. */
export interface StepHeader {
  readonly kind: "step";
  readonly step: number;
  readonly mode: Mode;
  readonly samples: ReadonlyArray<number>;
  readonly scalars: Readonly<Record<string, Scalar>>;
  readonly norms: Readonly<Record<string, ReadonlyArray<Scalar>>>;
  readonly tokens: ReadonlyArray<ReadonlyArray<string>> | null;
  readonly overhead: Scalar;
  readonly layers: ReadonlyArray<Layer>;
  readonly planes: ReadonlyArray<Plane>;
}

/** Scalars over training. Each plane is one series, (row, bin) with `CURVE_ROWS`; it replaces every bin of that series from its own first step on. A NaN in the mean says that the bin holds a NaN. */
export interface CurvesHeader {
  readonly kind: "curves";
  readonly planes: ReadonlyArray<Plane>;
}

/** A problem found in a run: one sentence with its numbers, what to try, the paper or rule behind it, and where it shows, as far as it has a place. `gate` is a gate, state or gradient; findings of earlier versions have none. */
export interface Finding {
  readonly name: string;
  readonly severity: Severity;
  readonly sentence: string;
  readonly sentence_zh: string;
  readonly advice: string;
  readonly advice_zh: string;
  readonly source: string;
  readonly step: number | null;
  readonly layer: string | null;
  readonly time: number | null;
  readonly unit: number | null;
  readonly gate: string | null;
}

/** What follows from one training step, and from the run up to it: `numbers[layer][name]`, findings, and planes. `flow` (sample, loss_time, time): |dL_s/dh_t|, the part of the gradient at t that comes of the loss at time s. `spectrum.<gate>` (part, index): real and imaginary parts of the eigenvalues of that gate's block of W_hh, the largest of size high, to four digits. `weights.<gate>` (bin,): how many entries of that block lie in each of the equal bins from -high to high. The block of a network without gates is called h. */
export interface AnalysisHeader {
  readonly kind: "analysis";
  readonly step: number;
  readonly numbers: Readonly<Record<string, Readonly<Record<string, Scalar>>>>;
  readonly findings: ReadonlyArray<Finding>;
  readonly planes: ReadonlyArray<Plane>;
}

/** What the recorder says of itself. `overhead` is its CPU time in the last minute over that of the rest. `budget` is the overhead that it keeps to, or None where it was told how often to record; `costs` is the part of it that costs most: recording frames, views and analyses, or steps that are not recorded. */
export interface Status {
  readonly state: State;
  readonly step: number;
  readonly recorded: number;
  readonly thinned: number;
  readonly every: number;
  readonly overhead: number | null;
  readonly held_bytes: number;
  readonly notes: ReadonlyArray<string>;
  readonly budget: number | null;
  readonly costs: Cost | null;
}

/** A live message: its one buffer holds curves, at most one step, newer than every delta before it, and analyses. */
export interface Delta {
  readonly kind: "delta";
  readonly version: number;
  readonly run: string;
  readonly seq: number;
  readonly status: Status;
}

/** The trait `_meta`, beside `_snapshot`: a snapshot that stands for every delta up to and including `seq`. */
export interface Meta {
  readonly version: number;
  readonly run: string;
  readonly seq: number;
  readonly status: Status;
}
