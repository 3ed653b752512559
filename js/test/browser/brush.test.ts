import { describe, expect, test } from "vitest";
import { userEvent } from "vitest/browser";
import { curves, delta, join, meta } from "../frames";
import { FakeModel } from "./model";
import { type At, click, hover, press, swipe } from "./pointer";
import { frameOf, part, pixel, show } from "./stage";

const losses = (last: number) =>
  curves({ loss: Array.from({ length: last + 1 }, (_, at) => [at, 100 / (1 + at)] as const) });
const HELD = [0, 10, 20, 30, 40, 50, 60];
/** Where step 0 and step 60 stand in the one chart, as it stands in a figure of 868 pixels. */
const [LEFT, RIGHT] = [52, 14];

async function stage() {
  const snapshot = join(losses(60), ...HELD.map(frameOf));
  const model = new FakeModel({
    ...{ _panels: ["status", "steps", "curves"], _meta: meta(9), _snapshot: new DataView(snapshot.buffer) },
  });
  const root = await show(model);
  const canvas = part<HTMLCanvasElement>(root, "curves");
  await expect.poll(() => canvas.getAttribute("aria-label")).toContain("step 60");
  const box = () => canvas.getBoundingClientRect();
  const across = (share: number) => box().left + LEFT + share * (box().width - LEFT - RIGHT);
  /** A point of the chart, and one of the strip, at a share of the steps that it shows. */
  const chart = (share: number): At => [across(share), box().top + 80];
  const strip = (share: number): At => [across(share), box().bottom - 20];
  const range = () => [part(root, "range").textContent, part(root, "whole-run").hidden];
  const marked = (share: number) => pixel(canvas, (across(share) - box().left) / box().width, 0.3) !== 0;
  return { model, root, canvas, chart, strip, range, marked };
}

describe("a drag over a chart of training", () => {
  test("marks steps while it lasts, and draws them alone once it is let go; the step shown stays", async () => {
    const { model, root, canvas, chart, range, marked } = await stage();
    const release = await press([chart(0.251), chart(0.4), chart(0.749)]);
    await expect.poll(range).toEqual(["steps 15 to 45", true]);
    expect([0.2, 0.3, 0.7, 0.8].map(marked)).toEqual([false, true, true, false]);
    await release();
    await expect.poll(range).toEqual(["steps 15 to 45", false]);
    expect([0.2, 0.3, 0.7, 0.8].map(marked)).toEqual([false, false, false, false]);
    expect(canvas.getAttribute("aria-label")).toContain("Over training: step 60, steps 15 to 45");
    expect([root.dataset["step"], model.saved]).toEqual(["60", []]);
    await expect.poll(() => root.querySelector("[aria-live]")?.textContent).toBe("steps 15 to 45");
  });

  test("within a range draws a range of it, from right to left as well; outside the chart to its end", async () => {
    const { chart, range } = await stage();
    await (await press([chart(0.899), chart(0.251)]))();
    await expect.poll(range).toEqual(["steps 15 to 54", false]);
    await (await press([chart(0.5), chart(1), chart(1.05)]))();
    await expect.poll(range).toEqual(["steps 34 to 54", false]);
  });

  test.each(["Escape", "0"])("is undone by the key %s, which the page does not hear of", async (key) => {
    const { canvas, chart, range } = await stage();
    await (await press([chart(0.251), chart(0.749)]))();
    await expect.poll(range).toEqual(["steps 15 to 45", false]);
    const heard: string[] = [];
    const hear = (event: KeyboardEvent) => heard.push(event.key);
    document.addEventListener("keydown", hear);
    canvas.focus();
    await userEvent.keyboard(`{${key}}`);
    document.removeEventListener("keydown", hear);
    await expect.poll(range).toEqual(["", true]);
    expect(heard).toEqual([]);
  });

  test("is undone by a double click and by the button", async () => {
    const { root, chart, range } = await stage();
    for (const undo of [() => click(chart(0.5), 2), () => part(root, "whole-run").click()]) {
      await (await press([chart(0.251), chart(0.749)]))();
      await expect.poll(range).toEqual(["steps 15 to 45", false]);
      await undo();
      await expect.poll(range).toEqual(["", true]);
    }
  });

  test("leaves no trace where Escape is pressed while it lasts, and a range stays as it was", async () => {
    const { model, chart, range, marked } = await stage();
    await (await press([chart(0.251), chart(0.749)]))();
    const release = await press([chart(0.21), chart(0.59)]);
    await expect.poll(range).toEqual(["steps 21 to 33", false]);
    await userEvent.keyboard("{Escape}");
    await expect.poll(range).toEqual(["steps 15 to 45", false]);
    await release();
    expect([range(), marked(0.4), model.saved]).toEqual([["steps 15 to 45", false], false, []]);
  });

  test("with Shift goes through the steps held, and tells the kernel once it is let go", async () => {
    const { model, root, chart, range } = await stage();
    const release = await press([chart(0.1), chart(0.3)], true);
    await expect.poll(() => root.dataset["step"]).toBe("20");
    expect(model.saved).toEqual([]);
    await release();
    expect([model.saved, range()]).toEqual([[{ step: 20 }], ["", true]]);
  });

  test("says under the pointer what the step was, and while it lasts which steps are marked", async () => {
    const { root, chart, strip } = await stage();
    const lines = () => [...(root.querySelectorAll("[data-shown] div") ?? [])].map(({ textContent }) => textContent);
    await hover(chart(0.5));
    await expect.poll(lines).toEqual(["step 30", "loss: 3.23"]);
    await hover(strip(0.5));
    await expect.poll(lines).toEqual(["step 30", "loss: 3.23"]);
    const release = await press([chart(0.251), chart(0.749)]);
    await expect.poll(lines).toEqual(["steps 15 to 45"]);
    await release();
  });

  test("of a finger marks and draws steps as well; a tap goes to a step", async () => {
    const { model, root, chart, range } = await stage();
    await swipe([chart(0.251), chart(0.5), chart(0.749)]);
    await expect.poll(range).toEqual(["steps 15 to 45", false]);
    await swipe([chart(0.5)]);
    await expect.poll(() => root.dataset["step"]).toBe("30");
    expect(model.saved).toEqual([{ step: 30 }]);
  });
});

