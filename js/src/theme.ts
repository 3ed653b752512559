/**
 * Light or dark, as the host says it, and the colors that canvases need, which cannot read CSS variables.
 *
 * JupyterLab, Notebook 7 and Voila mark the body with `data-jp-theme-light`; VS Code by a class; Colab by an attribute of
 * the root element; marimo and documentation sites by a class or `data-theme`. Otherwise the system's wish counts.
 */

import { type Mode, parse, type Rgb } from "./color";
import type { Theme } from "./protocol.gen";

export interface Look {
  readonly mode: Mode;
  /** What lies behind everything; the middle of diverging maps. */
  readonly surface: Rgb;
  readonly ink: string;
  readonly muted: string;
  readonly grid: string;
  readonly outline: string;
  /** Total gradient, direct gradient, gradient of the cell state; then the curves over training. */
  readonly total: string;
  readonly direct: string;
  readonly cell: string;
  /** Lines that are told apart by nothing but their color: Okabe and Ito's palette, in contrast to the surface. */
  readonly lines: readonly string[];
  readonly font: string;
}

type Fixed = Omit<Look, "surface" | "font">;

/** Gradients have the colors of the first lines. */
function looks(mode: Mode, [ink, muted, grid, outline]: readonly [string, string, string, string], all: string): Fixed {
  const lines = all.split(" ");
  const [total, direct, cell] = lines as [string, string, string];
  return { mode, ink, muted, grid, outline, total, direct, cell, lines };
}

export const LOOKS: Record<Mode, Fixed> = {
  light: looks(
    "light",
    ["#1c2127", "#5d6670", "#e3e7ea", "#1a1f26"],
    "#1f68b3 #b34c12 #1f775c #a3427c #8a6500 #2f8fbf #5d6670 #7a3fb0",
  ),
  dark: looks(
    "dark",
    ["#e8ebee", "#9ba4ae", "#2d3339", "#ffffff"],
    "#63b3f5 #f2915a #4cc7a1 #e58fc0 #e0b84a #8fd3f0 #9ba4ae #b996ec",
  ),
};
export const SURFACES: Record<Mode, Rgb> = { light: parse("#ffffff"), dark: parse("#15181c") };

/** Colors that the style sheet takes from here. */
const SHARED = ["ink", "muted", "grid"] as const;

const DARK = /\b(dark|vscode-dark|dark-theme|dark-mode|vscode-high-contrast)\b/;
const LIGHT = /\b(light|vscode-light|light-theme|light-mode|vscode-high-contrast-light)\b/;

/** What the host's page says. */
export function hostMode(page: Document): Mode {
  const jupyter = page.body.getAttribute("data-jp-theme-light");
  if (jupyter !== null) return jupyter === "false" ? "dark" : "light";
  for (const element of [page.body, page.documentElement]) {
    const words = `${element.className} ${element.getAttribute("theme") ?? ""} ${element.getAttribute("data-theme") ?? ""}`;
    if (LIGHT.test(words)) return "light";
    if (DARK.test(words)) return "dark";
  }
  return page.defaultView?.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/** Calls back whenever the host may have changed its theme. */
export function observeHost(page: Document, changed: () => void): () => void {
  const observer = new MutationObserver(changed);
  const attributeFilter = ["class", "theme", "data-theme", "data-jp-theme-light", "data-jp-theme-name"];
  for (const element of [page.body, page.documentElement]) {
    observer.observe(element, { attributes: true, attributeFilter });
  }
  const system = page.defaultView?.matchMedia("(prefers-color-scheme: dark)");
  system?.addEventListener("change", changed);
  return () => {
    observer.disconnect();
    system?.removeEventListener("change", changed);
  };
}

/** The colors of a view: the theme asked for, or the host's, on the surface that the root element really has. */
export function lookOf(root: HTMLElement, theme: Theme): Look {
  const mode = theme === "auto" ? hostMode(root.ownerDocument) : theme;
  root.dataset["theme"] = mode;
  delete root.dataset["surface"];
  for (const name of SHARED) root.style.setProperty(`--${name}`, LOOKS[mode][name]);
  LOOKS[mode].lines.forEach((color, line) => void root.style.setProperty(`--line${line}`, color));
  const style = getComputedStyle(root);
  const behind = colorOf(style.backgroundColor);
  const fits = behind !== null && suits(behind, mode);
  if (!fits) root.dataset["surface"] = "own";
  return { ...LOOKS[mode], surface: fits ? behind : SURFACES[mode], font: style.fontFamily || "sans-serif" };
}

/** An opaque color as browsers compute it. */
export function colorOf(text: string): Rgb | null {
  const parts = /^rgb\((\d+), (\d+), (\d+)\)$/.exec(text);
  return parts ? [Number(parts[1]), Number(parts[2]), Number(parts[3])] : null;
}

/** Whether a surface is as light or as dark as the colors of a mode need it. */
export function suits([red, green, blue]: Rgb, mode: Mode): boolean {
  const luminance = (0.3 * red + 0.59 * green + 0.11 * blue) / 255;
  return mode === "light" ? luminance > 0.85 : luminance < 0.2;
}
