import { describe, expect, test } from "vitest";
import type { Bytes } from "../../src/frame";
import widget from "../../src/host/jupyter";
import { mount } from "../../src/host/page";
import { CHINESE, ENGLISH } from "../../src/strings";
import { delta, meta } from "../frames";
import { FakeModel, PANELS } from "./model";
import { endings, frameOf, host, painted, part, recorded, show, snapshot } from "./stage";

const send = (model: FakeModel, seq: number, bytes: Bytes) =>
  model.emit("msg:custom", delta(seq), [new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)]);

describe("messages", () => {
  test("are shown as they come, and attributes say what was painted", async () => {
    const model = new FakeModel();
    const root = await show(model);
    expect(root.dataset).toMatchObject({ state: "waiting", frames: "0", step: "", latest: "" });
    send(model, 1, frameOf(3));
    await expect.poll(() => root.dataset["step"]).toBe("3");
    expect(root.dataset).toMatchObject({
      state: "live",
      run: "run",
      seq: "1",
      latest: "3",
      frames: "1",
      gate: "i",
      layer: "lstm.l0",
    });
    send(model, 4, frameOf(9));
    await expect.poll(() => root.dataset["state"]).toBe("gap");
    model.arrive({ _meta: meta(4), _snapshot: snapshot });
    await expect.poll(() => root.dataset["state"]).toBe("live");
    expect(root.dataset["frames"]).toBe("5");
    expect(model.saved).toEqual([]);
  });

  test("that came before the view was shown are in it", async () => {
    const model = new FakeModel();
    const { initialize, render } = widget();
    endings.push(initialize({ model }));
    send(model, 1, frameOf(3));
    endings.push(render({ model, el: host }));
    expect((await painted(host)).dataset["step"]).toBe("3");
  });

  test("of no kind that is known are ignored", async () => {
    const model = recorded();
    const root = await show(model);
    for (const content of [null, "text", {}, { kind: "other" }]) model.emit("msg:custom", content, []);
    expect(root.dataset["seq"]).toBe("5");
  });
});

