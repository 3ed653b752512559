/**
 * The wiring of each cell in hundredths of its width and height, after C. Olah, "Understanding LSTM Networks" (2015), with
 * PyTorch's gates: in the GRU, r acts on the product with h, inside n, and z near 1 keeps.
 */

export interface Design {
  /** Pixels. */
  readonly height: number;
  /** The points of each wire, x and y in turn; one that leaves the cell on the right has an arrow. */
  readonly wires: ReadonlyArray<readonly number[]>;
  readonly signs: ReadonlyArray<readonly [text: string, x: number, y: number]>;
  /** Gates by quantity, with the name of their function. */
  readonly gates: ReadonlyArray<readonly [quantity: string, name: string, x: number, y: number]>;
  /** Numbers on wires: a key of the cell's numbers, the letters beside them, and the side on which these stand. */
  readonly numbers: ReadonlyArray<readonly [key: string, letters: string, x: number, y: number, side?: Side]>;
  /** Where the input comes in. */
  readonly foot: number;
}

export type Side = "left" | "right";

const LSTM: Design = {
  height: 288,
  wires: [
    [-6, 20, 106, 20],
    [-6, 84, 69, 84, 69, 63],
    [17, 100, 17, 84],
    [24, 84, 24, 63],
    [39, 84, 39, 63],
    [54, 84, 54, 63],
    [24, 63, 24, 20],
    [39, 63, 39, 40, 46.5, 40],
    [54, 63, 54, 40, 46.5, 40],
    [46.5, 40, 46.5, 20],
    [83, 20, 83, 84, 106, 84],
    [69, 63, 69, 50, 83, 50],
  ],
  signs: [
    ["\u00d7", 24, 20],
    ["+", 46.5, 20],
    ["\u00d7", 46.5, 40],
    ["tanh", 83, 32],
    ["\u00d7", 83, 50],
  ],
  gates: [
    ["f", "\u03c3", 24, 63],
    ["i", "\u03c3", 39, 63],
    ["g", "tanh", 54, 63],
    ["o", "\u03c3", 69, 63],
  ],
  numbers: [
    ["c_before", "c_{t\u22121}", 8, 20],
    ["kept", "f c_{t\u22121}", 35.25, 20],
    ["added", "i g", 46.5, 30, "right"],
    ["c", "c_t", 65, 20],
    ["tanh", "tanh c_t", 83, 41, "left"],
    ["h", "h_t", 93, 84],
    ["h_before", "h_{t\u22121}", 8, 84],
  ],
  foot: 17,
};

const GRU: Design = {
  height: 288,
  wires: [
    [-6, 20, 106, 20],
    [17, 20, 17, 84, 73, 84, 73, 63],
    [24, 100, 24, 84],
    [31, 84, 31, 20],
    [31, 42, 73, 42],
    [46, 84, 46, 63, 73, 63],
    [59, 84, 59, 63],
    [73, 63, 73, 20],
  ],
  signs: [
    ["\u00d7", 31, 20],
    ["+", 73, 20],
    ["1 \u2212", 42, 42],
    ["\u00d7", 73, 42],
    ["\u00d7", 59, 63],
  ],
  gates: [
    ["z", "\u03c3", 31, 63],
    ["r", "\u03c3", 46, 63],
    ["n", "tanh", 73, 63],
  ],
  numbers: [
    ["h_before", "h_{t\u22121}", 8, 20],
    ["kept", "z h_{t\u22121}", 52, 20],
    ["rest", "1 \u2212 z", 57.5, 42],
    ["added", "(1 \u2212 z) n", 73, 31, "right"],
    ["h", "h_t", 89, 20],
  ],
  foot: 24,
};

const RNN = (name: string): Design => ({
  height: 200,
  wires: [
    [-6, 50, 106, 50],
    [28, 100, 28, 50],
  ],
  signs: [],
  gates: [["h", name, 50, 50]],
  numbers: [
    ["h_before", "h_{t\u22121}", 12, 50],
    ["h", "h_t", 84, 50],
  ],
  foot: 28,
});

export const DESIGNS: Readonly<Record<string, Design>> = { LSTM, GRU, RNN_TANH: RNN("tanh"), RNN_RELU: RNN("ReLU") };
