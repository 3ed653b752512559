import { beforeEach, describe, expect, test } from "vitest";
import { type Cursor, resolve as resolveCursor, START } from "../src/cursor";
import { short, textWidth } from "../src/format";
import { padOf, type Run, runsOf } from "../src/marks/formula";
import { type CellScene, resolve } from "../src/panels/cell";
import { product, rest, valuesOf } from "../src/panels/cell/values";
import type { Kind, StepHeader } from "../src/protocol.gen";
import type { Box } from "../src/scale";
import { Store } from "../src/store";
import { CHINESE, ENGLISH } from "../src/strings";
import { coarseStep, delta, type Planned, step } from "./frames";
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
    expect(scene({ time: 5 }).message).toBe("padding: past the end of this sequence");
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

  test.each<Kind>(["LSTM", "GRU"])("%s writes each number to the last digit, at every time and unit", (kind) => {
    hold({ kind, times: 12, units: 16 });
    const values = truth({ ...PLAIN, kind, times: 12, units: 16 });
    const [state, gate] = kind === "LSTM" ? ["c", "f"] : ["h", "z"];
    for (let time = 1; time < 12; time++) {
      for (let unit = 0; unit < 16; unit++) {
        const at = (name: string, when = time) => values[name]?.[when * PLAIN.samples * 16 + unit] as number;
        const [kept, added, sum] = numbers(
          lines(scene({ time, unit })).findLast((one) => /^ {4}= [^·]*$/.test(one)) ?? "",
        ) as [number, number, number];
        const product = at(gate as string) * at(state as string, time - 1);
        expect(Math.abs(kept - product)).toBeLessThanOrEqual(0.006);
        expect(Math.abs(added - (at(state as string) - product))).toBeLessThanOrEqual(0.006);
        expect(Math.abs(sum - at(state as string))).toBeLessThanOrEqual(0.006);
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

  test("a state before the first time that was not sent is a dash, its product what the sum leaves", () => {
    hold();
    const found = scene({ time: 0, unit: 2 });
    expect(lines(found)).toEqual(expect.arrayContaining(["start", "\u2013"]));
    expect(found.facts.some((fact) => fact.startsWith("c\u209c\u208b"))).toBe(false);
    const last = numbers(lines(found).findLast((one) => /^ {4}= [^·]*$/.test(one)) ?? "");
    expect(last).toEqual([0, last[2], last[2]]);
  });

  test("a state before the first time that was sent is written, zero as zero", () => {
    const starts = ["c", "h"].map((name) => ({
      ...{ name: `start.${name}`, axes: ["sample", "unit"], shape: [PLAIN.samples, PLAIN.units] },
      ...{ dtype: "f4" as const, encoding: "raw" as const, values: Array(PLAIN.samples * PLAIN.units).fill(0) },
    }));
    hold({}, {}, (scenery) => [...planesOf(scenery), ...starts]);
    expect(lines(scene({ time: 0, unit: 2 }))).not.toContain("\u2013");
    expect(line(scene({ time: 0, unit: 2 }), "    = ")).toMatch(/^ {4}= 0\.\d\d · 0\.00 \+ /);
    expect(scene({ time: 0, unit: 2 }).facts).toEqual(expect.arrayContaining(["c\u209c\u208b\u2081 0.00"]));
  });

  test("numbers of which only the color was sent have fewer digits, or none", () => {
    const coarse = planesOf(PLAIN).filter(({ name }) => !name.startsWith("fine."));
    store.applyDelta(delta(1), coarseStep(1, { layers: [layerOf(PLAIN)], samples: [0, 1] }, coarse));
    const found = scene({ time: 6, unit: 9, sample: 1 });
    const index = (6 * PLAIN.samples + 1) * PLAIN.units + 9;
    const gate = truth(PLAIN)["f"]?.[index] as number;
    expect(found.gates[0]?.text).toBe(gate.toFixed(1));
  });

  test("numbers at a place that was not sent are left out", () => {
    const thinned = (plane: Planned): Planned => ({
      ...plane,
      full: [PLAIN.times * 2, ...plane.shape.slice(1)],
      stride: [2, 1, 1],
    });
    const layer = { ...layerOf(PLAIN), lengths: [48, 48] };
    hold({}, { layers: [layer] }, (scenery) =>
      planesOf(scenery).map((plane) => (plane.shape.length === 3 ? thinned(plane) : plane)),
    );
    expect(scene({ time: 6, unit: 9 }).gates.map(({ text: one }) => one)).not.toContain("\u2013");
    expect(scene({ time: 7, unit: 9 }).gates.map(({ text: one }) => one)).toEqual(Array(4).fill("\u2013"));
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
    expect(found.facts.some((fact) => /^h\u209c /.test(fact))).toBe(false);
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
  expect(values?.previous("c").reading).toBeNull();
  expect(values?.at("f").reading?.value).toBeCloseTo(truth(PLAIN)["f"]?.[PLAIN.units + 3] as number, 4);
});

const reading = (value: number, error: number) => ({ value, error, relation: "=" as const });

test("a product and a rest are as uncertain as what they are made of", () => {
  const made = product(reading(0.5, 0.002), reading(-3, 0.01));
  expect(made?.value).toBeCloseTo(-1.5);
  expect(made?.error).toBeCloseTo(Math.abs(0.502 * -3.01 - 0.5 * -3), 6);
  expect(rest(reading(0.5, 0.01), reading(0.2, 0.02), 0.001)).toEqual(reading(0.3, expect.closeTo(0.031) as number));
  expect([product(null, reading(1, 0)), rest(reading(1, 0), null, 0)]).toEqual([null, null]);
});

test.each([
  [0.344, 0, "0.34"],
  [-0.001, 0, "0.00"],
  [-1.239, 0, "\u22121.24"],
  [12.34, 0, "12.3"],
  [1234.5, 0, "1235"],
  [-123456, 0, "\u22121.2e5"],
  [Number.NaN, 0, "NaN"],
  [Number.NEGATIVE_INFINITY, 0, "\u2212\u221e"],
  [0.344, 0.001, "0.34"],
  [0.344, 0.002, "0.3"],
  [-0.344, 0.11, "\u2013"],
  [-42.3, 0.9, "\u22124e1"],
])("%d known within %d is written in short as %s", (value, error, written) => {
  expect(short(value, error)).toBe(written);
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
