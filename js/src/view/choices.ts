/** The layer and the sample, chosen from lists that are there only where there is a choice. */

import { assign, element, listen } from "./dom";
import type { PanelView, Stage } from "./panel";

type Choice = { label: HTMLElement; select: HTMLSelectElement };

export function choices(stage: Stage): PanelView {
  const { strings, signal, move } = stage;
  const layer = choice("layer", strings.layer);
  const sample = choice("sample", strings.sample);
  listen(layer.select, "change", () => move({ layer: layer.select.value, unit: null }, true), signal);
  listen(sample.select, "change", () => move({ sample: Number(sample.select.value) }, true), signal);
  return {
    element: element("div", { class: "rnnw-choices" }, layer.label, sample.label),
    paint: ({ place }) => {
      offer(
        layer,
        place.layers.map((name) => [name, name]),
        place.layer?.name ?? "",
      );
      offer(
        sample,
        place.samples.map((index, position) => [String(position), String(index)]),
        String(place.sample),
      );
    },
  };
}

function choice(role: string, text: string): Choice {
  const select = element("select", { "data-role": role });
  return { label: element("label", { class: "rnnw-choice" }, text, select), select };
}

function offer({ label, select }: Choice, options: ReadonlyArray<[value: string, text: string]>, value: string): void {
  const known = [...select.options];
  if (
    known.length !== options.length ||
    options.some(([own, text], index) => own !== known[index]?.value || text !== known[index]?.text)
  ) {
    select.replaceChildren(...options.map(([own, text]) => element("option", { value: own }, text)));
  }
  if (select.value !== value) select.value = value;
  assign(label, "data-offered", options.length > 1);
}
