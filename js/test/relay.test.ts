import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Hub, join, type SharedCursor, START } from "../src/cursor";
import relay from "../src/host/relay";
import { pageHub } from "../src/host/surroundings";
import { FakeModel } from "./browser/model";

let hub: Hub;
const endings: Array<() => void> = [];

beforeEach(() => {
  hub = pageHub();
});

afterEach(() => {
  for (const end of endings.splice(0)) end();
  expect([...hub.keys()]).toEqual([]);
  expect(hub.opened.size).toBe(0);
});

function relayed(state: Record<string, unknown> = {}): FakeModel {
  const model = new FakeModel({ _run: "one", steps: [], _picked: null, _rule: [], selected: null, ...state });
  endings.push(relay.initialize({ model }));
  return model;
}

function seated(run: string, wish = START): SharedCursor {
  const { cursor, leave } = join(hub, run, wish);
  endings.push(leave);
  return cursor;
}

const rule = (model: FakeModel) => [...(model.get("_rule") as Float64Array)];
const selected = (model: FakeModel) => [...(model.get("selected") as Float64Array)];

/** As `ipywidgets.jslink` does it: each model's trait is set to the other's when that changes, but not while it is. */
function jslink(source: FakeModel, from: string, target: FakeModel, to: string): void {
  let updating = false;
  const pass = (one: FakeModel, name: string, other: FakeModel, into: string) => () => {
    if (updating) return;
    updating = true;
    if (other.get(into) !== one.get(name)) other.set(into, one.get(name));
    other.save_changes();
    updating = false;
  };
  source.on(`change:${from}`, pass(source, from, target, to));
  target.on(`change:${to}`, pass(target, to, source, from));
}

describe("the rule", () => {
  test("stands at the step of the cursor, and nowhere while it follows the latest", () => {
    const cursor = seated("one");
    const model = relayed();
    expect(rule(model)).toEqual([]);
    cursor.move({ step: 7 }, false);
    expect(rule(model)).toEqual([7, 7]);
    cursor.move({ step: null }, true);
    expect(rule(model)).toEqual([]);
  });

  test("stands where views already are when its figure is made", () => {
    seated("one", { ...START, step: 12 });
    expect(rule(relayed())).toEqual([12, 12]);
  });

  test("follows views of the recording beside others, those shown before and those shown later", () => {
    const before = seated("other one");
    const model = relayed();
    before.move({ step: 3 }, true);
    expect(rule(model)).toEqual([3, 3]);
    const later = seated("one third", { ...START, step: 5 });
    expect(rule(model)).toEqual([5, 5]);
    later.move({ step: 6 }, true);
    expect(rule(model)).toEqual([6, 6]);
    seated("someone").move({ step: 9 }, true);
    expect(rule(model)).toEqual([6, 6]);
  });
});

describe("a selector", () => {
  test("moves every view of the recording, alone or beside others", () => {
    const model = relayed();
    const cursors = [seated("one"), seated("one other"), seated("other")];
    model.arrive({ selected: Float64Array.of(2, 9.3) });
    expect(cursors.map(({ value }) => value.step)).toEqual([9, 9, null]);
    expect(rule(model)).toEqual([9, 9]);
  });

  test("no longer moves views that ended, nor hears of them", () => {
    const model = relayed();
    const { cursor, leave } = join(hub, "one other", START);
    leave();
    seated("one third");
    model.arrive({ selected: [4] });
    expect([cursor.value.step, cursor.shared]).toEqual([null, false]);
  });

  test("of one figure moves with that of another figure of the recording", () => {
    const [one, other] = [relayed(), relayed({ selected: [0, 4] })];
    expect(rule(one)).toEqual([4, 4]);
    one.arrive({ selected: [10, 20] });
    expect(selected(other)).toEqual([16, 20]);
    expect(rule(other)).toEqual([20, 20]);
  });

  test("linked to two models of one cursor comes to rest as it was made", () => {
    const brush = new FakeModel({ selected: null });
    const models = [relayed({ selected: [0, 4] }), relayed({ selected: [0, 4] })];
    for (const model of models) jslink(brush, "selected", model, "selected");
    for (const last of [30, 31, 31]) brush.set("selected", Float64Array.of(12, last));
    for (const model of [brush, ...models]) expect(selected(model)).toEqual([12, 31]);
    expect(models.map(rule)).toEqual([
      [31, 31],
      [31, 31],
    ]);
  });
});

describe("a click on a point", () => {
  test("goes to its step, each time, and leaves no point picked", async () => {
    const cursor = seated("one");
    const model = relayed({ steps: [0, 10, 20] });
    const settled: boolean[] = [];
    cursor.subscribe((one) => settled.push(one));
    for (const [picked, step] of [
      [Uint32Array.of(2), 20],
      [Uint32Array.of(0, 1), 10],
      [Uint32Array.of(1), 10],
    ] as const) {
      cursor.move({ step: 5 }, false);
      model.arrive({ _picked: picked });
      expect(cursor.value.step).toBe(step);
      await Promise.resolve();
      expect(model.get("_picked")).toBeNull();
    }
    expect(settled.filter(Boolean).length).toBe(3);
  });

  test("on a point that is no longer there moves nothing", () => {
    const cursor = seated("one");
    relayed({ steps: [0, 10] }).arrive({ _picked: Uint32Array.of(2) });
    expect(cursor.value.step).toBeNull();
  });
});

test("a relay tells Python once that it is there, and nothing else", () => {
  const cursor = seated("one");
  const model = relayed();
  for (const step of [1, 2, null]) cursor.move({ step }, true);
  model.arrive({ selected: [3] });
  expect(model.saved).toEqual([{ _rule: Float64Array.of(), heard: true }]);
});

test("an ended relay leaves no listener", () => {
  const cursor = seated("one");
  const model = relayed();
  for (const end of endings.splice(0)) end();
  expect([model.listening, cursor.shared]).toEqual([0, false]);
});
