/** A widget's model as hosts give it, and what is listened to until it ends. */

export interface Model {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  on(name: string, listener: (...details: unknown[]) => void): void;
  off(name: string, listener: (...details: unknown[]) => void): void;
}

export type End = () => void;

export function all(endings: readonly End[]): End {
  return () => {
    for (const end of endings) end();
  };
}

export function listen(model: Model, name: string, listener: (...details: unknown[]) => void): End {
  model.on(name, listener);
  return () => model.off(name, listener);
}
