// What the code uses most of the language's own names, which the bundle thus writes once instead of at every use.

const { abs, ceil, floor, hypot, log10, max, min, PI, round, sign, sqrt } = Math;
const { isFinite: finite, isNaN: nan } = Number;
const { entries } = Object;
const { from } = Array;
const { Float64Array: Floats, getComputedStyle: styleOf } = globalThis;

export {
  abs as "Math.abs",
  ceil as "Math.ceil",
  entries as "Object.entries",
  Floats as Float64Array,
  finite as "Number.isFinite",
  floor as "Math.floor",
  from as "Array.from",
  hypot as "Math.hypot",
  log10 as "Math.log10",
  max as "Math.max",
  min as "Math.min",
  nan as "Number.isNaN",
  PI as "Math.PI",
  round as "Math.round",
  sign as "Math.sign",
  sqrt as "Math.sqrt",
  styleOf as getComputedStyle,
};
