/**
 * Every panel in each state, light and dark, as pictures under js/.gallery, for people to look at and for the docs; and
 * the promise that in each of them every panel is drawn, in its place, with words for those who do not see it.
 */

import { afterAll, beforeAll, expect, test } from "vitest";
import { page } from "vitest/browser";
import type { Bytes } from "../../src/frame";
import type { Panel } from "../../src/protocol.gen";
import { curves, join, meta, type Planned } from "../frames";
import { analysisOf, FINDING, frameOf, planesOf, type Scenery } from "../scenery";
import { FakeModel } from "./model";
import { press } from "./pointer";
import { host, part, show } from "./stage";

const PANELS: readonly Panel[] = [
  ...(["status", "steps", "findings", "gates", "cell", "units", "flow", "matrix", "curves", "saturation"] as const),
  "weights",
];

/** Of every 20th step. */
const TRAINING: Readonly<Record<string, (at: number) => number>> = {
  loss: (at) => 2 + 7 * Math.exp(-at / 20) + 0.2 * Math.sin(at),
  grad_norm: (at) => 0.3 + Math.exp(-at / 15) + 0.1 * Math.cos(2 * at),
};

function ofEach<Value>(make: (valueAt: (at: number) => number) => Value): Record<string, Value> {
  return Object.fromEntries(Object.entries(TRAINING).map(([name, valueAt]) => [name, make(valueAt)]));
}

const training = curves(
  ofEach((valueAt) => Array.from({ length: 60 }, (_, at): [number, number] => [at * 20, valueAt(at)])),
);

function run(changes: Partial<Scenery> = {}, planes?: (scenery: Scenery) => Planned[]): Bytes {
  const frames = [0, 400, 800, 1180].map((step) =>
    frameOf(step, { ...changes, progress: step / 1400 }, { scalars: ofEach((valueAt) => valueAt(step / 20)) }, planes),
  );
  return join(training, ...frames, analysisOf(1160, changes, [FINDING]));
}

/** From the fifth timestep on, nothing is a number: the unit codes of NaN and of the infinities. */
function exploded(scenery: Scenery): Planned[] {
  return planesOf(scenery).map((plane) => {
    if (plane.dtype === "f4")
      return { ...plane, values: Array.from(plane.values, (log, at) => (at > 9 ? Number.NaN : log)) };
    const late = 5 * scenery.samples * scenery.units;
    return { ...plane, values: Array.from(plane.values, (code, at) => (at < late ? code : 253 + (at % 3))) };
  });
}

const odd = [
  "\u202eright to left",
  "\u05e9\u05dc\u05d5\u05dd",
  "tab\there",
  "\u0000\u0007",
  "<b>bold</b>",
  "\ud83d\udc68\u200d\ud83d\udc69",
  "x".repeat(10_000),
];
const oddTokens = [0, 1].map(() => Array.from({ length: 24 }, (_, time) => odd[time % odd.length] as string));

const STATES: Readonly<Record<string, Bytes | null>> = {
  waiting: null,
  live: run(),
  gru: run({ kind: "GRU" }),
  nan: run({}, exploded),
  "one-timestep": run({ times: 1 }),
  "many-units": run({ units: 700, times: 60 }),
  odd: join(training, frameOf(7, {}, { tokens: oddTokens }), analysisOf(7)),
};

async function picture(element: Element, name: string): Promise<void> {
  await page.elementLocator(element).screenshot({ path: `../../.gallery/${name}.png` });
}

const shots = Object.keys(STATES).flatMap((state) =>
  (["light", "dark"] as const).map((theme) => [state, theme] as const),
);

beforeAll(() => page.viewport(1200, 3200));
afterAll(() => page.viewport(1200, 1400));

test.each(shots)("every panel is drawn, and says what it shows: %s, %s", async (state, theme) => {
  host.style.width = "900px";
  const snapshot = STATES[state];
  const model = new FakeModel({
    ...{ _panels: PANELS, _rows: PANELS.map((panel) => [[panel]]), theme, time: 11, unit: 17, gate: "" },
    ...(snapshot ? { _meta: meta(9), _snapshot: snapshot } : {}),
  });
  const root = await show(model);
  expect(root.dataset["theme"]).toBe(theme);
  for (const panel of PANELS) {
    const section = root.querySelector(`[data-panel="${panel}"]`) as HTMLElement;
    expect(section.clientHeight, panel).toBeGreaterThan(16);
    for (const canvas of section.querySelectorAll<HTMLCanvasElement>("canvas:not([aria-hidden])")) {
      expect(canvas.getAttribute("aria-label"), panel).toMatch(snapshot ? /\d/ : /[a-z]{4}/);
    }
    if (state === "live") await picture(section, `${panel}-${theme}`);
  }
  await picture(root, `${state}-${theme}`);
  expect(root.querySelectorAll("b, script, img").length).toBe(0);
});

test.each(["light", "dark"] as const)("the whole view stands side by side: %s", async (theme) => {
  host.style.width = "1200px";
  const snapshot = STATES["live"] as Bytes;
  const root = await show(
    new FakeModel({ _meta: meta(9), _snapshot: snapshot, theme, _panels: PANELS, time: 11, unit: 17, gate: "f" }),
  );
  await expect.poll(() => root.dataset["width"]).toBe("wide");
  await picture(root, `explorer-${theme}`);
});

test.each(["light", "dark"] as const)("steps are marked over training, and drawn alone: %s", async (theme) => {
  host.style.width = "900px";
  const model = new FakeModel({ _meta: meta(9), _snapshot: STATES["live"], theme, _panels: ["steps", "curves"] });
  const root = await show(model);
  const section = root.querySelector('[data-panel="curves"]') as HTMLElement;
  const { left, top } = part(root, "curves").getBoundingClientRect();
  const release = await press([
    [left + 120, top + 90],
    [left + 300, top + 90],
  ]);
  await expect.poll(() => part(root, "range").textContent).toBe("steps 218 to 796");
  await picture(section, `brushing-${theme}`);
  await release();
  await expect.poll(() => part(root, "whole-run").hidden).toBe(false);
  await picture(section, `brushed-${theme}`);
});

test.each(["light", "dark"] as const)("three runs are compared: %s", async (theme) => {
  host.style.width = "1200px";
  const curvesOf = (factor: number) =>
    curves({
      loss: Array.from({ length: 60 }, (_, at) => [at * 20, factor + 7 * Math.exp(-at / (20 * factor))] as const),
    });
  const runOf = (factor: number) =>
    join(...[0, 400, 800, 1180].map((at) => frameOf(at, { progress: at / 1400, seed: 7 * factor })), curvesOf(factor));
  const root = await show(
    new FakeModel({
      ...{ _meta: meta(9), _snapshot: runOf(1), theme, _panels: ["steps", "status", "curves", "gates", "flow"] },
      ...{ _names: ["lr 0.01", "lr 0.003", "lr 0.001"], gate: "f", time: 11, unit: 17 },
      _others: [2, 3].map((factor) => ({ meta: meta(9, { run: `run ${factor}` }), snapshot: runOf(factor) })),
    }),
  );
  const differences = () => root.querySelectorAll('[data-panel="difference"] canvas[aria-label*="forget"]').length;
  await expect.poll(differences).toBe(2);
  await picture(root, `compared-${theme}`);
});
