/**
 * One view in one element: builds its panels, paints them when something changed and they can be seen, cleans up.
 *
 * Everything that arrives only asks for a paint; paints are at most one an animation frame, and none while the view is
 * hidden, scrolled away or without a size. The root's attributes say what was painted. Keys never reach the host's
 * shortcuts.
 */

import { resolve, type SharedCursor } from "../cursor";
import { PATIENCE, stateOf } from "../panels/status";
import type { Panel, Theme } from "../protocol.gen";
import type { Store } from "../store";
import { stringsFor } from "../strings";
import { type Look, lookOf, observeHost } from "../theme";
import { choices } from "./choices";
import { curves } from "./curves";
import { assign, element, write } from "./dom";
import { flow } from "./flow";
import { gates } from "./gates";
import type { PanelView, Stage } from "./panel";
import { status } from "./status";
import { steps } from "./steps";
import style from "./style.css?inline";

export interface Source {
  readonly store: Store;
  readonly cursor: Pick<SharedCursor, "value" | "move" | "subscribe">;
  readonly panels: readonly Panel[];
  /** Of the reader, such as "en-GB". */
  readonly language: string;
  readonly theme: () => Theme;
}

export interface View {
  /** Read the theme again. */
  readonly restyle: () => void;
  readonly close: () => void;
}

const PANELS: Record<Panel, (stage: Stage) => PanelView> = { status, steps, gates, flow, curves };
const WIDE = 960;
const NARROW = 520;
const SPEECH_MS = 300;

export function mountView(host: HTMLElement, source: Source): View {
  const { store, cursor } = source;
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
    ...{ strings, signal, store, repaint: painter.ask, say: speaker(speech, signal) },
    place: () => resolve(cursor.value, store),
    move: (change, settled) => cursor.move(change, settled),
  };
  const panels = build(stage, source.panels, root);
  root.prepend(element("style", {}, style));
  root.append(speech);
  host.append(root);

  for (const name of ["keydown", "keyup", "keypress"])
    root.addEventListener(name, (event) => event.stopPropagation(), { signal });
  const endings = [
    store.subscribe(painter.ask),
    cursor.subscribe(painter.ask),
    observeHost(document, painter.restyle),
    painter.close,
    () => ending.abort(),
    () => root.remove(),
  ];
  painter.ask();
  return {
    restyle: painter.restyle,
    close: () => {
      for (const end of endings) end();
    },
  };
}

/** The sections in the order asked for; the choice of layer and sample stands in the first that can hold it. */
function build(stage: Stage, wanted: readonly Panel[], root: HTMLElement): PanelView[] {
  const home = (["status", "gates", "flow"] as const).find((name) => wanted.includes(name));
  const views: PanelView[] = [];
  for (const name of wanted) {
    const view = PANELS[name](stage);
    const section = element("section", { "data-panel": name }, view.element);
    views.push(view);
    if (name === home) {
      const chooser = choices(stage);
      (view.element.querySelector(".rnnw-head") ?? section).append(chooser.element);
      views.push(chooser);
    }
    root.append(section);
  }
  const main = wanted.filter((name) => name === "gates" || name === "flow").length;
  root.style.setProperty("--main", String(Math.max(main, 1)));
  root.toggleAttribute("data-aside", main > 0 && wanted.includes("curves"));
  return views;
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

function painting(root: HTMLElement, source: Source, panels: () => readonly PanelView[]) {
  const { store } = source;
  let look: Look | null = null;
  let frame = 0;
  let silence = 0;
  let painted = 0;
  let seen = true;
  let width = 0;
  const ask = () => {
    if (frame === 0) frame = requestAnimationFrame(paint);
  };
  const paint = () => {
    frame = 0;
    listen();
    if (seen && root.clientWidth > 0) paintPanels();
    // A host that hides the page for less than a frame, as one does to change its theme, tells no observer.
    else if (seen && width > 0) ask();
    describeStore(root, store);
  };
  const paintPanels = () => {
    look ??= lookOf(root, source.theme());
    assign(root, "data-width", root.clientWidth >= WIDE ? "wide" : root.clientWidth < NARROW ? "narrow" : "medium");
    const place = resolve(source.cursor.value, store);
    for (const panel of panels()) panel.paint({ place, look, pixelRatio: devicePixelRatio });
    painted += 1;
    describePlace(root, place, painted);
  };
  const listen = () => {
    clearTimeout(silence);
    const left = store.arrived + PATIENCE - store.now();
    if (store.status?.state === "live" && left > 0) silence = window.setTimeout(ask, left);
  };
  const restyle = () => {
    look = null;
    ask();
  };
  const sizes = new ResizeObserver((entries) => {
    width = entries[entries.length - 1]?.contentRect.width ?? 0;
    ask();
  });
  sizes.observe(root);
  const sight = new IntersectionObserver(
    (entries) => {
      seen = entries[entries.length - 1]?.isIntersecting ?? true;
      if (seen) ask();
    },
    { rootMargin: "200px" },
  );
  sight.observe(root);
  const close = () => {
    cancelAnimationFrame(frame);
    clearTimeout(silence);
    sizes.disconnect();
    sight.disconnect();
  };
  return { ask, restyle, close };
}

function describeStore(root: HTMLElement, store: Store): void {
  assign(root, "data-state", stateOf(store));
  assign(root, "data-run", store.run);
  assign(root, "data-seq", String(store.seq));
  assign(root, "data-latest", String(store.steps.at(-1) ?? ""));
  assign(root, "data-frames", String(store.steps.length));
}

function describePlace(root: HTMLElement, place: ReturnType<typeof resolve>, painted: number): void {
  assign(root, "data-step", place.frame ? String(place.step) : "");
  assign(root, "data-time", String(place.time));
  assign(root, "data-layer", place.layer?.name ?? "");
  assign(root, "data-gate", place.gate);
  assign(root, "data-unit", place.unit === null ? "" : String(place.unit));
  assign(root, "data-sample", String(place.sample));
  assign(root, "data-painted", String(painted));
}
