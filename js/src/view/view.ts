/**
 * One view in one element: builds its panels, paints them when something changed and they can be seen, cleans up.
 *
 * Paints are at most one an animation frame, and none while the view is hidden, scrolled away or without a size. The
 * root's attributes say what was painted. Keys never reach the host's shortcuts.
 */

import { type Place, resolve, type SharedCursor } from "../cursor";
import { PATIENCE, stateOf } from "../panels/status";
import type { Panel, Theme } from "../protocol.gen";
import type { Store } from "../store";
import { stringsFor } from "../strings";
import { type Look, lookOf, observeHost } from "../theme";
import { cell } from "./cell";
import { choices } from "./choices";
import { compare, leading, placeOf, type Run } from "./compare";
import { curves } from "./curves";
import { assign, element, write } from "./dom";
import { findings } from "./findings";
import { flow } from "./flow";
import { gates } from "./gates";
import { arranged, build, type Placed, type Rows, sectionOf } from "./layout";
import { matrix } from "./matrix";
import { onceAFrame } from "./once";
import type { PanelView, Stage } from "./panel";
import { saturation } from "./saturation";
import { saving } from "./saving";
import { keysHelp, shortcuts } from "./shortcuts";
import { sizes } from "./sizes";
import { status } from "./status";
import { steps } from "./steps";
import style from "./style.css?inline";
import { units } from "./units";
import { weights } from "./weights";

export interface Source {
  /** One run, or several to show side by side. */
  readonly runs: readonly Run[];
  readonly cursor: Pick<SharedCursor, "value" | "move" | "subscribe">;
  readonly panels: readonly Panel[];
  /** Where the panels stand; empty leaves it to the view. */
  readonly rows: Rows;
  /** Of the reader, such as "en-GB". */
  readonly language: string;
  readonly theme: () => Theme;
}

export interface View {
  /** Read the theme again. */
  readonly restyle: () => void;
  readonly close: () => void;
}

type Maker = (stage: Stage) => PanelView;

const PANELS: Readonly<Record<Panel, Maker>> = {
  ...{ status, steps, findings, gates, cell, units, flow, matrix, curves, saturation, weights },
};
const WIDE = 960;
const NARROW = 520;
const SPEECH_MS = 300;
/** After so long without a move, a move has ended. */
const REST_MS = 400;

export function mountView(host: HTMLElement, source: Source): View {
  const { runs, cursor } = source;
  const { store } = runs[0] as Run;
  const ending = new AbortController();
  const { signal } = ending;
  const strings = stringsFor(source.language);
  const root = element("div", {
    class: "rnnw",
    role: "group",
    "aria-label": strings.view,
    "data-lm-suppress-shortcuts": "true",
  });
  const speech = element("p", { class: "rnnw-hidden", "aria-live": "polite" });
  const painter = painting(root, source, () => panels);
  const stage: Stage = {
    ...{ strings, signal, store, sizeOf: painter.sizeOf, repaint: painter.ask, say: speaker(speech, signal) },
    pace: { speed: 1 },
    place: () => resolve(cursor.value, store),
    runs: () => [{ name: "", store, place: stage.place() }],
    move: (change, settled) => {
      cursor.move(change, settled);
      painter.now();
    },
  };
  const panels = runs.length > 1 ? furnishCompared(root, source, stage) : furnish(root, source, stage, painter.whole);
  const sheet = element("style");
  sheet.append(style);
  root.prepend(sheet);
  root.append(speech);
  host.append(root);

  shortcuts(root, signal);
  for (const name of ["keydown", "keyup", "keypress"])
    root.addEventListener(name, (event) => event.stopPropagation(), { signal });
  const endings = [
    ...runs.map((run) => run.store.subscribe(painter.ask)),
    cursor.subscribe(painter.moved),
    observeHost(document, painter.restyle),
    painter.close,
    () => ending.abort(),
    () => root.remove(),
  ];
  painter.watchSight();
  painter.ask();
  return {
    restyle: painter.restyle,
    close: () => {
      for (const end of endings) end();
    },
  };
}

/** The rows of panels, and the choice of layer and sample in the first that can hold it. */
function furnish(root: HTMLElement, source: Source, stage: Stage, whole: () => void): Placed[] {
  const made = source.panels;
  const placed: Placed[] = [];
  const put = (panel: Panel) => sectionOf(placed, panel, PANELS[panel](stage), stage);
  const elements = build(arranged(made, source.rows), stage, put);
  const home = (["status", "gates", "flow"] as const).find((name) => made.includes(name));
  const place = placed.find(({ section }) => section.dataset["panel"] === home);
  if (place) {
    const chooser = choices(stage);
    (place.section.querySelector(".rnnw-head") ?? place.section).append(chooser.element);
    const save = saving(root, stage, whole);
    if (home === "status") chooser.element.append(save.element, keysHelp(stage));
    placed.push({ section: place.section, view: save, place: stage.place });
    placed.push({ section: place.section, view: chooser, place: stage.place });
  }
  root.dataset["layout"] = source.rows.length > 0 ? "rows" : "auto";
  root.prepend(...elements);
  return placed;
}

