/**
 * The wiring of each cell in shares of its width and height, after C. Olah, "Understanding LSTM Networks" (2015), with
 * PyTorch's gates: in the GRU, r acts on the product with h, inside n, and z near 1 keeps.
 */

type Point = readonly [u: number, v: number];

export interface Design {
  /** Pixels. */
  readonly height: number;
  readonly wires: ReadonlyArray<{ readonly points: readonly Point[]; readonly arrow?: boolean }>;
  readonly signs: ReadonlyArray<readonly [text: string, at: Point]>;
  /** Gates by quantity, with the name of their function. */
  readonly gates: ReadonlyArray<readonly [quantity: string, name: string, at: Point]>;
  /** Numbers on wires: a key of the cell's numbers, the letters beside them, and the side on which these stand. */
  readonly numbers: ReadonlyArray<readonly [key: string, letters: string, at: Point, side: Side]>;
}

export type Side = "above" | "below" | "left" | "right";

const TOP = 0.2;
const LOW = 0.84;
const GATES = 0.63;
const FOOT: readonly Point[] = [
  [0.17, 1],
  [0.17, LOW],
];

const LSTM: Design = {
  height: 288,
  wires: [
    {
      points: [
        [-0.06, TOP],
        [1.06, TOP],
      ],
      arrow: true,
    },
    {
      points: [
        [-0.06, LOW],
        [0.67, LOW],
        [0.67, GATES],
      ],
    },
    { points: FOOT },
    ...[0.25, 0.39, 0.53].map((u) => ({
      points: [
        [u, LOW],
        [u, GATES],
      ] as const,
    })),
    {
      points: [
        [0.25, GATES],
        [0.25, TOP],
      ],
    },
    {
      points: [
        [0.39, GATES],
        [0.39, 0.4],
        [0.46, 0.4],
      ],
    },
    {
      points: [
        [0.53, GATES],
        [0.53, 0.4],
        [0.46, 0.4],
      ],
    },
    {
      points: [
        [0.46, 0.4],
        [0.46, TOP],
      ],
    },
    {
      points: [
        [0.81, TOP],
        [0.81, LOW],
        [1.06, LOW],
      ],
      arrow: true,
    },
    {
      points: [
        [0.67, GATES],
        [0.67, 0.5],
        [0.81, 0.5],
      ],
    },
  ],
  signs: [
    ["\u00d7", [0.25, TOP]],
    ["+", [0.46, TOP]],
    ["\u00d7", [0.46, 0.4]],
    ["tanh", [0.81, 0.32]],
    ["\u00d7", [0.81, 0.5]],
  ],
  gates: [
    ["f", "\u03c3", [0.25, GATES]],
    ["i", "\u03c3", [0.39, GATES]],
    ["g", "tanh", [0.53, GATES]],
    ["o", "\u03c3", [0.67, GATES]],
  ],
  numbers: [
    ["c_before", "c_{t\u22121}", [0.08, TOP], "above"],
    ["kept", "f c_{t\u22121}", [0.355, TOP], "above"],
    ["added", "i g", [0.46, 0.3], "right"],
    ["c", "c_t", [0.64, TOP], "above"],
    ["tanh", "tanh c_t", [0.81, 0.41], "right"],
    ["h", "h_t", [0.925, LOW], "above"],
    ["h_before", "h_{t\u22121}", [0.08, LOW], "above"],
  ],
};

const GRU: Design = {
  height: 288,
  wires: [
    {
      points: [
        [-0.06, TOP],
        [1.06, TOP],
      ],
      arrow: true,
    },
    {
      points: [
        [0.14, TOP],
        [0.14, LOW],
        [0.72, LOW],
        [0.72, GATES],
      ],
    },
    {
      points: [
        [0.22, 1],
        [0.22, LOW],
      ],
    },
    {
      points: [
        [0.3, LOW],
        [0.3, TOP],
      ],
    },
    {
      points: [
        [0.3, 0.42],
        [0.72, 0.42],
      ],
    },
    {
      points: [
        [0.46, LOW],
        [0.46, GATES],
        [0.72, GATES],
      ],
    },
    {
      points: [
        [0.59, LOW],
        [0.59, GATES],
      ],
    },
    {
      points: [
        [0.72, GATES],
        [0.72, TOP],
      ],
    },
  ],
  signs: [
    ["\u00d7", [0.3, TOP]],
    ["+", [0.72, TOP]],
    ["1 \u2212", [0.44, 0.42]],
    ["\u00d7", [0.72, 0.42]],
    ["\u00d7", [0.59, GATES]],
  ],
  gates: [
    ["z", "\u03c3", [0.3, GATES]],
    ["r", "\u03c3", [0.46, GATES]],
    ["n", "tanh", [0.72, GATES]],
  ],
  numbers: [
    ["h_before", "h_{t\u22121}", [0.06, TOP], "above"],
    ["kept", "z h_{t\u22121}", [0.49, TOP], "above"],
    ["rest", "1 \u2212 z", [0.58, 0.42], "above"],
    ["added", "(1 \u2212 z) n", [0.72, 0.31], "right"],
    ["h", "h_t", [0.89, TOP], "above"],
  ],
};

const RNN = (name: string): Design => ({
  height: 200,
  wires: [
    {
      points: [
        [-0.06, 0.5],
        [1.06, 0.5],
      ],
      arrow: true,
    },
    {
      points: [
        [0.28, 1],
        [0.28, 0.5],
      ],
    },
  ],
  signs: [],
  gates: [["h", name, [0.5, 0.5]]],
  numbers: [
    ["h_before", "h_{t\u22121}", [0.12, 0.5], "above"],
    ["h", "h_t", [0.84, 0.5], "above"],
  ],
});

export const DESIGNS: Readonly<Record<string, Design>> = { LSTM, GRU, RNN_TANH: RNN("tanh"), RNN_RELU: RNN("ReLU") };
