/** A color bar with numbers beside it, and swatches for what is not a number. */

import { css, diverging, pack, SPECIAL, sequential } from "../color";
import type { Box } from "../scale";
import type { Look } from "../theme";
import { paintGrid } from "./grid";
import { label, paintLabels } from "./label";

export interface Legend {
  readonly bar: Box;
  /** Positions of the ramp at the bottom and the top of the bar: of the sequential one from 0 on, else of the diverging. */
  readonly low: number;
  readonly high: number;
  readonly ticks: ReadonlyArray<{ readonly position: number; readonly text: string }>;
  readonly swatches: ReadonlyArray<{ readonly kind: keyof (typeof SPECIAL)["light"]; readonly text: string }>;
}

export function paintLegend(context: CanvasRenderingContext2D, legend: Legend, look: Look): void {
  const { bar, low, high } = legend;
  const ramp = low === 0 ? sequential() : diverging(look.mode, look.surface);
  const lines = Math.round(bar.height);
  paintGrid(context, bar, 1, lines, (_, line) => pack(ramp(high + ((low - high) * line) / Math.max(lines - 1, 1))));
  context.strokeStyle = look.grid;
  context.lineWidth = 1;
  context.strokeRect(bar.x - 0.5, bar.y - 0.5, bar.width + 1, bar.height + 1);
  const x = bar.x + bar.width + 5;
  const tickLabels = legend.ticks.map(({ position, text }) => {
    const y = bar.y + ((high - position) / (high - low)) * bar.height;
    return label(text, x, Math.min(Math.max(y, bar.y + 4), bar.y + bar.height - 4), "left", "muted");
  });
  const swatchLabels = legend.swatches.map(({ kind, text }, index) => {
    const y = bar.y + bar.height + 14 + 14 * index;
    context.fillStyle = css(SPECIAL[look.mode][kind]);
    context.fillRect(bar.x, y - 5, bar.width, 10);
    return label(text, x, y, "left", "ink");
  });
  paintLabels(context, [...tickLabels, ...swatchLabels], look);
}
