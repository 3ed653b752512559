/**
 * The anywidget module: one store and one cursor a model, a view for each element.
 *
 * Hosts hand a different proxy of the model to `initialize` and to `render`, and may share this module between models, so
 * what belongs to a model lives in the closure of the default export, which hosts call once a model. `initialize` is
 * synchronous: a slow one leaves the widget deaf. Only the cursor goes back to Python, once a move has settled; nothing
 * waits for an answer.
 */

import { type Cursor, FIELDS, Hub, join, type Listener, START } from "../cursor";
import { toBytes } from "../frame";
import type { Delta, Meta, Panel, Theme } from "../protocol.gen";
import { Store } from "../store";
import type { Run } from "../view/compare";
import type { Rows } from "../view/layout";
import { mountView, type View } from "../view/view";
import { all, type End, listen, type Model } from "./model";
import { bindSelection, type Pointer } from "./selection";
import { languageOf, pageHub } from "./surroundings";

/** A recording beside the first: an entry of the trait `_others`. */
interface Other {
  readonly meta: unknown;
  readonly snapshot: unknown;
}

interface Session {
  readonly runs: readonly Run[];
  readonly cursor: Pointer;
  readonly close: End;
}

export default () => {
  let session: Session | null = null;
  return {
    initialize: ({ model }: { model: Model }): End => {
      session = open(model);
      return session.close;
    },
    render: ({ model, el }: { model: Model; el: HTMLElement }): End => {
      session ??= open(model);
      return show(model, el, session);
    },
  };
};

function open(model: Model): Session {
  const store = new Store(() => performance.now());
  let waiting = false;
  const takeSnapshot = () => {
    waiting = false;
    const meta = model.get("_meta");
    if (isMessage(meta)) store.applySnapshot(meta, toBytes(model.get("_snapshot")));
  };
  // Both traits come in one update; hosts differ in when each is set and told.
  const awaitSnapshot = () => {
    if (!waiting) queueMicrotask(takeSnapshot);
    waiting = true;
  };
  const others = () => (model.get("_others") as readonly Other[] | undefined) ?? [];
  const stores = [store, ...others().map(() => new Store(store.now))];
  const takeOthers = () => {
    others().forEach(({ meta, snapshot }, index) => {
      if (isMessage(meta)) stores[index + 1]?.applySnapshot(meta, toBytes(snapshot));
    });
  };
  const takeDelta = (content: unknown, buffers: unknown) => {
    if (isMessage(content) && (content as Delta).kind === "delta") {
      const own = stores.find(({ run }) => run === content.run) ?? store;
      own.applyDelta(content as Delta, toBytes((buffers as readonly unknown[] | undefined)?.[0]));
    }
  };
  takeSnapshot();
  takeOthers();
  const endings = [
    listen(model, "msg:custom", takeDelta),
    listen(model, "change:_meta", awaitSnapshot),
    listen(model, "change:_snapshot", awaitSnapshot),
    listen(model, "change:_others", takeOthers),
  ];
  const { cursor, close } = boundCursor(model, stores);
  const names = model.get("_names") as readonly string[] | undefined;
  const runs = stores.map((one, index) => ({ name: names?.[index] ?? "", store: one }));
  return { runs, cursor, close: all([...endings, bindSelection(model, cursor), close]) };
}

function isMessage(value: unknown): value is Meta | Delta {
  return typeof value === "object" && value !== null && "version" in value && "run" in value && "seq" in value;
}

/** The cursor shared by the views of the same runs, whichever these are; written to the model when it settles. */
function boundCursor(model: Model, stores: readonly Store[]) {
  const runsNow = () =>
    stores
      .map(({ run }) => run)
      .join(" ")
      .trim();
  const listeners = new Set<Listener>();
  const tell = (settled: boolean) => {
    for (const listener of [...listeners]) listener(settled);
    if (settled) save(model, seat.cursor.value);
  };
  const sit = (run: string, wish: Cursor) => {
    // A recording without a name shares its cursor with nobody.
    const { cursor, leave } = join(run ? pageHub() : new Hub(), run, wish);
    const unsubscribe = cursor.subscribe(tell);
    return { run, cursor, leave: all([unsubscribe, leave]) };
  };
  let seat = sit(runsNow(), wishOf(model));
  const follow = () => {
    const now = runsNow();
    if (now === seat.run) return;
    const { run, cursor, leave } = seat;
    leave();
    seat = sit(now, run ? { ...cursor.value, step: null } : cursor.value);
    tell(false);
  };
  const endings = [
    ...stores.map((store) => store.subscribe(follow)),
    ...FIELDS.map((field) =>
      listen(model, `change:${field}`, () => seat.cursor.move({ [field]: wishOf(model)[field] }, false)),
    ),
  ];
  const cursor: Pointer = {
    get value() {
      return seat.cursor.value;
    },
    move: (change, settled) => seat.cursor.move(change, settled),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  return { cursor, close: all([...endings, () => seat.leave()]) };
}

function wishOf(model: Model): Cursor {
  const field = (name: keyof Cursor) => {
    const value = model.get(name);
    return [name, typeof value === typeof (START[name] ?? 0) ? value : START[name]];
  };
  return Object.fromEntries(FIELDS.map(field)) as unknown as Cursor;
}

function save(model: Model, cursor: Cursor): void {
  const changed = FIELDS.filter((field) => model.get(field) !== cursor[field]);
  for (const field of changed) model.set(field, cursor[field]);
  if (changed.length > 0) model.save_changes();
}

function show(model: Model, el: HTMLElement, { runs, cursor }: Session): End {
  const mount = (): View =>
    mountView(el, {
      ...{ runs, cursor },
      language: languageOf(model.get("language")),
      panels: (model.get("_panels") as readonly Panel[] | undefined) ?? [],
      rows: (model.get("_rows") as Rows | undefined) ?? [],
      theme: () => (model.get("theme") as Theme | undefined) ?? "auto",
    });
  let view = mount();
  const remount = () => {
    view.close();
    view = mount();
  };
  const endings = [
    listen(model, "change:theme", () => view.restyle()),
    listen(model, "change:_panels", remount),
    listen(model, "change:language", remount),
  ];
  return all([...endings, () => view.close()]);
}
