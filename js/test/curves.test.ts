import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { beforeEach, describe, expect, test } from "vitest";
import { type Cursor, type Place, resolve as resolveCursor, START } from "../src/cursor";
import type { StepFrame } from "../src/frame";
import { type Axis, spanned, stepOn, zoomed } from "../src/panels/brush";
import type { Chart, ScaleKind } from "../src/panels/chart";
import * as curvesPanel from "../src/panels/curves";
import { groupsOf } from "../src/panels/groups";
import type { Scalar } from "../src/protocol.gen";
import type { Box } from "../src/scale";
import { row } from "../src/series";
import { Store } from "../src/store";
import { ENGLISH } from "../src/strings";
import { curves, delta, join, step } from "./frames";

let store: Store;

beforeEach(() => {
  store = new Store(() => 0);
});

const place = (changes: Partial<Cursor> = {}) => resolveCursor({ ...START, ...changes }, store);

describe("the curves scene", () => {
  const points = (values: readonly number[]) => values.map((value, at) => [10 * at, value] as const);
  const WISH: curvesPanel.Wish = {
    ...{ width: 700, height: 2000, kind: "auto", picked: null, hidden: new Set(), range: null, brush: null },
  };
  const scene = (changes: Partial<Cursor> = {}, wish: Partial<curvesPanel.Wish> = {}) =>
    curvesPanel.resolve([{ name: "", store, place: place(changes) }], place(changes), { ...WISH, ...wish }, ENGLISH);
  const names = (wish: Partial<curvesPanel.Wish> = {}) => scene({}, wish).charts.map(({ name }) => name);

  test("says what will appear before there are scalars", () => {
    expect(scene()).toMatchObject({ charts: [], message: "Loss and gradient norm will appear here." });
  });

  test("draws loss, gradient norm and learning rate first, then the others by name, as many as there is room for", () => {
    const given = ["zeta", "beta", "grad_norm", "loss", "a", "b", "lr"];
    store.applyDelta(delta(1), curves(Object.fromEntries(given.map((name) => [name, points([1, 2])]))));
    expect(names()).toEqual(["loss", "grad_norm", "lr", "a", "b", "beta", "zeta"]);
    expect(names({ height: 160 })).toEqual(["loss", "grad_norm", "lr"]);
    expect(names({ height: 300, width: 480 })).toEqual(["loss", "grad_norm", "lr", "a"]);
  });

  test("draws the groups that are picked whatever the room, and says where none is", () => {
    store.applyDelta(delta(1), curves({ loss: points([1, 2]), a: points([1, 2]), b: points([1, 2]) }));
    expect(names({ picked: new Set(["a", "b", "gone"]), height: 0 })).toEqual(["a", "b"]);
    expect(scene({}, { picked: new Set() })).toMatchObject({ charts: [], message: "No curve is selected." });
  });

  test("puts names with a common start before a dot, and the norm before clipping, into one chart", () => {
    const given = ["loss.valid", "loss.train", "grad_norm_before_clip", "grad_norm", "plain"];
    store.applyDelta(delta(1), curves(Object.fromEntries(given.map((name) => [name, points([1, 2])]))));
    expect(scene().charts.map(({ name, curves: lines }) => [name, lines.map(({ label }) => label)])).toEqual([
      ["loss", ["valid", "train"]],
      ["grad_norm", ["before clip", ""]],
      ["plain", [""]],
    ]);
    const [, norms] = scene({}, { hidden: new Set(["grad_norm_before_clip"]) }).charts;
    expect(norms?.curves.map(({ name }) => name)).toEqual(["grad_norm"]);
  });

  test("draws the norms of parameters from the frames held; an update ratio where it was measured", () => {
    const frame = (number: number, ratio: Scalar) =>
      step(number, { norms: { "rnn.weight_hh_l0": [number + 1, 5, ratio], "rnn.bias_hh_l0": ["inf", 6, "nan"] } });
    store.applyDelta(delta(1), frame(0, "nan"));
    store.applyDelta(delta(2), frame(8, 0.25));
    const charts = Object.fromEntries(scene({ step: 8 }).charts.map(({ name, curves: lines }) => [name, lines]));
    expect(Object.keys(charts)).toEqual(["norms.gradient", "norms.update", "norms.weight"]);
    expect(charts["norms.gradient"]?.map(({ label, shown }) => [label, shown])).toEqual([
      ["rnn.weight_hh_l0", 9],
      ["rnn.bias_hh_l0", Number.POSITIVE_INFINITY],
    ]);
    expect(charts["norms.update"]?.map(({ label, shown }) => [label, shown])).toEqual([["rnn.weight_hh_l0", 0.25]]);
  });

  test("keeps to the frames held as they come late, come again with other norms, and are thinned; reads each once", () => {
    const frame = (number: number, norm: number) => step(number, { norms: { bias: [norm, 1, norm / 2] } });
    store = new Store(() => 0, 40 * frame(0, 0).length);
    const take = (seq: number, number: number, norm: number) => store.applyDelta(delta(seq), frame(number, norm));
    const rows = () => {
      const groups = groupsOf([{ name: "", store, place: place() }]);
      const found = ["norms.gradient", "norms.update"].map((name) => groups.find((group) => group.name === name));
      return found.map((group) => {
        const { series } = group?.members.at(0) ?? { series: { count: 0, rows: new Float64Array() } };
        return [[...row(series, "first")], [...row(series, "mean")], [...row(series, "count")]];
      });
    };
    const held = (norm: (number: number) => number) =>
      [1, 0.5].map((share) => [store.steps, store.steps.map((at) => share * norm(at)), store.steps.map(() => 1)]);
    for (const [seq, number] of [4, 8, 6, 12].entries()) {
      take(seq + 1, number, 10 * number);
      expect(rows()).toEqual(held((at) => 10 * at));
    }
    take(5, 8, 3);
    expect(rows()).toEqual(held((at) => (at === 8 ? 3 : 10 * at)));
    for (let seq = 6; seq <= 60; seq++) {
      take(seq, 10 * seq, seq);
      rows();
    }
    expect(store.thinned).toBeGreaterThan(0);
    expect(rows()).toEqual(held((at) => (at === 8 ? 3 : at < 50 ? 10 * at : at / 10)));

    const last = store.frame(600) as StepFrame;
    Object.defineProperty(last.header, "norms", { get: () => expect.unreachable("it was read before") });
    take(61, 610, 61);
    expect(rows()[0]?.[1]?.at(-1)).toBe(61);
  });

  test("fits its scales to the part of the run that is chosen, and shows that part on the whole run", () => {
    store.applyDelta(delta(1), curves({ loss: points([1000, 3, 2, 1]) }));
    const [whole, part] = [scene(), scene({}, { range: [10, 30] })];
    expect([whole.charts[0]?.logarithmic, part.charts[0]?.logarithmic]).toEqual([true, false]);
    expect(part.charts[0]?.domain).toEqual([10, 30]);
    expect(whole.overview?.range).toBeNull();
    const { box, range } = part.overview as curvesPanel.Overview;
    expect(range?.x).toBeCloseTo(box.x + box.width / 3);
    expect(range?.width).toBeCloseTo((2 * box.width) / 3);
    expect([whole.caption, part.caption]).toEqual(["", "steps 10 to 30"]);
    expect(stepOn(part.charts[0] as Chart, part.charts[0]?.box.x ?? 0)).toBe(10);
  });

  test("marks the steps that are brushed in every chart and in the strip, as far as they are drawn, and names them", () => {
    store.applyDelta(delta(1), curves({ loss: points([5, 3, 2, 1]), lr: points([1, 1, 1, 1]) }));
    const { bands, charts, overview, caption } = scene({}, { brush: [0, 15] });
    const axes = [...charts, overview as curvesPanel.Overview];
    expect(bands.map(({ x, y, height }) => [x, y, height])).toEqual(axes.map(({ box }) => [box.x, box.y, box.height]));
    for (const [at, { box }] of axes.entries()) expect(bands[at]?.width).toBeCloseTo(box.width / 2);
    expect(caption).toBe("steps 0 to 15");
    const part = scene({}, { range: [10, 30], brush: [20, 30] });
    expect(part.bands[0]?.width).toBeCloseTo((part.charts[0]?.box.width ?? 0) / 2);
    expect([part.caption, part.charts[0]?.domain]).toEqual(["steps 20 to 30", [10, 30]]);
    expect(scene({}, { range: [20, 30], brush: [0, 10] }).bands.length).toBe(1);
    expect(scene().bands).toEqual([]);
  });

  test("keeps a part of the run as it is while steps arrive", () => {
    store.applyDelta(delta(1), curves({ loss: points([5, 3, 2, 1]) }));
    const before = scene({}, { range: [10, 20] });
    store.applyDelta(delta(2), curves({ loss: points([5, 3, 2, 1, 9, 9, 90]) }));
    const after = scene({}, { range: [10, 20] });
    expect(after.charts[0]?.curves[0]?.line.points.slice(0, 6)).toEqual(
      before.charts[0]?.curves[0]?.line.points.slice(0, 6),
    );
    expect([after.charts[0]?.domain, after.charts[0]?.labels]).toEqual([
      before.charts[0]?.domain,
      before.charts[0]?.labels,
    ]);
    expect(after.overview?.domain).toEqual([0, 60]);
  });

  test("has the scale of the values beside a part of the run that no value is in", () => {
    store.applyDelta(delta(1), curves({ loss: points([900, 4, 8, 700]) }));
    const [{ box, curves: lines }] = scene({}, { range: [12, 17], kind: "linear" }).charts as [Chart];
    const [first = 0, second = 0] = [1, 3].map((at) => lines[0]?.line.points[at] ?? 0);
    const { y, height } = box;
    expect(y + height - first).toBeCloseTo((0.05 / 1.1) * height);
    expect(second - y).toBeCloseTo((0.05 / 1.1) * height);
  });

  test("says of a step its value, and the range where a bin holds several", () => {
    store.applyDelta(delta(1), curves({ "loss.a": points([4, 2, 1]), "loss.b": points([8, 9]) }));
    const [chart] = scene().charts;
    expect(curvesPanel.describe(chart as Chart, 10, ENGLISH)).toEqual(["step 10", "a: 2", "b: 9"]);
    expect(curvesPanel.describe(chart as Chart, 20, ENGLISH)).toEqual(["step 20", "a: 1"]);
  });

  test("chooses a logarithmic scale for a wide range of positive values, unless told otherwise", () => {
    store.applyDelta(
      delta(1),
      curves({ loss: points([4, 2, 1]), grad_norm: points([100, 1, 0.1]), lr: points([-1, 0, 1]) }),
    );
    const kinds = (kind: ScaleKind) => scene({}, { kind }).charts.map(({ logarithmic }) => logarithmic);
    expect(kinds("auto")).toEqual([false, true, false]);
    expect(kinds("log")).toEqual([true, true, false]);
    expect(kinds("linear")).toEqual([false, false, false]);
  });

  test("breaks the line at NaN and marks the place at the foot of the chart", () => {
    store.applyDelta(delta(1), curves({ loss: points([3, Number.NaN, 1]) }));
    const [chart] = scene().charts;
    const [curve] = chart?.curves ?? [];
    expect(curve?.line.points[3]).toBe(Number.NaN);
    expect(curve?.upper[3]).toBe(curve?.upper[1]);
    expect(curve?.bad).toEqual([
      { x: curve?.line.points[2], y: (chart?.box.y ?? 0) + (chart?.box.height ?? 0) - 3, radius: 2.5, tone: "nan" },
    ]);
  });

  test("keeps no frame from being given up, however long nothing is drawn", async () => {
    const frame = (number: number) => step(number, { norms: { "rnn.bias_hh_l0": [number, 5, 6] } });
    store = new Store(() => 0, 5 * frame(1).length);
    const take = (number: number) => store.applyDelta(delta(number), frame(number));
    for (const number of [1, 2, 3, 4]) take(number);
    expect(scene().charts.map(({ name }) => name)).toContain("norms.gradient");
    const held = new WeakRef(store.frame(3) as StepFrame);
    for (let number = 5; store.frame(3); number++) take(number);
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    await new Promise((done) => setTimeout(done));
    collect();
    expect(held.deref()).toBeUndefined();
  });

  test("draws neighbours as one where pixels are fewer than bins, the same ones when more follow", () => {
    const values = Array.from({ length: 1000 }, (_, step) => 1 + 2 * (step % 2));
    store.applyDelta(delta(1), curves({ loss: values.map((value, step) => [step, value] as const) }));
    const of = () => scene({}, { width: 300, kind: "linear" }).charts[0] as Chart;
    const [{ box, curves: lines }] = [of()];
    const [{ line, upper, lower }] = lines as [Chart["curves"][0]];
    const each = Math.ceil(1000 / box.width);
    const heights = (points: Float64Array) => [...points].filter((_, at) => at % 2 === 1);
    expect(line.points.length).toBe(2 * Math.ceil(1000 / each));
    expect(line.points.length).toBeLessThanOrEqual(2 * box.width);
    const ends = [heights(upper), heights(lower)].map((all) => [...new Set(all)]);
    expect(ends.map(({ length }) => length)).toEqual([1, 1]);
    const [[top], [bottom]] = ends as [[number], [number]];
    const at = (value: number) => bottom + ((top - bottom) * (value - 1)) / 2;
    const means = Array.from({ length: Math.ceil(1000 / each) }, (_, pool) => {
      const part = values.slice(pool * each, (pool + 1) * each);
      return at(part.reduce((sum, value) => sum + value) / part.length);
    });
    heights(line.points).forEach((height, pool) => {
      expect(height).toBeCloseTo(means[pool] as number);
    });
    const before = heights(line.points).slice(0, 100);
    store.applyDelta(delta(2), curves({ loss: [[1000, 1]] }));
    expect(heights(of().curves[0]?.line.points as Float64Array).slice(0, 100)).toEqual(before);
  });

  test("draws every bin where there are pixels enough", () => {
    store.applyDelta(delta(1), curves({ loss: points([4, 2, 1]) }));
    expect(scene().charts[0]?.curves[0]?.line.points.length).toBe(6);
  });

  test("shows the value of the step: the frame's own, else that of the curve", () => {
    store.applyDelta(
      delta(1),
      join(curves({ loss: points([3, 2, 1]), lr: points([7, 8, 9]) }), step(10, { scalars: { loss: 2.5 } })),
    );
    const [loss, lr] = scene().charts;
    expect([loss?.curves[0]?.shown, lr?.curves[0]?.shown]).toEqual([2.5, 8]);
    expect(loss?.values.map(({ text }) => text)).toEqual(["2.5"]);
    expect(loss?.rule).toBe((loss?.box.x ?? 0) + (loss?.box.width ?? 0) / 2);
  });

  test("finds the step under a point, of the strip or of the nearest chart, held within the axis", () => {
    store.applyDelta(delta(1), curves({ loss: points([3, 2, 1]), grad_norm: points([3, 2, 1]) }));
    const found = scene();
    const stepAt = (x: number, y: number) => stepOn(curvesPanel.axisAt(found, x, y) as Axis, x);
    const strip = found.overview?.box as Box;
    for (const { box } of found.charts) {
      expect(stepAt(box.x + box.width / 4, box.y + 5)).toBeCloseTo(5);
      expect(stepAt(box.x + box.width / 4, strip.y - 5)).toBeCloseTo(5);
    }
    expect(stepAt(strip.x + strip.width / 4, strip.y)).toBeCloseTo(5);
    expect(stepAt(-50, 0)).toBe(0);
    expect(curvesPanel.axisAt({ ...found, charts: [] }, 0, 0)).toBeNull();
  });

  test("stays inside its width, in as many columns as fit", () => {
    store.applyDelta(delta(1), curves({ loss: points([3, 2]), grad_norm: points([1, 1]), lr: points([1, 2]) }));
    for (const width of [300, 380, 700, 1400]) {
      const found = scene({}, { width });
      expect(new Set(found.charts.map(({ cell }) => cell.x)).size).toBe(Math.min(3, Math.floor(width / 230)));
      for (const { cell, box } of found.charts) {
        expect(box.x + box.width).toBeLessThanOrEqual(width);
        expect(cell.width).toBeGreaterThanOrEqual(Math.min(230, width));
      }
    }
  });
});

