/** The script of an exported page: shows the recording that the page itself holds, and asks nobody for anything. */

import type { Bytes } from "../frame";
import type { Meta, Panel } from "../protocol.gen";
import { mount } from "./page";

interface Held {
  readonly meta: Meta;
  readonly panels: readonly Panel[];
}

function part(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`This page has no part named ${id}: export it again`);
  return found;
}

function bytesOf(base64: string): Bytes {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
  return bytes;
}

document.documentElement.lang ||= navigator.language;
const { meta, panels } = JSON.parse(part("rnnwidgets-meta").textContent ?? "") as Held;
const snapshot = bytesOf((part("rnnwidgets-frames").textContent ?? "").trim());
mount(part("rnnwidgets-view"), { meta, snapshot, panels, theme: "auto" });
