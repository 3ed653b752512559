/**
 * When to paint. What arrives waits for the next animation frame; what the reader does is painted while its event lasts,
 * since a key or a click comes at any time and would else wait for a frame to begin.
 *
 * Only the first such event of a frame is, and none right after a frame that had several: however fast they come, each
 * frame has one paint.
 */

export interface Once {
  /** With the next frame. */
  readonly ask: () => void;
  /** For what the reader just did: at once where that is allowed. Without anything asked for, nothing. */
  readonly now: () => void;
  readonly stop: () => void;
}

export function onceAFrame(paint: () => void): Once {
  let frame = 0;
  let due = false;
  let deeds = 0;
  let crowded = false;
  const wait = () => {
    frame ||= requestAnimationFrame(next);
  };
  const run = () => {
    due = false;
    paint();
  };
  const next = () => {
    frame = 0;
    crowded = deeds > 1;
    if (crowded) wait();
    deeds = 0;
    if (due) run();
  };
  return {
    ask: () => {
      due = true;
      wait();
    },
    now: () => {
      if (!due) return;
      deeds += 1;
      if (deeds === 1 && !crowded) run();
    },
    stop: () => cancelAnimationFrame(frame),
  };
}
