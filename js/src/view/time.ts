/** The timestep slider, which lies exactly under the columns of the heatmap, and the button that plays through them. */

import { type Place, wishAt } from "../cursor";
import { sliderSpan } from "../panels/geometry";
import { assign, element, listen } from "./dom";
import type { Stage } from "./panel";
import { player } from "./play";

/** Width of the thumb, as the style sheet draws it. */
const THUMB = 16;

export interface TimeSlider {
  readonly element: HTMLElement;
  readonly paint: (place: Place, spoken: string) => void;
}

export function timeSlider(stage: Stage): TimeSlider {
  const { strings, signal, move, place, sizeOf } = stage;
  const slider = element("input", {
    ...{ type: "range", "data-role": "time", "aria-label": strings.time },
    step: "1",
  });
  const name = element("span", { class: "rnnw-time-name", "aria-hidden": "true" }, strings.time);
  const sequence = player(stage, {
    ...{ role: "play-time", titles: [strings.playTime, strings.pauseTime] },
    position: () => place().time,
    last: () => place().length - 1,
    go: (time, settled) => move(wishAt(place(), Math.min(time, place().length - 1)), settled),
  });
  const row = element("div", { class: "rnnw-time" }, name, sequence.button, slider);
  listen(slider, "pointerdown", sequence.stop, signal);
  listen(slider, "input", () => move({ time: Number(slider.value) }, false), signal);
  listen(slider, "change", () => move({ time: Number(slider.value) }, true), signal);
  return {
    element: row,
    paint: ({ first, times, time, length }, spoken) => {
      sequence.button.disabled = length < 2;
      const span = sliderSpan(sizeOf(row).width, times, THUMB);
      slider.style.left = `${span.left}px`;
      slider.style.width = `${span.width}px`;
      assign(slider, "min", first);
      assign(slider, "max", first + Math.max(times - 1, 0));
      slider.value = String(first + time);
      slider.style.visibility = times === 0 ? "hidden" : "visible";
      assign(slider, "aria-valuetext", spoken);
    },
  };
}
