/**
 * How large elements are inside, as of the last layout. To ask the page itself, after one panel has written to it and
 * before the next does, would have it laid out anew for each.
 */

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Sizes {
  /** What has no size that is known is asked for it. */
  readonly of: (target: Element) => Size;
  readonly stop: () => void;
}

/** `changed` is called after a layout that changed a size that was asked for, and after the first. */
export function sizes(changed: () => void): Sizes {
  const known = new WeakMap<Element, Size>();
  const measure = (target: Element): Size => {
    const size = { width: target.clientWidth, height: target.clientHeight };
    known.set(target, size);
    return size;
  };
  const observer = new ResizeObserver((entries) => {
    for (const { target } of entries) measure(target);
    changed();
  });
  return {
    of: (target) => {
      const size = known.get(target);
      if (!size) observer.observe(target);
      return size?.width ? size : measure(target);
    },
    stop: () => observer.disconnect(),
  };
}