function furnishCompared(root: HTMLElement, source: Source, stage: Stage): Placed[] {
  const { elements, placed } = compare(source, stage, (panel, own) => PANELS[panel](own));
  root.dataset["layout"] = "compared";
  root.append(...elements);
  return placed;
}

/** Says the latest of quickly following sentences. */
function speaker(speech: HTMLElement, signal: AbortSignal): (sentence: string) => void {
  let timer = 0;
  signal.addEventListener("abort", () => clearTimeout(timer));
  return (sentence) => {
    clearTimeout(timer);
    timer = window.setTimeout(() => write(speech, sentence), SPEECH_MS);
  };
}

function painting(root: HTMLElement, source: Source, panels: () => readonly Placed[]) {
  const { runs, cursor } = source;
  let look: Look | null = null;
  let silence = 0;
  let painted = 0;
  let seen = true;
  let settled = true;
  let rest = 0;
  const away = new Set<Element>();
  const moved = (ended: boolean) => {
    clearTimeout(rest);
    settled = ended;
    if (!settled) rest = window.setTimeout(moved, REST_MS, true);
    ask();
  };
  const paint = () => {
    listen();
    if (seen && root.clientWidth > 0) paintPanels(away);
    // A host that hides the page for less than a frame, as one does to change its theme, tells no observer.
    else if (seen && measured.of(root).width > 0) ask();
    describeStore(root, leading(runs).store);
  };
  const { ask, now, stop } = onceAFrame(paint);
  const measured = sizes(ask);
  const paintPanels = (unseen: ReadonlySet<Element>) => {
    look ??= lookOf(root, source.theme());
    const { width } = measured.of(root);
    assign(root, "data-width", width >= WIDE ? "wide" : width < NARROW ? "narrow" : "medium");
    const places = new Map<() => Place, Place>();
    for (const { section, view, place: at } of panels()) {
      if (section.hidden || unseen.has(section)) continue;
      const place = places.get(at) ?? at();
      places.set(at, place);
      const fault = attempt(() => view.paint({ place, look: look as Look, pixelRatio: devicePixelRatio, settled }));
      tellFault(section, fault && stringsFor(source.language).fault(fault));
    }
    painted += 1;
    describePlace(root, placeOf(leading(runs), runs, cursor), painted);
  };
  const listen = () => {
    clearTimeout(silence);
    const lefts = runs
      .filter(({ store }) => store.status?.state === "live")
      .map(({ store }) => store.arrived + PATIENCE - store.now())
      .filter((left) => left > 0);
    if (lefts.length > 0) silence = window.setTimeout(ask, Math.min(...lefts));
  };
  const restyle = () => {
    look = null;
    ask();
  };
  const sight = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (target === root) seen = isIntersecting;
        else if (isIntersecting || (target as HTMLElement).hidden) away.delete(target);
        else away.add(target);
      }
      if (seen) ask();
    },
    { rootMargin: "200px" },
  );
  /** Words are always renewed; what holds pictures rests while it is out of sight. */
  const watchSight = () => {
    sight.observe(root);
    for (const canvas of root.querySelectorAll("canvas")) sight.observe(canvas.closest("section") as Element);
  };
  const close = () => {
    stop();
    clearTimeout(silence);
    clearTimeout(rest);
    measured.stop();
    sight.disconnect();
  };
  const whole = () => paintPanels(new Set());
  return { ask, now, moved, restyle, close, watchSight, whole, sizeOf: measured.of };
}

/** What went wrong, in words, after the console was told; nothing where nothing did. */
function attempt(action: () => void): string {
  try {
    action();
    return "";
  } catch (error) {
    reportError(error);
    return String(error);
  }
}

/** A panel that cannot draw says so in its place, and leaves the others to theirs. */
function tellFault(section: HTMLElement, sentence: string): void {
  const told = section.querySelector(":scope > .rnnw-fault");
  if (told && sentence) write(told, sentence);
  else if (told) told.remove();
  else if (sentence) section.append(element("p", { class: "rnnw-fault", role: "alert" }, sentence));
}

function describeStore(root: HTMLElement, store: Store): void {
  assign(root, "data-state", stateOf(store));
  assign(root, "data-run", store.run);
  assign(root, "data-seq", store.seq);
  assign(root, "data-latest", store.steps.at(-1) ?? "");
  assign(root, "data-frames", store.steps.length);
}

function describePlace(root: HTMLElement, place: Place, painted: number): void {
  assign(root, "data-step", place.frame ? String(place.step) : "");
  assign(root, "data-time", place.first + place.time);
  assign(root, "data-layer", place.layer?.name ?? "");
  assign(root, "data-gate", place.gate);
  assign(root, "data-unit", place.unit === null ? "" : String(place.unit));
  assign(root, "data-sample", place.sample);
  assign(root, "data-painted", painted);
}
