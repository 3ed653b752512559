/** Numbers as people read them: grouped digits, three significant ones, powers of ten with raised exponents. */

const SUPERSCRIPTS = "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079";
const MINUS = "\u2212";
const RAISED_MINUS = "\u207b";
const NARROW_SPACE = "\u202f";

/** 1240 -> "1 240". */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, NARROW_SPACE);
}

/** -3 -> "10⁻³". */
export function power(exponent: number): string {
  const digits = [...String(Math.abs(exponent))].map((digit) => SUPERSCRIPTS[Number(digit)]).join("");
  return `10${exponent < 0 ? RAISED_MINUS : ""}${digits}`;
}

/** Stands for a number of which no digit is known. */
export const dash = "\u2013";

/**
 * The power of ten of the last digit that a number known within `error` may be written to: rounding included, what is
 * written is then off by at most 0.6 of that digit.
 */
export function lastDigit(error: number): number {
  return error > 0 ? Math.ceil(Math.log10(10 * error) - 1e-9) : Number.NEGATIVE_INFINITY;
}

/**
 * Three significant digits, or fewer where the number is known only within `error`; a power of ten where it is very small
 * or large.
 */
export function value(number: number, error = 0): string {
  if (Number.isNaN(number)) return "NaN";
  const sign = number < 0 ? MINUS : "";
  const size = Math.abs(number);
  if (size === Number.POSITIVE_INFINITY) return `${sign}\u221e`;
  if (size === 0 && error === 0) return "0";
  const order = size === 0 ? Number.NEGATIVE_INFINITY : Number(size.toExponential(2).split("e")[1]);
  const small = order < -3;
  const last = Math.max(lastDigit(error), order >= 3 && order < 5 ? 0 : order - 2);
  if (last > order) return size > error || last >= 0 ? dash : (0).toFixed(-last);
  if (order >= 5 || small || last > 0) {
    const [mantissa, exponent] = size.toExponential(order - last).split("e") as [string, string];
    return `${sign}${trimmed(mantissa)}\u00d7${power(Number(exponent))}`;
  }
  return sign + (order >= 3 ? grouped(Math.round(size)) : trimmed(size.toFixed(-last)));
}

/** As `value`, to two decimals and in less room: for pictures that hold many numbers. */
export function short(number: number, error = 0): string {
  if (Number.isNaN(number)) return "NaN";
  const size = Math.abs(number);
  if (size === Number.POSITIVE_INFINITY) return `${number < 0 ? MINUS : ""}\u221e`;
  const order = size === 0 ? Number.NEGATIVE_INFINITY : Math.floor(Math.log10(size));
  const last = Math.max(lastDigit(error), size < 10 ? -2 : size < 100 ? -1 : size < 1e4 ? 0 : order - 1);
  if (last > 0 && last > order) return dash;
  const text = last > 0 ? size.toExponential(order - last).replace("e+", "e") : size.toFixed(-last);
  return number < 0 && Number(text) !== 0 ? MINUS + text : text;
}

/** As a program reads it: four significant digits, or fewer where fewer are known; empty where none is. */
export function plain(number: number, error = 0): string {
  if (!Number.isFinite(number)) return String(number);
  const size = Math.abs(number);
  if (size === 0 && error === 0) return "0";
  const order = size === 0 ? Number.NEGATIVE_INFINITY : Number(size.toExponential(3).split("e")[1]);
  const last = Math.max(lastDigit(error), order - 3);
  if (last > order) return size > error || last >= 0 ? "" : "0";
  return last > 0
    ? number.toExponential(order - last).replace(/\.?0+e/, "e")
    : String(Number(number.toFixed(Math.min(-last, 100))));
}

/** A number that was written, after its relation to the one recorded where they are not the same: "\u2264 0.5". */
export function related(relation: string, written: string): string {
  return relation === "=" ? written : `${relation} ${written}`;
}

/** A tick, which is round already. */
export function tick(number: number): string {
  const size = Math.abs(number);
  if (size >= 1e5 || (size > 0 && size < 1e-3)) return value(number);
  return (number < 0 ? MINUS : "") + (Number.isInteger(size) ? grouped(size) : trimmed(size.toFixed(6)));
}

/** 0.0231 -> "2.3 %". */
export function percent(ratio: number): string {
  return `${(100 * ratio).toFixed(1)} %`;
}

function trimmed(digits: string): string {
  return digits.includes(".") ? digits.replace(/\.?0+$/, "") : digits;
}

/** Width of a text in a font of `size` pixels, near enough to keep labels apart: East Asian characters are square. */
export function textWidth(text: string, size: number): number {
  let width = 0;
  for (const character of text) width += WIDTHS.find(([pattern]) => pattern.test(character))?.[1] ?? 0.6;
  return width * size;
}

const WIDTHS: ReadonlyArray<readonly [RegExp, number]> = [
  [/[\u2e80-\uffff]/u, 1],
  [/[\u{10000}-\u{10ffff}]/u, 1.2],
  [/[ilj.,'|:;! ]/, 0.33],
  [/[mwMW@%\u2026]/, 0.95],
  [/[A-Z]/, 0.7],
];

/** Characters that show nothing, or turn the text around them: controls, zero-width ones, bidirectional marks. */
const UNSEEN = /[\p{Cc}\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff]/gu;
const LONGEST = 600;

/** A text as it can be shown to people: what cannot be seen as its code, what is endless cut short. */
export function visible(text: string): string {
  const cut = text.length > LONGEST ? `${text.slice(0, LONGEST)}\u2026` : text;
  return cut.replace(UNSEEN, (character) => `\u27e8${character.charCodeAt(0).toString(16).padStart(4, "0")}\u27e9`);
}

/** A text that takes at most `width` pixels, with an ellipsis where something was left out. */
export function shortened(text: string, size: number, width: number): string {
  if (textWidth(text, size) <= width) return text;
  // No character is narrower than a third of the size, so no more than these can fit.
  const characters = [...text.slice(0, Math.ceil((6 * width) / size) + 2)];
  while (characters.length > 1 && textWidth(`${characters.join("")}\u2026`, size) > width) characters.pop();
  return `${characters.join("")}\u2026`;
}
