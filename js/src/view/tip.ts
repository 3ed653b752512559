/** The tooltip of a figure: lines of text beside the pointer, never outside the figure. */

import { element, listen } from "./dom";

export interface Tip {
  readonly element: HTMLElement;
  /** Say again what lies under the pointer, which the picture may have changed. */
  readonly renew: () => void;
}

/** Shown while the pointer is over `target` and there are lines to show. */
export function tip(
  target: HTMLElement,
  linesAt: (event: PointerEvent) => readonly string[] | null,
  signal: AbortSignal,
): Tip {
  const tooltip = element("div", { class: "rnnw-tooltip", "aria-hidden": "true" });
  let pointer: PointerEvent | null = null;
  const renew = () => {
    const lines = pointer && linesAt(pointer);
    tooltip.toggleAttribute("data-shown", Boolean(lines));
    if (!pointer || !lines) return;
    tooltip.replaceChildren(...lines.map((line) => element("div", {}, line)));
    const around = (tooltip.parentElement ?? tooltip).getBoundingClientRect();
    const [x, y] = [pointer.clientX - around.left, pointer.clientY - around.top];
    const left = x + 16 + tooltip.offsetWidth > around.width ? x - 12 - tooltip.offsetWidth : x + 16;
    const top = Math.min(Math.max(y - tooltip.offsetHeight / 2, 0), around.height - tooltip.offsetHeight);
    tooltip.style.transform = `translate(${Math.max(left, 0)}px, ${top}px)`;
  };
  const at = (event: PointerEvent | null) => {
    pointer = event;
    renew();
  };
  listen(target, "pointermove", at, signal);
  listen(target, "pointerleave", () => at(null), signal);
  return { element: tooltip, renew: () => pointer && renew() };
}