describe("a view", () => {
  test("paints nothing while it has no size, and all of it when it gets one", async () => {
    host.style.display = "none";
    const { initialize, render } = widget();
    const model = recorded();
    endings.push(initialize({ model }), render({ model, el: host }));
    const root = host.querySelector(".rnnw") as HTMLElement;
    await expect.poll(() => root.dataset["frames"]).toBe("3");
    expect(root.dataset["painted"]).toBeUndefined();
    host.style.display = "";
    await expect.poll(() => root.dataset["painted"]).toBeDefined();
    expect(part<HTMLCanvasElement>(root, "heatmap").width).toBeGreaterThan(500);
  });

  test("paints even when it was without a size just when it wanted to", async () => {
    const model = recorded();
    const root = await show(model);
    for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
    const before = root.dataset["painted"];
    requestAnimationFrame(() => {
      host.style.display = "none";
    });
    model.arrive({ theme: "dark" });
    requestAnimationFrame(() => {
      expect([root.dataset["theme"], root.dataset["painted"]]).toEqual(["light", before]);
      host.style.display = "";
    });
    await expect.poll(() => root.dataset["theme"]).toBe("dark");
  });

  test.each([320, 380, 600, 900, 1180])("stays within %d pixels", async (width) => {
    host.style.width = `${width}px`;
    const root = await show(recorded());
    const { right } = root.getBoundingClientRect();
    expect(root.scrollWidth).toBeLessThanOrEqual(width);
    for (const child of root.querySelectorAll("section *")) {
      if (!child.closest(".rnnw-hidden")) expect(child.getBoundingClientRect().right).toBeLessThanOrEqual(right + 0.5);
    }
  });

  test("stands beside its curves where there is room", async () => {
    host.style.width = "1180px";
    const root = await show(recorded());
    const box = (panel: string) => (root.querySelector(`[data-panel="${panel}"]`) as Element).getBoundingClientRect();
    expect(box("curves").left).toBeGreaterThan(box("gates").right);
    expect(box("flow").top).toBeGreaterThanOrEqual(box("gates").bottom);
    expect(box("curves").top).toBe(box("gates").top);
  });

  test("draws the panels asked for, in the order of their rows, also when they change", async () => {
    const model = recorded({ _panels: ["flow", "status"], _rows: [[["flow"]], [["status"]]] });
    await show(model);
    const panels = () => [...host.querySelectorAll("[data-panel]")].map((one) => one.getAttribute("data-panel"));
    expect(panels()).toEqual(["flow", "status"]);
    model.arrive({ _rows: [], _panels: ["gates"] });
    expect(panels()).toEqual(["gates"]);
    await painted(host);
  });

  test("keeps its keys from the host's shortcuts", async () => {
    const root = await show(recorded());
    let heard = 0;
    const hear = () => {
      heard += 1;
    };
    document.addEventListener("keydown", hear);
    part(root, "step").dispatchEvent(new KeyboardEvent("keydown", { key: "j", bubbles: true }));
    document.removeEventListener("keydown", hear);
    expect(heard).toBe(0);
    expect(root.closest("[data-lm-suppress-shortcuts='true']")).toBe(root);
  });

  test("follows the host's theme as it changes", async () => {
    const root = await show(recorded({ theme: "auto" }));
    document.body.setAttribute("data-jp-theme-light", "false");
    await expect.poll(() => root.dataset["theme"]).toBe("dark");
    document.body.setAttribute("data-jp-theme-light", "true");
    await expect.poll(() => root.dataset["theme"]).toBe("light");
    document.body.removeAttribute("data-jp-theme-light");
    document.documentElement.setAttribute("theme", "dark");
    await expect.poll(() => root.dataset["theme"]).toBe("dark");
    document.documentElement.removeAttribute("theme");
  });

  test("leaves no timer, frame or observer behind, whatever was going on when it ended", async () => {
    const pending = new Set<string>();
    const timer = (name: "setTimeout" | "requestAnimationFrame", end: "clearTimeout" | "cancelAnimationFrame") => {
      const [begin, cancel] = [window[name], window[end]];
      const called = (call: (...details: unknown[]) => void, ...rest: unknown[]) => {
        const id: number = Reflect.apply(begin, window, [
          (...details: unknown[]) => {
            pending.delete(`${name} ${id}`);
            call(...details);
          },
          ...rest,
        ]);
        pending.add(`${name} ${id}`);
        return id;
      };
      const cleared = (id: number) => {
        pending.delete(`${name} ${id}`);
        Reflect.apply(cancel, window, [id]);
      };
      Object.assign(window, { [name]: called, [end]: cleared });
      return () => Object.assign(window, { [name]: begin, [end]: cancel });
    };
    const watching = new Map<unknown, string>();
    const observer = (kind: { prototype: { observe: unknown; disconnect: unknown } }) => {
      const { observe, disconnect } = kind.prototype;
      kind.prototype.observe = function (this: unknown, ...rest: unknown[]) {
        watching.set(this, watching.get(this) ?? `observer ${watching.size}`);
        pending.add(watching.get(this) as string);
        Reflect.apply(observe as () => void, this, rest);
      };
      kind.prototype.disconnect = function (this: unknown) {
        pending.delete(watching.get(this) ?? "");
        Reflect.apply(disconnect as () => void, this, []);
      };
      return () => Object.assign(kind.prototype, { observe, disconnect });
    };
    const { initialize, render } = widget();
    const model = new FakeModel({ theme: "auto", _panels: [...PANELS, "cell", "units", "matrix"] });
    const restores = [
      timer("setTimeout", "clearTimeout"),
      timer("requestAnimationFrame", "cancelAnimationFrame"),
      ...[ResizeObserver, IntersectionObserver, MutationObserver].map(observer),
    ];
    const ends = [initialize({ model }), render({ model, el: host })];
    const root = host.querySelector(".rnnw") as HTMLElement;
    for (const seq of [1, 2, 3]) send(model, seq, frameOf(seq));
    const begun = performance.now();
    while (root.dataset["step"] !== "3" && performance.now() - begun < 5000) await new Promise(requestAnimationFrame);
    for (const role of ["play-time", "play"]) part(root, role).click();
    part(root, "heatmap").dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
    part(root, "heatmap").dispatchEvent(new KeyboardEvent("keyup", { key: "ArrowRight", bubbles: true }));
    send(model, 4, frameOf(4));
    const during = [...pending].map((name) => name.split(" ")[0]);
    for (const end of ends.reverse()) end();
    for (const restore of restores) restore();
    expect(new Set(during)).toEqual(new Set(["setTimeout", "requestAnimationFrame", "observer"]));
    expect([...pending]).toEqual([]);
  });

  test("speaks the language of its trait, and changes it at once", async () => {
    const model = recorded({ language: "zh" });
    let root = await show(model);
    expect(root.getAttribute("aria-label")).toBe(CHINESE.view);
    model.arrive({ language: "en" });
    root = await painted(host);
    expect(host.querySelectorAll(".rnnw")).toHaveLength(1);
    expect(root.getAttribute("aria-label")).toBe(ENGLISH.view);
    document.documentElement.lang = "zh-CN";
    model.arrive({ language: "auto" });
    root = await painted(host);
    expect(root.getAttribute("aria-label")).toBe(CHINESE.view);
    document.documentElement.lang = "";
  });

  test("stands on a plain page from the bytes of a snapshot", async () => {
    endings.push(mount(host, { meta: meta(5), snapshot, panels: PANELS, theme: "light" }));
    const root = await painted(host);
    expect(root.dataset).toMatchObject({ run: "run", frames: "3", step: "4", seq: "5" });
  });

  test("leaves nothing behind: no element, no listener, no cursor", async () => {
    const kept = new Map<string, number>();
    const { addEventListener, removeEventListener } = EventTarget.prototype;
    const outside = (target: EventTarget) =>
      target === window || target === document || target instanceof MediaQueryList;
    EventTarget.prototype.addEventListener = function (this: EventTarget, name: string, ...rest) {
      const count = (by: number) => kept.set(name, (kept.get(name) ?? 0) + by);
      if (outside(this ?? window)) {
        count(1);
        const { signal } = (rest[1] ?? {}) as AddEventListenerOptions;
        if (signal) addEventListener.call(signal, "abort", () => count(-1));
      }
      addEventListener.call(this, name, ...rest);
    };
    EventTarget.prototype.removeEventListener = function (this: EventTarget, name: string, ...rest) {
      if (outside(this ?? window)) kept.set(name, (kept.get(name) ?? 0) - 1);
      removeEventListener.call(this, name, ...rest);
    };
    const model = recorded({ theme: "auto" });
    const root = await show(model);
    expect(model.listening).toBeGreaterThan(0);
    expect(kept.get("change")).toBe(1);
    for (const end of endings.splice(0).reverse()) end();
    Object.assign(EventTarget.prototype, { addEventListener, removeEventListener });
    expect([...kept.values()].every((count) => count === 0)).toBe(true);
    expect(model.listening).toBe(0);
    expect(host.childElementCount).toBe(0);
    const painted = root.dataset["painted"];
    document.body.setAttribute("data-jp-theme-light", "false");
    model.arrive({ time: 3 });
    await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    expect(root.dataset["painted"]).toBe(painted);
    document.body.removeAttribute("data-jp-theme-light");
    const page = globalThis as typeof globalThis & Record<symbol, Map<string, unknown>>;
    expect(page[Symbol.for("rnnwidgets.cursors")]?.size).toBe(0);
  });
});
