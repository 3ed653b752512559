/** A button that plays a row of positions, from the one shown to the last; from the first when the last is shown. */

import { assign, element, icon, listen } from "./dom";
import type { Stage } from "./panel";

const PLAY = "M4.500 2.500v11l9-5.500z";
const PAUSE = "M4 3h2.800v10H4zM9.200 3H12v10H9.200z";
const FRAME_MS = 125;
/** Where less motion is wished. */
const CALM_FRAME_MS = 500;

export interface Track {
  readonly role: string;
  readonly titles: readonly [play: string, pause: string];
  readonly position: () => number;
  readonly last: () => number;
  readonly go: (position: number, settled: boolean) => void;
}

export interface Player {
  readonly button: HTMLButtonElement;
  readonly stop: () => void;
}

export function player({ signal, pace }: Stage, { role, titles, position, last, go }: Track): Player {
  const button = element("button", { "data-role": role, class: "rnnw-icon" });
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let timer = 0;
  const show = (playing: boolean) => {
    const title = titles[playing ? 1 : 0];
    button.replaceChildren(icon(playing ? PAUSE : PLAY));
    button.title = title;
    assign(button, "aria-label", title);
    assign(button, "aria-pressed", playing);
  };
  const stop = () => {
    if (timer === 0) return;
    clearTimeout(timer);
    timer = 0;
    show(false);
  };
  const advance = (to: number) => {
    go(to, to >= last());
    if (to >= last()) stop();
    else
      timer = window.setTimeout(() => advance(position() + 1), (calm.matches ? CALM_FRAME_MS : FRAME_MS) / pace.speed);
  };
  const start = () => {
    show(true);
    advance(position() >= last() ? 0 : position() + 1);
  };
  listen(
    button,
    "click",
    () => {
      if (timer === 0) start();
      else {
        stop();
        go(position(), true);
      }
    },
    signal,
  );
  show(false);
  signal.addEventListener("abort", stop);
  return { button, stop };
}

const SPEEDS = [0.25, 0.5, 1, 2, 4, 8];

/** How fast both players go. */
export function speeds({ strings, signal, pace }: Stage): HTMLElement {
  const options = SPEEDS.map((speed) =>
    element("option", { value: String(speed), selected: speed === pace.speed }, `${speed}\u00d7`),
  );
  const select = element(
    "select",
    { "data-role": "speed", "aria-label": strings.speed, title: strings.speed },
    ...options,
  );
  listen(
    select,
    "change",
    () => {
      pace.speed = Number(select.value);
    },
    signal,
  );
  return select;
}
