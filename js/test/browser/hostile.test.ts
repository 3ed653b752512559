import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Bytes } from "../../src/frame";
import { delta, join, LSTM, meta, norms, type Planned, step } from "../frames";
import { mutated, random, WORD } from "../mutations";
import { FakeModel } from "./model";
import { frameOf, part, show, snapshot } from "./stage";

const ALL = [
  "status",
  "steps",
  "findings",
  "gates",
  "cell",
  "units",
  "flow",
  "matrix",
  "curves",
  "saturation",
  "weights",
];

const errors: string[] = [];
const note = ({ message }: ErrorEvent) => errors.push(message);

beforeEach(() => {
  errors.length = 0;
  window.addEventListener("error", note);
});

afterEach(() => {
  window.removeEventListener("error", note);
  expect(errors).toEqual([]);
});

const send = (model: FakeModel, seq: number, bytes: Bytes) => model.emit("msg:custom", delta(seq), [bytes.buffer]);
const painted = (root: HTMLElement) => Number(root.dataset["painted"]);

async function again(root: HTMLElement): Promise<void> {
  const before = painted(root);
  await expect.poll(() => painted(root), { interval: 5 }).toBeGreaterThan(before);
}

/** Every panel shows a picture or says a sentence. */
function expectNoBlank(root: HTMLElement): void {
  for (const section of root.querySelectorAll<HTMLElement>("[data-panel]:not([hidden])")) {
    const pictures = [...section.querySelectorAll("canvas")].filter(({ width, height }) => width * height > 1);
    const words = section.textContent?.trim() ?? "";
    expect(pictures.length + words.length, section.dataset["panel"] ?? "").toBeGreaterThan(0);
    expect(section.querySelector(".rnnw-fault")?.textContent ?? "", section.dataset["panel"] ?? "").toBe("");
  }
}

function quantities(shape: readonly [number, number, number], value: number): Planned[] {
  const values = new Uint8Array(shape[0] * shape[1] * shape[2]).fill(value);
  const gate = (name: string, encoding: "unit" | "symmetric" | "signed_log") => ({ name, shape, values, encoding });
  const logs = Array<number>(shape[0] * shape[1]).fill(value > 252 ? Number.NaN : 1);
  return [
    ...["i", "f", "o"].map((name) => gate(name, "unit")),
    ...["g", "c", "h"].map((name) => gate(name, "symmetric")),
    ...["dh", "dc"].map((name) => gate(name, "signed_log")),
    ...(shape[1] > 0 ? [norms("dh", logs, shape[1]), norms("dy", logs, shape[1])] : []),
  ];
}

describe("a view", () => {
  test.each([
    ["NaN everywhere", [4, 1, 3], 255],
    ["infinities everywhere", [4, 1, 3], 254],
    ["no units", [4, 1, 0], 0],
    ["no timestep", [0, 1, 3], 0],
    ["no sample", [4, 0, 3], 0],
    ["one timestep and one unit", [1, 1, 1], 126],
    ["10 000 timesteps", [10_000, 1, 2], 126],
    ["4096 units", [2, 1, 4096], 126],
  ] as const)("draws or says what a step with %s holds", async (_, shape, value) => {
    const model = new FakeModel({ _panels: ALL, unit: 0 });
    const root = await show(model);
    const lengths = Array<number>(shape[1]).fill(shape[0]);
    const samples = lengths.map((_length, index) => index);
    const layers = [{ ...LSTM, lengths }];
    send(model, 1, step(7, { layers, samples }, quantities(shape, value)));
    await expect.poll(() => root.dataset["step"]).toBe("7");
    for (const gate of ["c", "dh"]) {
      model.arrive({ gate });
      await expect.poll(() => root.dataset["gate"]).toBe(gate);
    }
    expectNoBlank(root);
  });

  test("says that messages were damaged, and goes on drawing what was sound", async () => {
    const model = new FakeModel({ _panels: ALL });
    const root = await show(model);
    send(model, 1, frameOf(3));
    const draw = random(5);
    for (let seq = 2; seq < 120; seq++) {
      send(model, seq, mutated(frameOf(seq), draw() < 0.8 ? "header" : "bytes", draw));
      if (seq % 6 === 0) await again(root);
    }
    await again(root);
    expectNoBlank(root);
    expect(part(root, "status").textContent).toContain("damaged");
    model.arrive({ _meta: meta(200), _snapshot: snapshot });
    await expect.poll(() => root.dataset["state"]).toBe("live");
    expect(part(root, "status").textContent).not.toContain("damaged");
  });

  test("shows names of 10 000 characters with controls and bidirectional marks, within its width and as codes", async () => {
    const planes = quantities([4, 1, 3], 126).map((plane) => ({ ...plane, layer: WORD }));
    const tokens = [[WORD, "\u202eevil", "", "\u0000"]];
    const header = {
      layers: [
        { ...LSTM, name: WORD },
        { ...LSTM, name: `2${WORD}` },
      ],
      tokens,
      scalars: { [WORD]: 1 },
    };
    const model = new FakeModel({ _panels: ALL });
    const root = await show(model);
    send(model, 1, join(step(1, { ...header, norms: { [WORD]: [1, 2, 3] } }, planes)));
    await expect.poll(() => root.dataset["step"]).toBe("1");
    model.arrive({ time: 1 });
    await expect.poll(() => root.dataset["time"]).toBe("1");
    const wide = [...root.querySelectorAll("*")].filter(
      (one) => one.getBoundingClientRect().right > root.getBoundingClientRect().right + 1,
    );
    expect(wide.map((one) => one.className)).toEqual([]);
    expect(part(root, "time").getAttribute("aria-valuetext")).toContain("\u27e8202e\u27e9evil");
    for (const unseen of ["\u0000", "\u202e", "\u200b"]) expect(root.textContent).not.toContain(unseen);
    expectNoBlank(root);
  });

  test("of another protocol's recording says so in a sentence", async () => {
    const model = new FakeModel({ _meta: { ...meta(1), version: 99 }, _snapshot: snapshot });
    const root = await show(model);
    expect(root.textContent).toContain("protocol 99");
  });
});
