import { beforeEach, describe, expect, test } from "vitest";
import { type Cursor, resolve as resolveCursor, START } from "../src/cursor";
import * as statusPanel from "../src/panels/status";
import * as stepsPanel from "../src/panels/steps";
import { NOT_FINITE_NOTE } from "../src/protocol.gen";
import { Store } from "../src/store";
import { ENGLISH } from "../src/strings";
import { curves, delta, join, meta, STATUS, step } from "./frames";
import { analysisOf, FINDING } from "./scenery";

let now = 0;
let store: Store;

beforeEach(() => {
  now = 0;
  store = new Store(() => now);
});

const place = (changes: Partial<Cursor> = {}) => resolveCursor({ ...START, ...changes }, store);

describe("the status scene", () => {
  const scene = (changes: Partial<Cursor> = {}) => statusPanel.resolve(store, place(changes), ENGLISH);
  const status = (changes: Partial<typeof STATUS>) => ({ status: { ...STATUS, ...changes } });

  test("waits in words", () => {
    expect(scene()).toEqual({
      state: "waiting",
      word: "Waiting",
      facts: ["Waiting for the first training step\u2026"],
      notes: [],
    });
  });

  test("says step, loss and overhead", () => {
    store.applyDelta(delta(1), join(curves({ loss: [[1240, 3.4123]] }), step(1240)));
    expect(scene()).toMatchObject({
      state: "live",
      facts: ["LSTM lstm.l0, 3 units", "step 1\u202f240", "loss 3.41", "recording overhead 2.3 %"],
      notes: [],
    });
  });

  test("says of a forward pass alone that it has no gradient", () => {
    store.applyDelta(delta(1), step(1, { mode: "forward" }));
    expect(scene().facts).toContain(ENGLISH.noGradient);
    store.applyDelta(delta(2), step(2));
    expect(scene().facts).not.toContain(ENGLISH.noGradient);
  });

  test("says that it stays at a step while training goes on, and how to follow again", () => {
    store.applyDelta(delta(1), step(1));
    store.applyDelta(delta(2), step(2));
    expect(scene({ step: 1 }).notes).toEqual([ENGLISH.letGo]);
    expect(scene().notes).toEqual([]);
    store.applyDelta(delta(3, status({ state: "finished" })), step(3));
    expect(scene({ step: 1 }).notes).toEqual([]);
  });

  test("says how many steps the recording keeps, how often steps are recorded, and what the recorder notes", () => {
    const dropped = { recorded: 1201, thinned: 1200, every: 4, notes: ["The recorder says so."] };
    store.applyDelta(delta(1, status(dropped)), step(1));
    expect(scene().notes).toEqual([
      "every 4th step recorded",
      "the recording keeps 1 of 1\u202f201 steps (memory limit)",
      "The recorder says so.",
    ]);
  });

  test("says how many steps the page has where the recording keeps another number of them", () => {
    store.applyDelta(delta(1, status({ recorded: 2 })), step(1));
    store.applyDelta(delta(2, status({ recorded: 2 })), step(2));
    expect(scene().notes).toEqual([]);
    store.applyDelta(delta(3, status({ recorded: 3, thinned: 2 })), step(3));
    expect(scene().notes).toEqual(["the recording keeps 1 of 3 steps (memory limit); this page has 3"]);
  });

  test("says how many steps the page keeps where the recording keeps all", () => {
    store = new Store(() => now, 20.5 * step(0).length);
    for (let index = 1; index <= 200; index++) store.applyDelta(delta(index, status({ recorded: index })), step(index));
    const here = store.steps.length;
    expect(here).toBeLessThan(200);
    expect(scene().notes).toEqual([`this page keeps ${here} of 200 steps (memory limit); the recording keeps all`]);
  });

  test("is incomplete while messages are missing, until a snapshot heals it", () => {
    store.applyDelta(delta(3), step(1));
    expect(scene()).toMatchObject({ state: "gap", word: "Incomplete", notes: ["2 messages missing"] });
    store.applySnapshot(meta(3), step(1));
    expect(scene().state).toBe("live");
  });

  test("is silent when nothing came for 15 seconds while live, and only then", () => {
    store.applyDelta(delta(1), step(1));
    now = 14_999;
    expect(scene().state).toBe("live");
    now = 15_000;
    expect(scene()).toMatchObject({ state: "stale", notes: ["nothing received for 15 seconds"] });
    store.applyDelta(delta(2, status({ state: "finished" })), step(2));
    now = 99_000;
    expect(scene().state).toBe("finished");
  });

  test("stays failed whatever else is wrong", () => {
    store.applyDelta(delta(5, status({ state: "failed" })), step(1).slice(0, 40));
    expect(scene().state).toBe("failed");
  });

  test("says that it cannot read another protocol", () => {
    store.applyDelta(delta(1, { version: 2 }), step(1));
    expect(scene().facts[0]).toContain("protocol 2");
  });
});

describe("the steps scene", () => {
  test("is empty before the first step", () => {
    expect(stepsPanel.resolve(store, place())).toEqual({
      count: 0,
      position: 0,
      following: true,
      live: true,
      spoken: "",
      label: "\u2013",
      gaps: [],
    });
  });

  test("gives the position among the steps held, and says the step", () => {
    for (const [index, at] of [0, 100, 1240, 3000].entries()) store.applyDelta(delta(index + 1), step(at));
    expect(stepsPanel.resolve(store, place({ step: 1240 }))).toMatchObject({
      ...{ count: 4, position: 2, following: false, live: true, spoken: "step 1240", label: "1\u202f240 / 3\u202f000" },
    });
  });

  test("marks gaps between the steps that they fell between", () => {
    store.applyDelta(delta(1), step(0));
    store.applyDelta(delta(3), step(10));
    store.applyDelta(delta(4), step(20));
    expect(stepsPanel.resolve(store, place()).gaps).toEqual([0.25]);
  });
});

test("an overhead above its budget is said with what costs most", () => {
  const said = (status: Partial<typeof STATUS>) => {
    store.applyDelta(delta(store.seq + 1, { status: { ...STATUS, ...status } }), step(store.seq + 1));
    return statusPanel.resolve(store, place(), ENGLISH).notes;
  };
  const over = { overhead: 0.08, budget: 0.05, costs: "frames" as const };
  expect(said(over)).toEqual([ENGLISH.overBudget("5.0 %", ENGLISH.costs.frames)]);
  expect(said({ ...over, overhead: 0.055 })).toEqual([]);
  expect(said({ ...over, budget: null })).toEqual([]);
});

test("a note that a finding repeats is left out", () => {
  const status = { ...STATUS, notes: [`${NOT_FINITE_NOTE}nan in i of lstm.l0`, "another note"] };
  store.applyDelta(delta(1, { status }), step(1));
  const notes = () => statusPanel.resolve(store, place(), ENGLISH).notes;
  expect(notes()).toEqual(status.notes);
  store.applyDelta(delta(2, { status }), analysisOf(1, {}, [{ ...FINDING, name: "not_finite" }]));
  expect(notes()).toEqual(["another note"]);
});
