/** One tab a gate, lettered; the full name is its title. Arrow keys go from tab to tab. */

import { assign, element, listen } from "./dom";
import type { PanelView, Stage } from "./panel";

export function gateTabs({ strings, signal, move, place }: Stage): PanelView {
  const list = element("div", { role: "tablist", class: "rnnw-tabs", "aria-label": strings.panel.gates });
  listen(
    list,
    "click",
    (event) => {
      const gate = (event.target as Element).closest("[data-gate]")?.getAttribute("data-gate");
      if (gate) move({ gate }, true);
    },
    signal,
  );
  listen(
    list,
    "keydown",
    (event) => {
      const { gates, gate } = place();
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!by || gates.length === 0) return;
      event.preventDefault();
      const next = gates[(gates.indexOf(gate) + by + gates.length) % gates.length] ?? gate;
      move({ gate: next }, true);
      list.querySelector<HTMLElement>(`[data-gate="${next}"]`)?.focus();
    },
    signal,
  );
  return {
    element: list,
    paint: ({ place: { gates, gate } }) => {
      const known = [...list.children].map((tab) => tab.getAttribute("data-gate"));
      if (known.join() !== gates.join())
        list.replaceChildren(...gates.map((name) => tab(name, strings.gate[name] ?? name)));
      for (const one of list.children) {
        const selected = one.getAttribute("data-gate") === gate;
        assign(one, "aria-selected", String(selected));
        assign(one, "tabindex", selected ? "0" : "-1");
      }
    },
  };
}

function tab(name: string, title: string): HTMLButtonElement {
  return element("button", { role: "tab", "data-gate": name, title, "aria-label": title }, name);
}
