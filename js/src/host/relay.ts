/**
 * The model that ties a figure of bqplot to the cursor of its recording without the kernel. It has no view.
 *
 * `jslink` ties its traits to those of the figure: `selected` to a selector's, `_rule` to where a rule is drawn, and
 * `_picked` to the points clicked, whose training steps are `steps`. It saves nothing but `heard`, which tells Python
 * that a page does all this.
 */

import { type Hub, join, type SharedCursor, START } from "../cursor";
import { all, type End, listen, type Model } from "./model";
import { bindSelection, type Pointer } from "./selection";
import { pageHub } from "./surroundings";

export default {
  initialize: ({ model }: { model: Model }): End => {
    const { pointer, close } = everywhere(pageHub(), String(model.get("_run")));
    const mark = () => {
      const { step } = pointer.value;
      // Typed, as bqplot's Python holds it: it would answer any other, late.
      model.set("_rule", Float64Array.from(step === null ? [] : [step, step]));
    };
    const pick = () => {
      const picked = model.get("_picked") as ArrayLike<number> | null;
      const step = (model.get("steps") as readonly number[])[picked?.[picked.length - 1] ?? -1];
      if (step !== undefined) pointer.move({ step: Math.round(step) }, true);
      // Emptied, so that the same point can be clicked again; later, since a link that brought it passes nothing back.
      if (picked) queueMicrotask(() => model.set("_picked", null));
    };
    const endings = [
      bindSelection(model, pointer),
      pointer.subscribe(mark),
      listen(model, "change:_picked", pick),
      close,
    ];
    mark();
    model.set("heard", true);
    model.save_changes();
    return all(endings);
  },
};

/** The cursors with which a recording is looked at, alone or beside others; the one that moved last speaks for all. */
function everywhere(hub: Hub, run: string): { readonly pointer: Pointer; readonly close: End } {
  const { cursor, leave } = join(hub, run, START);
  const heard = new Map<SharedCursor, End>();
  const listeners = new Set<(settled: boolean) => void>();
  let latest = cursor;
  const told = (one: SharedCursor) => (settled: boolean) => {
    latest = one;
    for (const listener of [...listeners]) listener(settled);
  };
  const meet = () => {
    const seated = [...hub].filter(([key]) => key.split(" ").includes(run)).map(([, seat]) => seat.cursor);
    for (const [one, end] of heard) {
      if (seated.includes(one)) continue;
      end();
      heard.delete(one);
    }
    for (const one of seated.filter((one) => !heard.has(one))) {
      heard.set(one, one.subscribe(told(one)));
      if (one.value.step !== null) told(one)(false);
    }
  };
  meet();
  hub.opened.add(meet);
  const pointer: Pointer = {
    get value() {
      return latest.value;
    },
    move: (change, settled) => {
      for (const one of [...heard.keys()]) one.move(change, settled);
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const close = () => {
    hub.opened.delete(meet);
    for (const end of heard.values()) end();
    leave();
  };
  return { pointer, close };
}
