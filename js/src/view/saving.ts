/** What is seen, to keep: the view as a picture, its numbers as a file, and as a table on the page. `whole` paints it all. */

import { timeText } from "../panels/labels";
import { atTime, csv, ofQuantity, type Table } from "../panels/values";
import { element, folded, listen, write } from "./dom";
import type { PanelView, Shown, Stage } from "./panel";
import { pictureOf, svgOf } from "./snapshot";

const LINK_MS = 10_000;

export function saving(root: HTMLElement, stage: Stage, whole: () => void): PanelView {
  const { strings, signal, place, repaint } = stage;
  const menu = element("div", { class: "rnnw-menu" });
  const details = folded("save", strings.save, menu, signal);
  const caption = element("caption");
  const head = element("tr");
  const body = element("tbody");
  const table = element("table", {}, caption, element("thead", {}, head), body);
  const sheet = element("div", { class: "rnnw-table", "data-role": "table", tabindex: "0", hidden: true }, table);
  root.append(sheet);
  const named = () => {
    const { layer, gate, step } = place();
    return [layer?.name ?? "rnnwidgets", gate, `step${step}`]
      .join("-")
      .replace(/[^\w.-]+/g, "_")
      .slice(0, 100);
  };
  const acts: Record<string, () => void> = {
    png: () => pictureOf(root).toBlob((blob) => blob && offer(blob, `${named()}.png`)),
    svg: () => offer(new Blob([svgOf(root)], { type: "image/svg+xml" }), `${named()}.svg`),
    csv: () => offer(new Blob([csv(ofQuantity(place()))], { type: "text/csv" }), `${named()}.csv`),
    table: () => {
      sheet.hidden = !sheet.hidden;
      if (!sheet.hidden) sheet.focus();
      repaint();
    },
  };
  for (const [role, act] of Object.entries(acts)) {
    const button = element("button", { class: "rnnw-quiet", "data-role": `save-${role}` }, strings.saves[role] ?? role);
    listen(
      button,
      "click",
      () => {
        details.open = false;
        whole();
        act();
      },
      signal,
    );
    menu.append(button);
  }
  const paint = ({ place: shown }: Shown) => {
    if (sheet.hidden) return;
    const { layer, step, time, tokens } = shown;
    write(
      caption,
      [layer?.name ?? "", strings.step(String(step)), timeText(shown, time, strings), tokens?.[time] ?? ""].join(
        " \u00b7 ",
      ),
    );
    fill(head, body, atTime(shown));
  };
  return { element: details, paint };
}

function fill(head: HTMLElement, body: HTMLElement, { columns, rows }: Table): void {
  head.replaceChildren(...columns.map((name) => element("th", { scope: "col" }, name)));
  body.replaceChildren(
    ...rows.map(([first = "", ...values]) =>
      element("tr", {}, element("th", { scope: "row" }, first), ...values.map((value) => element("td", {}, value))),
    ),
  );
}

/** Hand a file to the browser; the link to it ends soon after. */
function offer(blob: Blob, name: string): void {
  const href = URL.createObjectURL(blob);
  element("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), LINK_MS);
}