describe("a range of steps", () => {
  test("holds all that a drag went over, from either side, in whole steps; none where it is one step", () => {
    expect(spanned(3.2, 7.1)).toEqual([3, 8]);
    expect(spanned(7.1, 3.2)).toEqual([3, 8]);
    expect(spanned(3.2, 3.4)).toEqual([3, 4]);
    expect(spanned(9, 9)).toBeNull();
  });

  test("is zoomed about a step and stays within the run, down to one step and up to the whole run", () => {
    expect(zoomed([0, 100], 50, 0.5, [0, 100])).toEqual([25, 75]);
    expect(zoomed([0, 100], 100, 0.5, [0, 100])).toEqual([50, 100]);
    expect(zoomed([40, 60], 2, 2, [0, 100])).toEqual([0, 40]);
    expect(zoomed([25, 75], 90, 2, [0, 100])).toBeNull();
    let range: ReturnType<typeof zoomed> = [0, 100];
    for (let count = 0; count < 20 && range; count++) range = zoomed(range, 7, 0.5, [0, 100]);
    expect(range).toEqual([7, 8]);
  });
});

describe("the curves of several runs", () => {
  const WISH: curvesPanel.Wish = {
    ...{ width: 700, height: 2000, kind: "auto", picked: null, hidden: new Set(), range: null, brush: null },
  };
  const runOf = (name: string, steps: readonly number[], factor: number) => {
    const own = new Store(() => 0);
    const points = (scale: number) => [0, 10, 20].map((at) => [at, scale * (at + 1)] as const);
    const all = curves({ loss: points(factor), "loss.valid": points(10 * factor), [name]: points(1) });
    const frames = steps.map((at) =>
      step(at, { scalars: { loss: factor + at }, norms: { "rnn.bias": [factor, 1, 1] } }),
    );
    own.applyDelta(delta(1, { run: name }), join(all, ...frames));
    return { name, store: own, place: resolveCursor({ ...START, step: 10 }, own) };
  };
  const runs = [runOf("RNN", [0, 10], 1), runOf("GRU", [0, 20], 2), runOf("LSTM", [20], 3)];
  const scene = (wish: Partial<curvesPanel.Wish> = {}) =>
    curvesPanel.resolve(runs, runs[0]?.place as Place, { ...WISH, ...wish }, ENGLISH);

  test("have a chart for each scalar, and in it a line a run, of its own color and dashes, named and in one order", () => {
    const [first, second, ...others] = scene().charts;
    expect([first?.title, second?.title]).toEqual(["loss", "loss valid"]);
    expect(others.map(({ title }) => title)).toEqual([
      ...["gradient norms rnn.bias", "update-to-weight ratios rnn.bias", "weight norms rnn.bias", "GRU", "LSTM", "RNN"],
    ]);
    expect(first?.curves.map(({ label, line: { tone, dash } }) => [label, tone, dash])).toEqual([
      ["RNN", 0, undefined],
      ["GRU", 1, [6, 3]],
      ["LSTM", 2, [2, 3]],
    ]);
    expect(others.at(-2)?.curves.map(({ label, line: { tone, dash } }) => [label, tone, dash])).toEqual([
      ["LSTM", 2, [2, 3]],
    ]);
  });

  test("share one scale, and show each run at the step that it is looked at", () => {
    const [chart] = scene({ kind: "linear" }).charts as [Chart];
    const { box, curves: lines, rule } = chart;
    expect(lines.map(({ line }) => line.points[5])).toEqual([
      expect.closeTo(box.y + box.height * (1 - (0.05 + 20 / 62) / 1.1)),
      expect.closeTo(box.y + box.height * (1 - (0.05 + 41 / 62) / 1.1)),
      expect.closeTo(box.y + box.height * (1 - 1.05 / 1.1)),
    ]);
    expect(runs.map(({ place: { step: at } }) => at)).toEqual([10, 20, 20]);
    expect(lines.map(({ shown }) => shown)).toEqual([11, 22, 23]);
    expect(lines.map(({ dot }) => dot?.x)).toEqual([rule, box.x + box.width, box.x + box.width]);
    expect(chart.values.map(({ text, tone }) => [text, tone])).toEqual([
      ["23", 2],
      ["22", 1],
      ["11", 0],
    ]);
    expect(curvesPanel.describe(chart, 10, ENGLISH)).toEqual(["step 10", "RNN: 11", "GRU: 22", "LSTM: 33"]);
  });

  test("have their values beside the title, or none of them where one finds no room", () => {
    const texts = (width: number) => scene({ kind: "linear", width }).charts[0]?.values.map(({ text }) => text);
    expect(texts(250)).toEqual(["23", "22", "11"]);
    expect(texts(110)).toEqual([]);
  });

  test("stand all in the strip, on which a range of one is that of all", () => {
    const { overview, charts } = scene({ range: [10, 20] });
    expect(overview?.chart.curves.map(({ label }) => label)).toEqual(["RNN", "GRU", "LSTM"]);
    expect(charts.map(({ domain }) => domain)).toEqual(charts.map(() => [10, 20]));
  });
});
