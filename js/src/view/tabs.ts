/** One tab a gate, lettered; the full name is its title. Arrow keys go from tab to tab. */

import { assign, element, tabList } from "./dom";
import type { PanelView, Stage } from "./panel";

export function gateTabs({ strings, signal, move, place }: Stage): PanelView {
  const attributes = { class: "rnnw-tabs", "aria-label": strings.panel.gates };
  const at = () => place().gates.indexOf(place().gate);
  const choose = (index: number) => move({ gate: place().gates[index] ?? "" }, true);
  const list = tabList(attributes, signal, at, choose);
  return {
    element: list,
    paint: ({ place: { gates, gate } }) => {
      const known = [...list.children].map((tab) => tab.getAttribute("data-gate"));
      if (known.join() !== gates.join())
        list.replaceChildren(...gates.map((name) => tab(name, strings.gate[name] ?? name)));
      for (const one of list.children) {
        const selected = one.getAttribute("data-gate") === gate;
        assign(one, "aria-selected", selected);
        assign(one, "tabindex", selected ? "0" : "-1");
      }
    },
  };
}

function tab(name: string, title: string): HTMLButtonElement {
  return element("button", { role: "tab", "data-gate": name, title, "aria-label": title }, name);
}
