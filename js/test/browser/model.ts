/** A widget model as hosts give it: traits, events, and a count of what was saved. */

import type { Model } from "../../src/host/model";
import type { Panel } from "../../src/protocol.gen";

export const PANELS: readonly Panel[] = ["status", "steps", "gates", "flow", "curves"];

export class FakeModel implements Model {
  readonly listeners = new Map<string, Set<(...details: unknown[]) => void>>();
  readonly saved: Array<Record<string, unknown>> = [];
  #unsaved: Record<string, unknown> = {};
  readonly #state: Record<string, unknown>;

  constructor(state: Record<string, unknown> = {}) {
    const cursor = { step: null, time: 0, layer: "", gate: "", unit: null, sample: 0 };
    this.#state = { _meta: {}, _snapshot: null, _panels: PANELS, _rows: [], theme: "light", ...cursor, ...state };
  }

  get(name: string): unknown {
    return this.#state[name];
  }

  set(name: string, value: unknown): void {
    this.#unsaved[name] = value;
    this.arrive({ [name]: value });
  }

  save_changes(): void {
    this.saved.push(this.#unsaved);
    this.#unsaved = {};
  }

  /** Traits that the kernel changed, in one update. */
  arrive(changes: Record<string, unknown>): void {
    Object.assign(this.#state, changes);
    for (const name of Object.keys(changes)) this.emit(`change:${name}`);
  }

  emit(name: string, ...details: unknown[]): void {
    for (const listener of [...(this.listeners.get(name) ?? [])]) listener(...details);
  }

  on(name: string, listener: (...details: unknown[]) => void): void {
    const known = this.listeners.get(name) ?? new Set();
    this.listeners.set(name, known.add(listener));
  }

  off(name: string, listener: (...details: unknown[]) => void): void {
    this.listeners.get(name)?.delete(listener);
  }

  get listening(): number {
    return [...this.listeners.values()].reduce((sum, { size }) => sum + size, 0);
  }
}
