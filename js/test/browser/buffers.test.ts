/** Buffers of another frame of the page, as in hosts that draw each output in one, and buffers that never came. */

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { delta, meta } from "../frames";
import { FakeModel } from "./model";
import { frameOf, part, show, snapshot } from "./stage";

type Realm = Window & Pick<typeof globalThis, "ArrayBuffer" | "DataView" | "Uint8Array" | "JSON">;

let frame: HTMLIFrameElement;
let realm: Realm;
const errors: string[] = [];
const note = ({ message }: ErrorEvent) => errors.push(message);

beforeEach(() => {
  frame = document.createElement("iframe");
  document.body.append(frame);
  realm = frame.contentWindow as Realm;
  errors.length = 0;
  window.addEventListener("error", note);
});

afterEach(() => {
  window.removeEventListener("error", note);
  frame.remove();
  expect(errors).toEqual([]);
});

/** The bytes at offset 5 of a larger buffer of the frame. */
function memory(bytes: Uint8Array): ArrayBuffer {
  const larger = new realm.ArrayBuffer(bytes.length + 9);
  new Uint8Array(larger).set(bytes, 5);
  return larger;
}

const MADE: ReadonlyArray<readonly [string, (bytes: Uint8Array) => unknown]> = [
  ["an ArrayBuffer", (bytes) => memory(bytes).slice(5, 5 + bytes.length)],
  ["a DataView at an odd offset", (bytes) => new realm.DataView(memory(bytes), 5, bytes.length)],
  ["a Uint8Array at an odd offset", (bytes) => new realm.Uint8Array(memory(bytes), 5, bytes.length)],
  ["a list of numbers", (bytes) => realm.JSON.parse(JSON.stringify([...bytes]))],
];

describe.each(MADE)("%s of another frame", (_, make) => {
  test("is shown as one of this page, as a trait and with a message, also when the frame is gone", async () => {
    expect(make(snapshot)).not.toBeInstanceOf(Object);
    const model = new FakeModel({ _meta: realm.JSON.parse(JSON.stringify(meta(5))), _snapshot: make(snapshot) });
    const root = await show(model);
    expect(root.dataset).toMatchObject({ state: "live", frames: "3", step: "4", seq: "5" });
    const buffer = make(frameOf(9));
    const content = realm.JSON.parse(JSON.stringify(delta(6)));
    frame.remove();
    model.emit("msg:custom", content, [buffer]);
    await expect.poll(() => root.dataset["step"]).toBe("9");
    expect(root.dataset).toMatchObject({ state: "live", frames: "4", seq: "6" });
  });
});

const NONE = [undefined, null, [], [null], [{}], ["UlNOVw=="], [new ArrayBuffer(0)]];

describe.each(NONE.map((buffers) => [JSON.stringify(buffers) ?? "undefined", buffers] as const))(
  "a message with %s for buffers",
  (_, buffers) => {
    test("says that it is damaged, and the picture stays until a snapshot heals it", async () => {
      const model = new FakeModel({ _meta: meta(5), _snapshot: snapshot });
      const root = await show(model);
      model.emit("msg:custom", delta(6), buffers);
      await expect.poll(() => root.dataset["state"]).toBe("gap");
      expect(part(root, "status").textContent).toContain("1 message damaged");
      expect(root.dataset).toMatchObject({ frames: "3", step: "4" });
      model.arrive({ _meta: meta(6), _snapshot: snapshot });
      await expect.poll(() => root.dataset["state"]).toBe("live");
    });
  },
);

test.each([null, undefined, "", "UlNOVw==", {}, []])(
  "a view whose snapshot came as %j says so, and waits",
  async (lost) => {
    const root = await show(new FakeModel({ _meta: meta(5), _snapshot: lost }));
    expect(root.dataset["state"]).toBe("gap");
    expect(part(root, "status").textContent).toContain("1 message damaged");
    expect(part(root, "status").textContent).toContain("Waiting for the first training step");
  },
);
