import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Cursor, SharedCursor, START } from "../src/cursor";
import { bindSelection } from "../src/host/selection";
import { FakeModel } from "./browser/model";

const REST_MS = 1_000;

let model: FakeModel;
let cursor: SharedCursor;
let end: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  model = new FakeModel({ selected: null });
  cursor = new SharedCursor(START);
  end = bindSelection(model, cursor);
});

afterEach(() => {
  end();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const select = (...steps: number[]) => model.arrive({ selected: Float64Array.from(steps) });
const selected = () => model.get("selected") && [...(model.get("selected") as Iterable<number>)];
const go = (change: Partial<Cursor>) => cursor.move(change, true);

describe("a selection", () => {
  test.each([
    [[3.2, 17.6], 18],
    [[41.4], 41],
    [[-2.5, -0.3], 0],
  ])("of %j shows step %d", (steps, step) => {
    select(...steps);
    expect(cursor.value.step).toBeCloseTo(step, 12);
  });

  test("may be a list, as Python sends it, and is there when a page is opened anew", () => {
    end();
    end = bindSelection(new FakeModel({ selected: [4, 9] }), cursor);
    expect(cursor.value.step).toBe(9);
  });

  test.each([[null], [undefined], [[]], [[Number.NaN]], [[2, Number.NaN]], [[-9, -3]]])(
    "of %j moves nothing",
    (steps) => {
      go({ step: 5 });
      model.arrive({ selected: steps });
      expect(cursor.value.step).toBe(5);
    },
  );

  test("being dragged is a move that has not settled; it settles once, when the drag rests", () => {
    const settled: boolean[] = [];
    cursor.subscribe((one) => settled.push(one));
    for (const last of [10, 11, 12]) select(2, last);
    expect(settled).toEqual([false, false, false]);
    vi.advanceTimersByTime(REST_MS);
    expect(settled).toEqual([false, false, false, true]);
  });
});

describe("a cursor that moves elsewhere", () => {
  test("takes the selection along, as wide as it was made, but not before the first step", () => {
    select(10.5, 20.25);
    go({ step: 40 });
    expect(selected()).toEqual([30.25, 40]);
    go({ step: 4 });
    expect(selected()).toEqual([0, 4]);
    go({ step: 30 });
    expect(selected()).toEqual([20.25, 30]);
  });

  test("takes one step along", () => {
    select(7.4);
    go({ step: 12 });
    expect(selected()).toEqual([12]);
  });

  test("leaves alone the array that it was given, also when it is at its end", () => {
    const given = Float64Array.of(3.2, 17.6);
    model.arrive({ selected: given });
    go({ time: 3 });
    expect(model.get("selected")).toBe(given);
    go({ step: 30 });
    expect([...given]).toEqual([3.2, 17.6]);
  });

  test("selects nothing where nothing was selected, or what was is emptied", () => {
    go({ step: 3 });
    expect(selected()).toBeNull();
    select(1, 5);
    model.arrive({ selected: null });
    go({ step: 4 });
    expect(selected()).toBeNull();
  });

  test("empties the selection while it follows the latest step, and has it back when it stops", () => {
    select(10, 20);
    go({ step: null });
    expect(selected()).toBeNull();
    go({ step: 50 });
    expect(selected()).toEqual([40, 50]);
  });

  test("saves nothing itself", () => {
    select(10, 20);
    go({ step: 50 });
    expect(model.saved).toEqual([]);
  });
});

test("an ended binding hears and says nothing", () => {
  select(10, 20);
  end();
  expect([model.listening, cursor.shared]).toEqual([0, false]);
  expect(vi.getTimerCount()).toBe(0);
});
