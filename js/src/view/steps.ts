/** The training-step row: previous, play, next, speed, a slider over the steps held, live. */

import { resolve } from "../panels/steps";
import { assign, element, icon, listen, write } from "./dom";
import type { PanelView, Shown, Stage } from "./panel";
import { player, speeds } from "./play";

const PREVIOUS = "M11 3v10L4.5 8zM3 3h1.5v10H3z";
const NEXT = "M5 3v10l6.500-5zM11.500 3H13v10h-1.500z";

export function steps(stage: Stage): PanelView {
  const { strings, signal, move, place } = stage;
  const slider = element("input", {
    type: "range",
    "data-role": "step",
    "aria-label": strings.trainingStep,
    min: "0",
    step: "1",
  });
  const marks = element("div", { class: "rnnw-gaps", "aria-hidden": "true" });
  const live = element("button", { "data-role": "live", title: strings.follow }, strings.live);
  const label = element("span", { class: "rnnw-number" });
  const previous = button("previous", strings.previous, PREVIOUS);
  const next = button("next", strings.next, NEXT);

  /** As painted: what arrived since then has not moved the slider's positions yet. */
  let painted: readonly number[] = [];

  const pick = (step: number | undefined, settled: boolean) => {
    if (step !== undefined) move({ step }, settled);
  };
  const go = (position: number, settled: boolean) =>
    pick(stage.store.steps[Math.max(0, Math.min(position, stage.store.steps.length - 1))], settled);
  const slide = (settled: boolean) => () => pick(painted[Number(slider.value)], settled);
  const training = player(stage, {
    ...{ role: "play", titles: [strings.play, strings.pause], go },
    position: () => place().position,
    last: () => stage.store.steps.length - 1,
  });
  listen(slider, "input", slide(false), signal);
  listen(slider, "change", slide(true), signal);
  listen(slider, "pointerdown", training.stop, signal);
  listen(previous, "click", () => go(place().position - 1, true), signal);
  listen(next, "click", () => go(place().position + 1, true), signal);
  listen(live, "click", () => move({ step: place().following ? place().step : null }, true), signal);

  const paint = ({ place: shown }: Shown) => {
    const scene = resolve(stage.store, shown);
    painted = [...stage.store.steps];
    assign(slider, "max", Math.max(scene.count - 1, 0));
    slider.value = String(scene.position);
    slider.disabled = scene.count === 0;
    assign(slider, "aria-valuetext", scene.spoken);
    write(label, scene.label);
    live.toggleAttribute("data-live", scene.live);
    write(live, scene.live ? strings.live : strings.latest);
    assign(live, "aria-pressed", scene.following);
    previous.disabled = scene.position <= 0;
    next.disabled = scene.position >= scene.count - 1;
    training.button.disabled = scene.count < 2;
    if (marks.childElementCount > 0 || scene.gaps.length > 0) {
      marks.replaceChildren(...scene.gaps.map((share) => element("i", { style: `--share:${share}` })));
    }
  };
  const track = element("div", { class: "rnnw-track" }, marks, slider);
  const buttons = element("div", { class: "rnnw-buttons" }, previous, training.button, next, speeds(stage));
  const name = element("span", { class: "rnnw-name" }, strings.trainingStep);
  return { element: element("div", { class: "rnnw-steps" }, name, buttons, track, label, live), paint };
}

function button(role: string, title: string, path: string): HTMLButtonElement {
  return element("button", { "data-role": role, title, "aria-label": title, class: "rnnw-icon" }, icon(path));
}
