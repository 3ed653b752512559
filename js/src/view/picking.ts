/** A menu of series: a box a group, and a box a line where a group has several. */

import type { Group } from "../panels/groups";
import { element, folded, listen } from "./dom";
import type { Stage } from "./panel";

export interface Picks {
  readonly element: HTMLElement;
  /** Groups to draw; null until the reader picks. */
  readonly picked: () => ReadonlySet<string> | null;
  readonly hidden: () => ReadonlySet<string>;
  /** What there is to pick from, and which groups are drawn now. */
  readonly offer: (groups: readonly Group[], drawn: ReadonlySet<string>) => void;
}

export function picking({ strings, signal, repaint }: Stage, title: (group: Group) => string): Picks {
  const fields = element("div");
  const choose = (text: string, groups: () => readonly string[]) => {
    const button = element("button", { class: "rnnw-quiet" }, text);
    const act = () => {
      picked = new Set(groups());
      hidden = new Set();
      repaint();
    };
    listen(button, "click", act, signal);
    return button;
  };
  const names = () =>
    [...fields.querySelectorAll<HTMLElement>("[data-group]")].map((box) => box.dataset["group"] ?? "");
  const list = element(
    "div",
    { class: "rnnw-menu" },
    element(
      "div",
      { class: "rnnw-choices" },
      choose(strings.pickAll, names),
      choose(strings.pickNone, () => []),
    ),
    fields,
    element("p", { class: "rnnw-notes" }, strings.brushHelp),
  );
  let picked: ReadonlySet<string> | null = null;
  let hidden: ReadonlySet<string> = new Set();
  let offered = "";
  let shown: ReadonlySet<string> = new Set();
  listen(
    list,
    "change",
    ({ target }) => {
      const { checked, dataset } = target as HTMLInputElement;
      if (dataset["group"] !== undefined) picked = toggled(picked ?? shown, dataset["group"], checked);
      if (dataset["line"] !== undefined) hidden = toggled(hidden, dataset["line"], !checked);
      repaint();
    },
    signal,
  );
  const offer = (groups: readonly Group[], drawn: ReadonlySet<string>) => {
    shown = drawn;
    const now = groups
      .map(({ name, members }) => [name, ...members.map((member) => member.name)].join("\n"))
      .join("\n\n");
    if (now !== offered) fields.replaceChildren(...groups.map((group) => fieldOf(group, title(group))));
    offered = now;
    for (const box of list.querySelectorAll("input")) {
      const { group, line } = box.dataset;
      box.checked = line === undefined ? drawn.has(group ?? "") : !hidden.has(line);
    }
  };
  return { element: folded("series", strings.pick, list, signal), picked: () => picked, hidden: () => hidden, offer };
}

function toggled(set: ReadonlySet<string>, name: string, present: boolean): ReadonlySet<string> {
  const next = new Set(set);
  if (present) next.add(name);
  else next.delete(name);
  return next;
}

function fieldOf({ name, members }: Group, title: string): HTMLElement {
  const lines =
    members.length > 1 && members[0]?.run === undefined
      ? members.map((member) => check({ "data-line": member.name }, member.label || title))
      : [];
  return element("div", {}, check({ "data-group": name }, title), element("div", { class: "rnnw-lines" }, ...lines));
}

function check(attributes: Readonly<Record<string, string>>, text: string): HTMLElement {
  return element("label", {}, element("input", { type: "checkbox", ...attributes }), text);
}
