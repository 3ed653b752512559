import { expect, test } from "vitest";
import { delta } from "../frames";
import { FakeModel } from "./model";
import { frameOf, host, part, show } from "./stage";

const PANELS = ["status", "steps", "gates", "flow", "curves", "findings"];
const send = (model: FakeModel, seq: number) => model.emit("msg:custom", delta(seq), [frameOf(seq).buffer]);
const frame = () => new Promise(requestAnimationFrame);

async function shown(model: FakeModel): Promise<HTMLElement> {
  const root = await show(model);
  send(model, 1);
  await expect.poll(() => root.dataset["step"]).toBe("1");
  return root;
}

test("a paint asks the page for one size, however many panels there are", async () => {
  const model = new FakeModel({ _panels: PANELS });
  const root = await shown(model);
  for (let rest = 0; rest < 4; rest++) await frame();
  const asked: Element[] = [];
  const native = ["clientWidth", "clientHeight"].map(
    (name) => [name, Object.getOwnPropertyDescriptor(Element.prototype, name) as PropertyDescriptor] as const,
  );
  for (const [name, { get }] of native) {
    Object.defineProperty(Element.prototype, name, {
      configurable: true,
      get(this: Element) {
        if (root.contains(this)) asked.push(this);
        return Reflect.apply(get as () => number, this, []);
      },
    });
  }
  const painted = Number(root.dataset["painted"]);
  send(model, 2);
  await frame();
  await frame();
  for (const [name, descriptor] of native) Object.defineProperty(Element.prototype, name, descriptor);
  expect(root.dataset["step"]).toBe("2");
  expect(asked).toEqual(Array.from({ length: Number(root.dataset["painted"]) - painted }, () => root));
});

test("a picture is as wide as its place after the page has become narrower, and after it is wide again", async () => {
  const root = await shown(new FakeModel({ _panels: PANELS }));
  const widths = () => ["flow", "curves"].map((role) => part(root, role).clientWidth);
  const places = () => ["flow", "curves"].map((role) => part(root, role).parentElement?.clientWidth);
  for (const width of ["700px", "1000px"]) {
    const before = widths();
    host.style.width = width;
    await expect.poll(() => widths().every((now, index) => now !== before[index])).toBe(true);
    await expect.poll(() => widths().every((now, index) => now === places()[index])).toBe(true);
  }
});
