/** The part of an axis that is looked at, in indices; it may lie between them while it is zoomed, never outside. */

export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface Sight {
  readonly time: Span;
  readonly unit: Span;
}

/** Fewest indices that a span may show. */
const FEWEST = 2;

export function whole(count: number): Span {
  return { from: 0, to: count };
}

/** A span within `count` indices, as close as can be to the one wished; whole where none is wished. */
export function fitted(wish: Span | undefined, count: number): Span {
  if (!wish) return whole(count);
  const size = Math.max(Math.min(wish.to - wish.from, count), Math.min(FEWEST, count));
  const from = Math.max(0, Math.min(wish.from, count - size));
  return { from, to: from + size };
}

/** The whole indices nearest to a span, as many as it is long. */
export function rounded({ from, to }: Span, count: number): Span {
  const size = Math.min(count, Math.max(1, Math.round(to - from)));
  const first = Math.max(0, Math.min(Math.round(from), count - size));
  return { from: first, to: first + size };
}

/** A span `factor` times as long; what is at `share` of its length stays there. */
export function zoomed(span: Span, count: number, factor: number, share: number): Span {
  const size = Math.max((span.to - span.from) * factor, Math.min(FEWEST, count));
  const fixed = span.from + share * (span.to - span.from);
  return fitted({ from: fixed - share * size, to: fixed + (1 - share) * size }, count);
}

/** A span moved by a share of its length. */
export function panned(span: Span, count: number, share: number): Span {
  const by = share * (span.to - span.from);
  return fitted({ from: span.from + by, to: span.to + by }, count);
}

/** The least move of a span that shows an index. */
export function revealing(span: Span, count: number, index: number): Span {
  const { from, to } = rounded(span, count);
  const by = Math.min(0, index - from) + Math.max(0, index + 1 - to);
  return by === 0 ? span : fitted({ from: span.from + by, to: span.to + by }, count);
}

export function isWhole(sight: Sight | null, times: number, units: number): boolean {
  if (!sight) return true;
  const full = ({ from, to }: Span, count: number) => from <= 0 && to >= count;
  return full(sight.time, times) && full(sight.unit, units);
}
