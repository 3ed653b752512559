/** The status bar. Its notes have a line of their own even when there are none: what stands below stays where it is. */

import { resolve } from "../panels/status";
import { assign, element, write } from "./dom";
import type { PanelView, Stage } from "./panel";

export function status({ store, strings, say }: Stage): PanelView {
  const dot = element("span", { class: "rnnw-dot", "aria-hidden": "true" }, "\u25cf");
  const word = element("span", { class: "rnnw-word" });
  const facts = element("span", { class: "rnnw-facts" });
  const notes = element("p", { class: "rnnw-notes" });
  const line = element("div", { class: "rnnw-status", "data-role": "status" }, dot, " ", word, " ", facts, " ", notes);
  let said = "";
  let following = true;
  return {
    element: line,
    paint: ({ place }) => {
      const scene = resolve(store, place, strings);
      assign(line, "data-tone", scene.state);
      write(word, scene.word);
      list(facts, scene.facts);
      write(notes, scene.notes.join(" \u00b7 ") || "\u00a0");
      if (said && said !== scene.word) say(scene.word);
      said = scene.word;
      if (following && !place.following && scene.notes.includes(strings.letGo)) say(strings.letGo);
      following = place.following;
    },
  };
}

function list(parent: HTMLElement, texts: readonly string[]): void {
  while (parent.children.length < texts.length) parent.append(element("span", { class: "rnnw-fact" }), " ");
  while (parent.children.length > texts.length) parent.lastElementChild?.remove();
  texts.forEach((text, index) => {
    const child = parent.children[index];
    if (child) write(child, text);
  });
}
