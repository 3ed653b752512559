/** A page with a painted view on it, of a run of three steps. */

import { afterEach, beforeEach, expect } from "vitest";
import widget from "../../src/host/jupyter";
import { curves, GATES, join, meta, norms, type Planned, step } from "../frames";
import { FakeModel } from "./model";

export const TIMES = 4;
export const UNITS = 3;
export const codes = Array.from({ length: TIMES * UNITS }, (_, index) => index * 20);
export const planes: readonly Planned[] = [
  { name: "i", shape: [TIMES, 1, UNITS], values: codes },
  { name: "g", shape: [TIMES, 1, UNITS], values: codes, encoding: "symmetric" },
  ...GATES.filter(({ name }) => name !== "i" && name !== "g"),
  norms("dh", [1e-3, 1e-2, 1e-1, 1]),
  norms("dy", [0, 0, 0, 1]),
];
const tokens = [["the", "gate", "said", "so"]];
export const frameOf = (number: number) => step(number, { tokens, scalars: { loss: 10 - number } }, planes);
const loss = curves({ loss: [0, 1, 2, 3, 4].map((at) => [at, 10 - at] as const) });
export const snapshot = join(loss, frameOf(0), frameOf(2), frameOf(4));

export const endings: Array<() => void> = [];
export let host: HTMLElement;

beforeEach(() => {
  host = document.createElement("div");
  host.style.width = "900px";
  document.body.append(host);
});

afterEach(() => {
  for (const end of endings.splice(0)) end();
  host.remove();
});

/** A view of a model, painted. */
export async function show(model: FakeModel, el = host): Promise<HTMLElement> {
  const { initialize, render } = widget();
  endings.push(initialize({ model }), render({ model, el }));
  return painted(el);
}

export async function painted(el: HTMLElement): Promise<HTMLElement> {
  await expect.poll(() => el.querySelector<HTMLElement>(".rnnw")?.dataset["painted"]).toBeDefined();
  return el.querySelector(".rnnw") as HTMLElement;
}

export const recorded = (changes: Record<string, unknown> = {}) =>
  new FakeModel({ _meta: meta(5), _snapshot: new DataView(snapshot.slice().buffer), ...changes });

export function part<E extends HTMLElement>(root: HTMLElement, role: string): E {
  const found = root.querySelector<E>(`[data-role="${role}"]`);
  if (!found) throw new Error(`there is no ${role}`);
  return found;
}

export function pixel(canvas: HTMLCanvasElement, x: number, y: number): number {
  const data = canvas
    .getContext("2d")
    ?.getImageData(Math.floor(x * canvas.width), Math.floor(y * canvas.height), 1, 1).data;
  return new Uint32Array(data?.buffer ?? new ArrayBuffer(4))[0] as number;
}

export function slide(slider: HTMLInputElement, value: number, ...events: string[]): void {
  slider.value = String(value);
  for (const name of events) slider.dispatchEvent(new Event(name, { bubbles: true }));
}
