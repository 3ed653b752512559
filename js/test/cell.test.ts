import { beforeEach, describe, expect, test } from "vitest";
import { type Cursor, resolve as resolveCursor, START } from "../src/cursor";
import { textWidth } from "../src/format";
import { padOf, type Run, runsOf } from "../src/marks/formula";
import { type CellScene, resolve } from "../src/panels/cell";
import { productSlack, shown, summed, terms, valuesOf } from "../src/panels/cell/values";
import type { Kind, StepHeader } from "../src/protocol.gen";
import type { Box } from "../src/scale";
import { Store } from "../src/store";
import { CHINESE, ENGLISH } from "../src/strings";
import { delta, type Planned, step } from "./frames";
import { frameOf, layerOf, PLAIN, planesOf, type Scenery, valuesOf as truth } from "./scenery";

let store: Store;

beforeEach(() => {
  store = new Store(() => 0);
});

function hold(changes: Partial<Scenery> = {}, header: Partial<StepHeader> = {}, planes = planesOf) {
  store.applyDelta(delta(store.seq + 1), frameOf(store.seq, changes, header, planes));
}

const place = (changes: Partial<Cursor> = {}) => resolveCursor({ ...START, ...changes }, store);
const scene = (changes: Partial<Cursor> = {}, width = 900) => resolve(store, place(changes), width, ENGLISH);
const text = (runs: readonly Run[]) => runs.map((run) => run.text).join("");
const lines = (found: CellScene) => found.formulas.map(({ runs }) => text(runs));
const line = (found: CellScene, start: string) => lines(found).find((one) => one.startsWith(start)) ?? "";
const numbers = (written: string) =>
  written
    .replaceAll("\u2212", "-")
    .match(/-?\d+\.\d+/g)
    ?.map(Number) ?? [];

/** Where the words of a diagram stand, each number as wide as numbers get: bold digits are wider than others. */
function written({ formulas }: CellScene): Box[] {
  return formulas
    .filter(({ runs }) => runs.length > 0)
    .map(({ runs, x, y, align, size }) => {
      const widths = runs.map(({ kind, text: own }) => {
        const larger = kind === "letter" ? 2 : kind === "index" ? -2 : 0;
        return kind === "number"
          ? 1.15 * textWidth("\u22120.88", size) + 2 * padOf(size)
          : textWidth(own, size + larger);
      });
      const width = widths.reduce((sum, one) => sum + one, 0);
      const from = align === "left" ? x : align === "center" ? x - width / 2 : x - width;
      return { x: from, y: y - 0.6 * size, width, height: 1.2 * size };
    });
}

