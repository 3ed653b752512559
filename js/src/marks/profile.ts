/** The silhouette of one number a band beside a heatmap: bars grown from a base line, filled in one color. */

import type { Box } from "../scale";
import type { Look } from "../theme";
import { paintRule } from "./rule";

export interface Profile {
  readonly box: Box;
  /** Whether the bars stand side by side, as under a heatmap, or lie one below the other, as beside it. */
  readonly upright: boolean;
  /** Where the base line is, as a share of the room the bars have: 0 at the heatmap, 1 at the far side. */
  readonly base: number;
  /** The end of each bar as such a share, one a band; NaN draws none. */
  readonly ends: Float64Array;
}

export function paintProfile(context: CanvasRenderingContext2D, profile: Profile, look: Look): void {
  const { box, upright, base, ends } = profile;
  const [along, room] = upright ? [box.width, box.height] : [box.height, box.width];
  context.fillStyle = look.muted;
  context.globalAlpha = 0.55;
  context.beginPath();
  const to = (at: number, share: number) => {
    if (upright) context.lineTo(box.x + at, box.y + share * room);
    else context.lineTo(box.x + share * room, box.y + at);
  };
  to(0, base);
  ends.forEach((end, index) => {
    const share = Number.isNaN(end) ? base : end;
    for (const edge of [index, index + 1]) to(Math.round((along * edge) / ends.length), share);
  });
  to(along, base);
  context.fill();
  context.globalAlpha = 1;
  const line = base * room;
  if (upright) paintRule(context, [box.x, box.y + line], [box.x + box.width, box.y + line], look.grid);
  else paintRule(context, [box.x + line, box.y], [box.x + line, box.y + box.height], look.grid);
}
