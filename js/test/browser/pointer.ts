/** The browser's own mouse and finger: events as people cause them, with hits, capture, clicks and double clicks. */

import { cdp } from "vitest/browser";

export type At = readonly [x: number, y: number];

const SHIFT = 8;

/** From the frame that the tests run in to the page around it. */
function outside([x, y]: At): { x: number; y: number } {
  const frame = window.frameElement?.getBoundingClientRect() ?? new DOMRect();
  return { x: frame.left + x, y: frame.top + y };
}

type Deed = "mousePressed" | "mouseMoved" | "mouseReleased";

async function mouse(type: Deed, at: At, { held = true, shift = false, clickCount = 1 } = {}): Promise<void> {
  const button = held ? "left" : "none";
  const modifiers = shift ? SHIFT : 0;
  await cdp().send("Input.dispatchMouseEvent", { ...{ type, button, clickCount, modifiers }, ...outside(at) });
}

export async function hover(at: At): Promise<void> {
  await mouse("mouseMoved", at, { held: false });
}

/** Press at the first place and go on to the others; what is returned lets go. */
export async function press([first, ...others]: readonly [At, ...At[]], shift = false): Promise<() => Promise<void>> {
  await hover(first);
  await mouse("mousePressed", first, { shift });
  for (const at of others) await mouse("mouseMoved", at, { shift });
  return () => mouse("mouseReleased", others.at(-1) ?? first, { shift });
}

export async function click(at: At, count = 1): Promise<void> {
  await hover(at);
  for (let clickCount = 1; clickCount <= count; clickCount++) {
    await mouse("mousePressed", at, { clickCount });
    await mouse("mouseReleased", at, { clickCount });
  }
}

/** Put a finger down, go through the places, lift it. */
export async function swipe([first, ...others]: readonly [At, ...At[]]): Promise<void> {
  const send = (type: "touchStart" | "touchMove" | "touchEnd", ...places: readonly At[]) =>
    cdp().send("Input.dispatchTouchEvent", { type, touchPoints: places.map(outside) });
  await send("touchStart", first);
  for (const at of others) await send("touchMove", at);
  await send("touchEnd");
}