describe("the cell", () => {
  test("waits in words, and says where it has no diagram and where the sequence has ended", () => {
    expect(scene()).toMatchObject({ message: "Waiting for the first training step\u2026", body: null });
    hold({}, { layers: [{ ...layerOf(PLAIN), lengths: [5, 24] }] });
    expect(scene({ time: 5 }).message).toBe("no data: past the end of this sequence");
    expect(scene({ time: 4 }).message).toBe("");
  });

  test.each<[Kind, string[]]>([
    ["LSTM", ["f", "i", "g", "o"]],
    ["GRU", ["z", "r", "n"]],
    ["RNN_TANH", ["h"]],
  ])("of %s shows each gate's number in the color of the heatmap", (kind, names) => {
    hold({ kind });
    const at = { time: 6, unit: 9, sample: 1 };
    const values = truth({ ...PLAIN, kind });
    const found = scene(at);
    const index = (6 * PLAIN.samples + 1) * PLAIN.units + 9;
    names.forEach((name, gate) => {
      const expected = values[name]?.[index] as number;
      const drawn = found.gates[gate];
      expect(numbers(drawn?.text ?? "")[0]).toBeCloseTo(expected, 1);
      const unit = "ifozr".includes(name);
      expect(drawn?.shade.scale).toBe(unit ? "sequential" : "diverging");
      const top = unit ? 1 : Math.max(...(values[name] as Float64Array).map(Math.abs));
      expect(drawn?.shade.position).toBeCloseTo(expected / top, 1);
    });
  });

  test.each<Kind>(["LSTM", "GRU"])("of %s writes sums that add up, at every time and unit", (kind) => {
    hold({ kind, times: 12, units: 16 });
    const values = truth({ ...PLAIN, kind, times: 12, units: 16 });
    const state = kind === "LSTM" ? "c" : "h";
    for (let time = 0; time < 12; time++) {
      for (let unit = 0; unit < 16; unit++) {
        const [kept, added, sum] = numbers(
          lines(scene({ time, unit })).findLast((one) => /^ {4}= [^·]*$/.test(one)) ?? "",
        ) as [number, number, number];
        expect(Math.abs(kept + added - sum)).toBeLessThan(0.0051);
        const before = time === 0 ? 0 : (values[state]?.[(time - 1) * PLAIN.samples * 16 + unit] as number);
        const index = time * PLAIN.samples * 16 + unit;
        const gate = values[kind === "LSTM" ? "f" : "z"]?.[index] as number;
        expect(Math.abs(kept - gate * before)).toBeLessThan(0.06);
        expect(Math.abs(sum - (values[state]?.[index] as number))).toBeLessThan(0.03);
      }
    }
  });

  test("writes the equations in PyTorch's letters with the numbers filled in", () => {
    hold({ kind: "GRU" });
    expect(line(scene({ time: 3, unit: 2 }), "n_")).toBe("");
    expect(line(scene({ time: 3, unit: 2 }), "nt = ")).toBe("nt = tanh(Win xt + bin");
    expect(line(scene({ time: 3, unit: 2 }), "    + rt")).toMatch(/^ {4}\+ rt ⊙ \(Whn ht−1 \+ bhn\)\) = −?0\.\d\d$/);
    hold({ kind: "LSTM" });
    expect(line(scene({ time: 3, unit: 2 }), "ht = ")).toMatch(/^ht = ot ⊙ tanh ct = 0\.\d\d · −?0\.\d\d = −?0\.\d\d$/);
    expect(line(scene({ time: 3, unit: 2 }), "\u2202L")).toMatch(/^∂L\/∂ht = .+ {3}∂L\/∂ct = /);
  });

  test("does not invent the state before the first time: it is a dash, and the product is what the sum leaves", () => {
    hold();
    const found = scene({ time: 0, unit: 2 });
    expect(lines(found)).toEqual(expect.arrayContaining(["start", "\u2013"]));
    expect(found.facts.some((fact) => fact.startsWith("c_before"))).toBe(false);
    const [kept, added, sum] = numbers(lines(found).findLast((one) => /^ {4}= [^·]*$/.test(one)) ?? "") as [
      number,
      number,
      number,
    ];
    expect([kept, added]).toEqual([0, sum]);
  });

  test("shows what is no number as what it is, in the colors that the heatmap has for it", () => {
    const codes = { f: 255, i: 254, g: 253 };
    const broken = (plane: Planned) => {
      const code = codes[plane.name as keyof typeof codes];
      return code ? { ...plane, values: Array.from(plane.values, () => code) } : plane;
    };
    hold({}, {}, (scenery) => planesOf(scenery).map(broken));
    expect(
      scene({ time: 2 })
        .gates.map(({ text: shownAs, shade }) => [shownAs, shade.position])
        .slice(0, 3),
    ).toEqual([
      ["NaN", Number.NaN],
      ["\u221e", Number.POSITIVE_INFINITY],
      ["\u2212\u221e", Number.NEGATIVE_INFINITY],
    ]);
  });

  test("comes from the next time in a reverse layer", () => {
    const layer = { ...layerOf(PLAIN), name: "lstm.l0_reverse" };
    const planes = planesOf(PLAIN).map((plane) => ({ ...plane, layer: layer.name }));
    store.applyDelta(delta(1), step(1, { layers: [layer], samples: [0, 1] }, planes));
    expect(lines(scene({ time: 5 }))).toContain("t = 6");
    expect(lines(scene({ time: 23 }))).toContain("start");
  });

  test("says that the output of a projection is of other units", () => {
    const narrow = planesOf({ ...PLAIN, units: 8 }).find(({ name }) => name === "h") as Planned;
    hold({}, {}, (scenery) => planesOf(scenery).map((plane) => (plane.name === "h" ? narrow : plane)));
    const found = scene({ time: 4, gate: "c", unit: 30 });
    expect(found.unit).toBe(30);
    expect(line(found, "ht = ")).toMatch(/^ht = Whr \(ot ⊙ tanh ct\), {2}o · tanh c = /);
    expect(found.facts.some((fact) => /^h /.test(fact))).toBe(false);
  });

  test("shows the first unit where none is chosen, and the token that comes in", () => {
    hold();
    expect(scene({ time: 2 }).unit).toBe(0);
    expect(lines(scene({ time: 2 }))).toContain("xt  \u2018a\u2019");
  });

  test("puts the equations beside the diagram where there is room, below it where there is not", () => {
    hold();
    const [wide, narrow] = [scene({}, 900), scene({}, 420)];
    const first = (found: CellScene) => found.formulas.find(({ runs }) => text(runs).startsWith("ft = "));
    expect(first(wide)?.x).toBeGreaterThan((wide.body?.x ?? 0) + (wide.body?.width ?? 0));
    expect(first(narrow)?.y).toBeGreaterThan((narrow.body?.y ?? 0) + (narrow.body?.height ?? 0));
    expect(narrow.height).toBeGreaterThan(wide.height);
  });

  test.each(
    (["LSTM", "GRU", "RNN_TANH"] as const).flatMap((kind) =>
      [304, 344, 464, 700, 784, 1384].map((width) => [kind, width] as const),
    ),
  )("%s keeps everything apart and inside within %d pixels, with the widest numbers", (kind, width) => {
    hold({ kind });
    const found = scene({ unit: 2 }, width);
    const boxes = [...found.gates.map(({ box }) => box), ...found.signs.map(({ box }) => box), ...written(found)];
    for (const [index, one] of boxes.entries()) {
      expect([one.x >= 0, one.x + one.width <= width], JSON.stringify(one)).toEqual([true, true]);
      for (const other of boxes.slice(index + 1)) {
        const apart =
          Math.abs(one.x + one.width / 2 - other.x - other.width / 2) >= (one.width + other.width) / 2 ||
          Math.abs(one.y + one.height / 2 - other.y - other.height / 2) >= (one.height + other.height) / 2;
        expect(apart, `${JSON.stringify(one)} ${JSON.stringify(other)}`).toBe(true);
      }
    }
    for (const { points } of found.wires) {
      for (const [x] of points) expect([x > 0, x < width]).toEqual([true, true]);
    }
  });

  test("speaks Chinese", () => {
    expect(resolve(store, place(), 900, CHINESE).message).toBe(CHINESE.waiting);
  });
});

