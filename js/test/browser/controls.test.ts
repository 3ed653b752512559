import { describe, expect, test } from "vitest";
import { LSTM, meta, step } from "../frames";
import { host, part, planes, recorded, show, slide } from "./stage";

describe("sliders and buttons", () => {
  test("repaint from memory while they move, and save once, on release", async () => {
    const model = recorded();
    const root = await show(model);
    const before = Number(root.dataset["painted"]);
    slide(part(root, "time"), 2, "input");
    await expect.poll(() => root.dataset["time"]).toBe("2");
    slide(part(root, "step"), 1, "input");
    await expect.poll(() => root.dataset["step"]).toBe("2");
    expect(model.saved).toEqual([]);
    expect(Number(root.dataset["painted"])).toBeGreaterThan(before);
    slide(part(root, "step"), 1, "change");
    expect(model.saved).toEqual([{ step: 2, time: 2 }]);
    expect(part(root, "step").getAttribute("aria-valuetext")).toBe("step 2");
  });

  test("leave the latest step when a step is chosen, and return to it with the live button", async () => {
    const model = recorded();
    const root = await show(model);
    const live = part(root, "live");
    expect(live.getAttribute("aria-pressed")).toBe("true");
    part(root, "previous").click();
    await expect.poll(() => [root.dataset["step"], live.getAttribute("aria-pressed")]).toEqual(["2", "false"]);
    live.click();
    await expect.poll(() => [root.dataset["step"], live.getAttribute("aria-pressed")]).toEqual(["4", "true"]);
    expect(model.saved).toEqual([{ step: 2 }, { step: null }]);
  });

  test("stay where they are while the status says that the latest step is left", async () => {
    const root = await show(recorded());
    const { top } = part(root, "step").getBoundingClientRect();
    part(root, "previous").click();
    await expect.poll(() => part(root, "status").textContent).toContain("Paused at this step");
    expect(part(root, "step").getBoundingClientRect().top).toBe(top);
  });

  test("play the steps from the first to the last, then stop", async () => {
    const root = await show(recorded());
    const play = part(root, "play");
    play.click();
    await expect.poll(() => root.dataset["step"]).toBe("0");
    expect(play.getAttribute("aria-pressed")).toBe("true");
    await expect.poll(() => root.dataset["step"], { timeout: 5000 }).toBe("4");
    await expect.poll(() => play.getAttribute("aria-pressed")).toBe("false");
  });

  test("play through the sequence at the speed chosen, and settle at its end", async () => {
    const model = recorded();
    const root = await show(model);
    const speed = part<HTMLSelectElement>(root, "speed");
    speed.value = "8";
    speed.dispatchEvent(new Event("change", { bubbles: true }));
    part(root, "play-time").click();
    await expect.poll(() => root.dataset["time"], { timeout: 2000 }).toBe("3");
    await expect.poll(() => part(root, "play-time").getAttribute("aria-pressed")).toBe("false");
    expect(model.saved).toEqual([{ time: 3 }]);
  });

  test("are pressed by keys wherever the focus is, except in a field that takes them", async () => {
    const root = await show(recorded());
    const press = (target: Element, key: string) =>
      target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    press(part(root, "curves"), ",");
    await expect.poll(() => root.dataset["step"]).toBe("2");
    press(part(root, "heatmap"), ".");
    await expect.poll(() => root.dataset["step"]).toBe("4");
    press(part(root, "speed"), ",");
    press(part(root, "step"), "l");
    await expect.poll(() => part(root, "live").getAttribute("aria-pressed")).toBe("true");
  });

  test("choose a gate by its tab, by click and by arrow keys", async () => {
    const root = await show(recorded());
    const tab = (gate: string) => root.querySelector<HTMLElement>(`[role="tab"][data-gate="${gate}"]`);
    tab("g")?.click();
    await expect.poll(() => [root.dataset["gate"], tab("g")?.getAttribute("aria-selected")]).toEqual(["g", "true"]);
    tab("g")?.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true, cancelable: true }));
    await expect.poll(() => root.dataset["gate"]).toBe("o");
    expect(document.activeElement).toBe(tab("o"));
    expect(tab("f")?.title).toBe("forget gate f");
  });

  test("are offered for layers and samples only where there is a choice", async () => {
    const root = await show(recorded());
    expect(getComputedStyle(part(root, "layer").parentElement as Element).display).toBe("none");
    const model = recorded();
    const two = { layers: [LSTM, { ...LSTM, name: "lstm.l1" }], samples: [0, 7] };
    model.arrive({ _meta: meta(6), _snapshot: step(6, two, planes) });
    const other = await show(model, host.appendChild(document.createElement("div")));
    await expect.poll(() => getComputedStyle(part(other, "layer").parentElement as Element).display).not.toBe("none");
    expect([...part<HTMLSelectElement>(other, "sample").options].map(({ text }) => text)).toEqual(["0", "7"]);
  });
});

describe("the cursor", () => {
  test("is shared by views of a run, and saved by each model when it settles", async () => {
    const [one, two] = [recorded(), recorded()];
    const first = await show(one);
    const second = await show(two, host.appendChild(document.createElement("div")));
    slide(part(first, "time"), 3, "input");
    await expect.poll(() => second.dataset["time"]).toBe("3");
    expect([one.saved, two.saved]).toEqual([[], []]);
    slide(part(first, "time"), 3, "change");
    expect([one.saved, two.saved]).toEqual([[{ time: 3 }], [{ time: 3 }]]);
  });

  test("follows the kernel, without an answer to it", async () => {
    const model = recorded();
    const root = await show(model);
    model.arrive({ step: 0, gate: "g" });
    await expect.poll(() => [root.dataset["step"], root.dataset["gate"]]).toEqual(["0", "g"]);
    expect(model.saved).toEqual([]);
  });
});
