/** The tooltip of a figure: lines of text beside the pointer, never outside the figure. */

import { element } from "./dom";

export interface Tip {
  readonly element: HTMLElement;
  readonly show: (event: PointerEvent, lines: readonly string[]) => void;
  readonly hide: () => void;
}

export function tip(): Tip {
  const tooltip = element("div", { class: "rnnw-tooltip", "aria-hidden": "true" });
  return {
    element: tooltip,
    hide: () => tooltip.removeAttribute("data-shown"),
    show: (event, lines) => {
      tooltip.replaceChildren(...lines.map((line) => element("div", {}, line)));
      tooltip.setAttribute("data-shown", "");
      const around = (tooltip.parentElement ?? tooltip).getBoundingClientRect();
      const [x, y] = [event.clientX - around.left, event.clientY - around.top];
      const left = x + 16 + tooltip.offsetWidth > around.width ? x - 12 - tooltip.offsetWidth : x + 16;
      const top = Math.min(Math.max(y - tooltip.offsetHeight / 2, 0), around.height - tooltip.offsetHeight);
      tooltip.style.transform = `translate(${Math.max(left, 0)}px, ${top}px)`;
    },
  };
}