test("a click in a chart of training goes to the nearest step held, and draws no range", async () => {
  const { model, root, chart, range } = await stage();
  await click(chart(0.349));
  await expect.poll(() => root.dataset["step"]).toBe("20");
  expect([model.saved, range()]).toEqual([[{ step: 20 }], ["", true]]);
});

test("a drag on the strip draws the steps that it has gone over so far", async () => {
  const { chart, strip, range } = await stage();
  const release = await press([strip(0.251), strip(0.5)]);
  await expect.poll(range).toEqual(["steps 15 to 30", false]);
  await release();
  const longer = await press([strip(0.251), strip(0.5), strip(0.749)]);
  await expect.poll(range).toEqual(["steps 15 to 45", false]);
  await longer();
  await click(chart(0.5));
  expect(range()).toEqual(["steps 15 to 45", false]);
});

test("+ and - in the charts of training draw less and more steps about the one shown; arrows go from step to step", async () => {
  const { model, root, canvas, range } = await stage();
  canvas.focus();
  await userEvent.keyboard("{ArrowLeft}{ArrowLeft}");
  await expect.poll(() => root.dataset["step"]).toBe("40");
  expect(model.saved).toEqual([{ step: 50 }, { step: 40 }]);
  await userEvent.keyboard("++");
  await expect.poll(range).toEqual(["steps 33 to 48", false]);
  await userEvent.keyboard("-");
  await expect.poll(range).toEqual(["steps 25 to 55", false]);
  await userEvent.keyboard("-");
  await expect.poll(range).toEqual(["", true]);
});

test("a range stays as it is while steps arrive, until another run begins", async () => {
  const { model, root, chart, range } = await stage();
  await (await press([chart(0.251), chart(0.749)]))();
  await expect.poll(range).toEqual(["steps 15 to 45", false]);
  model.emit("msg:custom", delta(10), [new DataView(join(losses(90), frameOf(90)).buffer)]);
  await expect.poll(() => root.dataset["step"]).toBe("90");
  expect(range()).toEqual(["steps 15 to 45", false]);
  model.emit("msg:custom", delta(1, { run: "another" }), [new DataView(join(losses(70), frameOf(70)).buffer)]);
  await expect.poll(() => root.dataset["step"]).toBe("70");
  expect(range()).toEqual(["", true]);
});