test("values are those of the sample and the unit chosen, null past the end and before the start", () => {
  hold({ samples: 2 }, { layers: [{ ...layerOf(PLAIN), lengths: [24, 3] }] });
  expect(valuesOf(store, place({ sample: 1, time: 3 }))).toBeNull();
  const values = valuesOf(store, place({ sample: 1, time: 0, unit: 3 }));
  expect(values?.previous("c").value).toBeNull();
  expect(values?.at("f").value).toBeCloseTo(truth(PLAIN)["f"]?.[PLAIN.units + 3] as number, 2);
});

test("terms that miss their sum within their rounding are moved to meet it, others are left as they are", () => {
  const [one, other] = terms([0.34, 0.01], [0.2, 0.03], [0.56, 0]);
  expect([one, other]).toEqual([expect.closeTo(0.345), expect.closeTo(0.215)]);
  expect(terms([0.34, 0.01], [0.2, 0.01], [0.9, 0.01])).toEqual([0.34, 0.2]);
  expect(terms([null, 0], [0.2, 0.1], [0.5, 0])).toEqual([expect.closeTo(0.3), 0.2]);
  expect(terms([null, 0], [0.2, 0.02], [0.25, 0.04])).toEqual([0, 0.25]);
  expect(terms([null, 0.5], [0.2, 0.1], [0.5, 0])).toEqual([expect.closeTo(0.3), 0.2]);
  expect(terms([0, 0], [0, 0], [0, 0])).toEqual([0, 0]);
  expect(terms([0.2, 0.02], [null, 0], [0.27, 0.04])).toEqual([0.2, expect.closeTo(0.07)]);
  expect(terms([null, 0], [null, 0], [0.5, 0])).toEqual([null, null]);
  expect(terms([Number.NaN, 0], [0.2, 0], [0.5, 0])).toEqual([Number.NaN, 0.2]);
});

test("the slack of a product bounds its error", () => {
  expect(productSlack(0.5, 0.002, -3, 0.01)).toBeGreaterThanOrEqual(Math.abs(0.502 * -3.01 - 0.5 * -3));
});

test("summed writes three numbers that add up, and leaves alone what cannot", () => {
  expect(summed(0.344, 0.209, 0.5476)).toEqual(["0.34", "0.21", "0.55"]);
  expect(summed(0.335, 0.2149, 0.5499)).toEqual(["0.34", "0.21", "0.55"]);
  expect(summed(-0.5049, 0.2149, -0.29)).toEqual(["\u22120.50", "0.21", "\u22120.29"]);
  expect(summed(0.3, 0.3, 0.9)).toEqual(["0.30", "0.30", "0.90"]);
  expect(summed(null, 0.3, 0.9)).toEqual(["\u2013", "0.30", "0.90"]);
});

test.each([
  [0.344, "0.34"],
  [-0.001, "0.00"],
  [-1.239, "\u22121.24"],
  [12.34, "12.3"],
  [1234.5, "1235"],
  [-123456, "\u22121.2e5"],
  [Number.NaN, "NaN"],
  [Number.NEGATIVE_INFINITY, "\u2212\u221e"],
  [null, "\u2013"],
])("%j is shown as %s", (value, written) => {
  expect(shown(value)).toBe(written);
});

test("letters are in italics, indices lowered, functions upright", () => {
  expect(runsOf("c_{t\u22121} = tanh x_t")).toEqual([
    { text: "c", kind: "letter" },
    { text: "t\u22121", kind: "index" },
    { text: " = ", kind: "plain" },
    { text: "tanh", kind: "plain" },
    { text: " ", kind: "plain" },
    { text: "x", kind: "letter" },
    { text: "t", kind: "index" },
  ]);
});
