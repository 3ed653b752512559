/** The training-step row: previous, play, next, a slider over the steps held, live. */

import { resolve } from "../panels/steps";
import { assign, element, icon, write } from "./dom";
import type { PanelView, Shown, Stage } from "./panel";

const PREVIOUS = "M11 3v10L4.5 8zM3 3h1.5v10H3z";
const NEXT = "M5 3v10l6.500-5zM11.500 3H13v10h-1.500z";
const PLAY = "M4.500 2.500v11l9-5.500z";
const PAUSE = "M4 3h2.800v10H4zM9.200 3H12v10H9.200z";
const FRAME_MS = 125;
const CALM_FRAME_MS = 500;

export function steps(stage: Stage): PanelView {
  const { store, strings, signal, move, place } = stage;
  const slider = element("input", {
    type: "range",
    "data-role": "step",
    "aria-label": strings.trainingStep,
    min: "0",
    step: "1",
  });
  const marks = element("div", { class: "rnnw-gaps", "aria-hidden": "true" });
  const live = element("button", { type: "button", "data-role": "live", title: strings.follow }, strings.live);
  const label = element("span", { class: "rnnw-number" });
  const previous = button("previous", strings.previous, PREVIOUS);
  const next = button("next", strings.next, NEXT);

  const go = (position: number, settled: boolean) => {
    const step = store.steps[Math.max(0, Math.min(position, store.steps.length - 1))];
    if (step !== undefined) move({ step }, settled);
  };
  const player = playing(stage, go);
  slider.addEventListener("input", () => go(Number(slider.value), false), { signal });
  slider.addEventListener("change", () => go(Number(slider.value), true), { signal });
  slider.addEventListener("pointerdown", player.stop, { signal });
  previous.addEventListener("click", () => go(place().position - 1, true), { signal });
  next.addEventListener("click", () => go(place().position + 1, true), { signal });
  live.addEventListener("click", () => move({ step: place().following ? place().step : null }, true), { signal });

  const paint = ({ place: shown }: Shown) => {
    const scene = resolve(store, shown);
    slider.max = String(Math.max(scene.count - 1, 0));
    slider.value = String(scene.position);
    slider.disabled = scene.count === 0;
    assign(slider, "aria-valuetext", scene.spoken);
    write(label, scene.label);
    live.toggleAttribute("data-live", scene.live);
    write(live, scene.live ? strings.live : strings.latest);
    assign(live, "aria-pressed", String(scene.following));
    previous.disabled = scene.position <= 0;
    next.disabled = scene.position >= scene.count - 1;
    player.button.disabled = scene.count < 2;
    if (marks.childElementCount > 0 || scene.gaps.length > 0) {
      marks.replaceChildren(...scene.gaps.map((share) => element("i", { style: `--share:${share}` })));
    }
  };
  const track = element("div", { class: "rnnw-track" }, marks, slider);
  const buttons = element("div", { class: "rnnw-buttons" }, previous, player.button, next);
  const name = element("span", { class: "rnnw-name" }, strings.trainingStep);
  return { element: element("div", { class: "rnnw-steps" }, name, buttons, track, label, live), paint };
}

function button(role: string, title: string, path: string): HTMLButtonElement {
  return element(
    "button",
    { type: "button", "data-role": role, title, "aria-label": title, class: "rnnw-icon" },
    icon(path),
  );
}

/** Plays from the step shown to the last; from the first when the last is shown. Slower where less motion is wished. */
function playing({ store, strings, signal, place }: Stage, go: (position: number, settled: boolean) => void) {
  const play = button("play", strings.play, PLAY);
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let timer = 0;
  const show = (title: string, path: string, pressed: boolean) => {
    play.replaceChildren(icon(path));
    play.title = title;
    assign(play, "aria-label", title);
    assign(play, "aria-pressed", String(pressed));
  };
  const stop = () => {
    if (timer === 0) return;
    clearTimeout(timer);
    timer = 0;
    show(strings.play, PLAY, false);
  };
  const advance = (position: number) => {
    const last = store.steps.length - 1;
    go(position, position >= last);
    if (position >= last) stop();
    else timer = window.setTimeout(() => advance(place().position + 1), calm.matches ? CALM_FRAME_MS : FRAME_MS);
  };
  const start = () => {
    show(strings.pause, PAUSE, true);
    const { position } = place();
    advance(position >= store.steps.length - 1 ? 0 : position + 1);
  };
  play.addEventListener(
    "click",
    () => {
      if (timer === 0) start();
      else {
        stop();
        go(place().position, true);
      }
    },
    { signal },
  );
  show(strings.play, PLAY, false);
  signal.addEventListener("abort", stop);
  return { button: play, stop };
}
