/** The equations of a cell in PyTorch's letters, with the numbers of one unit filled in; b is the sum of both biases. */

import type { Run } from "../../marks/formula";
import { runsOf } from "../../marks/formula";
import { type CellValues, type Datum, shown } from "./values";

const number = (datum: Datum): Run => ({ text: shown(datum), kind: "number", shade: datum.shade });

/** Runs of a template: {key} stands for the number of that key. */
export function filled(template: string, numbers: ReadonlyMap<string, Datum>): Run[] {
  return template.split(/(\{\{\w+\}\})/).flatMap((part) => {
    const key = /^\{\{(\w+)\}\}$/.exec(part)?.[1];
    const datum = key === undefined ? undefined : numbers.get(key);
    return datum ? [number(datum)] : runsOf(part);
  });
}

const gate = (letter: string, sign: string) =>
  `${letter}_t = ${sign}(W_{i${letter}} x_t + W_{h${letter}} h_{t\u22121} + b_${letter}) = {{${letter}}}`;

const LINES: Readonly<Record<string, readonly string[]>> = {
  LSTM: [
    ...["f", "i"].map((letter) => gate(letter, "\u03c3")),
    gate("g", "tanh "),
    gate("o", "\u03c3"),
    "c_t = f_t \u2299 c_{t\u22121} + i_t \u2299 g_t",
    "    = {{f}} \u00b7 {{c_before}} + {{i}} \u00b7 {{g}}",
    "    = {{kept}} + {{added}} = {{c}}",
    "h_t = o_t \u2299 tanh c_t = {{o}} \u00b7 {{tanh}} = {{h}}",
  ],
  GRU: [
    gate("r", "\u03c3"),
    gate("z", "\u03c3"),
    "n_t = tanh(W_{in} x_t + b_{in}",
    "    + r_t \u2299 (W_{hn} h_{t\u22121} + b_{hn})) = {{n}}",
    "h_t = z_t \u2299 h_{t\u22121} + (1 \u2212 z_t) \u2299 n_t",
    "    = {{z}} \u00b7 {{h_before}} + {{rest}} \u00b7 {{n}}",
    "    = {{kept}} + {{added}} = {{h}}",
  ],
  RNN_TANH: ["h_t = tanh(W_{ih} x_t + W_{hh} h_{t\u22121} + b) = {{h}}"],
  RNN_RELU: ["h_t = max(0, W_{ih} x_t + W_{hh} h_{t\u22121} + b) = {{h}}"],
};

const PROJECTED = "h_t = W_{hr} (o_t \u2299 tanh c_t),  o \u00b7 tanh c = {{o}} \u00b7 {{tanh}} = {{output}}";

/** The lines of a kind, as runs. */
export function equations(kind: string, values: CellValues, numbers: ReadonlyMap<string, Datum>): Run[][] {
  const lines = (LINES[kind] ?? []).map((line) => (values.projected && line.startsWith("h_t") ? PROJECTED : line));
  return lines.map((line) => filled(line, numbers));
}
