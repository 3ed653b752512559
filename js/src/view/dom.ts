/** Elements made in one call, text only ever as text; drags of the main button, whatever the pointer. */

import { visible } from "../format";
import { DASH_SIGNS } from "../panels/chart";

/** Where the arrow keys lead to. */
export const BESIDE: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1 };

type Attributes = Readonly<Record<string, string | boolean>>;

export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: ReadonlyArray<Node | string>
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  // A button in a form of the host's page would else send it.
  if (tag === "button") made.setAttribute("type", tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) made.setAttribute(name, value === true ? "" : readable(name, value));
  }
  made.append(...children.map((child) => (typeof child === "string" ? visible(child) : child)));
  return made;
}

/** An attribute is read by people or is a value of the program, which stays as it is. */
function readable(name: string, value: string): string {
  return name === "title" || name.startsWith("aria-") ? visible(value) : value;
}

/** A panel: its title with what stands beside it, and what stands below. */
export function framed(title: string, beside: readonly Node[], ...below: readonly Node[]): HTMLElement {
  return element(
    "div",
    { class: "rnnw-tall" },
    element("div", { class: "rnnw-head" }, element("h3", {}, title), ...beside),
    ...below,
  );
}

/** The name of one of several runs, in the color and with the dashes of its lines. */
export function nameOf(name: string, run: number): HTMLElement {
  return element("h3", { "data-role": "run", style: `color:var(--line${run})` }, `${DASH_SIGNS[run]} ${name}`);
}

/** A row of tabs; `choose` is told of a click, and of arrow keys, which go round from the one at `at`. */
export function tabList(
  attributes: Attributes,
  signal: AbortSignal,
  at: () => number,
  choose: (index: number) => void,
): HTMLElement {
  const list = element("div", { role: "tablist", ...attributes });
  const tabs = () => [...list.children] as HTMLElement[];
  const click = ({ target }: Event) => {
    const index = tabs().findIndex((tab) => tab.contains(target as Node));
    if (index >= 0) choose(index);
  };
  const press = (event: KeyboardEvent) => {
    const [by, { length }] = [BESIDE[event.key], tabs()];
    if (!by || length === 0) return;
    event.preventDefault();
    const next = (at() + by + length) % length;
    choose(next);
    tabs()[next]?.focus();
  };
  listen(list, "click", click, signal);
  listen(list, "keydown", press, signal);
  return list;
}

/** A menu below its title, which Escape and a press elsewhere close. */
export function folded(role: string, title: string, content: HTMLElement, signal: AbortSignal): HTMLDetailsElement {
  const summary = element("summary", {}, title);
  const details = element("details", { class: "rnnw-picks", "data-role": role }, summary, content);
  const onKey = ({ key }: KeyboardEvent) => {
    if (key !== "Escape" || !details.open) return;
    details.open = false;
    summary.focus();
  };
  const onPress = (event: Event) => {
    if (!event.composedPath().includes(details)) details.open = false;
  };
  listen(details, "keydown", onKey, signal);
  document.addEventListener("pointerdown", onPress, { signal, capture: true });
  return details;
}

const SVG = "http://www.w3.org/2000/svg";

/** A filled 16 x 16 sign for a button that has its own label. */
export function icon(path: string): SVGSVGElement {
  const made = document.createElementNS(SVG, "svg");
  for (const [name, value] of [
    ["viewBox", "0 0 16 16"],
    ["width", "16"],
    ["height", "16"],
    ["aria-hidden", "true"],
  ] as const) {
    made.setAttribute(name, value);
  }
  const shape = document.createElementNS(SVG, "path");
  shape.setAttribute("d", path);
  shape.setAttribute("fill", "currentColor");
  made.append(shape);
  return made;
}

/** Set a text or an attribute only where it changes, so that nothing is laid out or read out again for nothing. */
export function write(target: Element, text: string): void {
  const shown = visible(text);
  if (target.textContent !== shown) target.textContent = shown;
}

export function assign(target: Element, name: string, value: string | number | boolean): void {
  const shown = readable(name, String(value));
  if (target.getAttribute(name) !== shown) target.setAttribute(name, shown);
}

/** Listen until the signal ends it. */
export function listen<Name extends keyof HTMLElementEventMap>(
  target: HTMLElement,
  name: Name,
  listener: (event: HTMLElementEventMap[Name]) => void,
  signal: AbortSignal,
): void {
  target.addEventListener(name, listener, { signal });
}

/** Where a pointer is, from the top left corner of an element. */
export function within(target: Element, { clientX, clientY }: MouseEvent): readonly [x: number, y: number] {
  const { left, top } = target.getBoundingClientRect();
  return [clientX - left, clientY - top];
}

/** Call `select` with every place of a drag that begins on the target, `settled` with the last. */
export function dragged(
  target: HTMLElement,
  select: (event: PointerEvent, settled: boolean) => void,
  signal: AbortSignal,
): void {
  const begin = (event: PointerEvent) => {
    if (event.button !== 0) return;
    target.setPointerCapture(event.pointerId);
    select(event, false);
  };
  const onwards = (settled: boolean) => (event: PointerEvent) => {
    if (target.hasPointerCapture(event.pointerId)) select(event, settled);
  };
  listen(target, "pointerdown", begin, signal);
  listen(target, "pointermove", onwards(false), signal);
  listen(target, "pointerup", onwards(true), signal);
}
