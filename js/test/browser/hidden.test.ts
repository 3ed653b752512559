import { expect, test } from "vitest";
import { delta, step } from "../frames";
import { FakeModel } from "./model";
import { frameOf, host, part, planes, show, slide } from "./stage";

const frames = (root: HTMLElement, count: number) =>
  expect.poll(() => root.dataset["latest"], { timeout: 3000 }).toBe(String(count));
const send = (model: FakeModel, seq: number) =>
  model.emit("msg:custom", delta(seq), [seq % 2 ? frameOf(seq).buffer : step(seq, {}, planes).buffer]);

test("a view that is hidden takes what comes, paints nothing and does not grow; shown again, it paints the latest", async () => {
  const model = new FakeModel();
  const root = await show(model);
  send(model, 1);
  await expect.poll(() => root.dataset["step"]).toBe("1");
  host.style.display = "none";
  await expect.poll(() => root.clientWidth).toBe(0);
  const [painted, elements] = [root.dataset["painted"], root.querySelectorAll("*").length];
  for (let seq = 2; seq <= 400; seq++) send(model, seq);
  await frames(root, 400);
  expect(root.dataset["painted"]).toBe(painted);
  expect(root.querySelectorAll("*").length).toBe(elements);
  host.style.display = "";
  await expect.poll(() => root.dataset["step"]).toBe("400");
});

test("a view that is scrolled away paints nothing until it is in sight again", async () => {
  const model = new FakeModel();
  const root = await show(model);
  send(model, 1);
  await expect.poll(() => root.dataset["step"]).toBe("1");
  host.style.marginTop = "6000px";
  let seq = 1;
  const still = async () => {
    const before = root.dataset["painted"];
    send(model, ++seq);
    await frames(root, seq);
    return root.dataset["painted"] === before;
  };
  await expect.poll(still).toBe(true);
  host.style.marginTop = "0";
  await expect.poll(() => root.dataset["step"]).toBe(String(seq));
});

test("a slider chooses among the steps that were painted, whatever has come since", async () => {
  const model = new FakeModel();
  const root = await show(model);
  for (const seq of [2, 4, 6]) send(model, seq);
  await expect.poll(() => root.dataset["step"]).toBe("6");
  host.style.display = "none";
  await expect.poll(() => root.clientWidth).toBe(0);
  send(model, 7);
  model.emit("msg:custom", delta(8), [step(3, {}, planes).buffer]);
  await frames(root, 7);
  slide(part(root, "step"), 1, "input", "change");
  expect(model.saved).toEqual([{ step: 4 }]);
});
