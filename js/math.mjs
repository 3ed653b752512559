// The functions of Math that the code uses most, which the bundle thus names once instead of at every call.

const { abs, ceil, floor, log10, max, min, round } = Math;

export {
  abs as "Math.abs",
  ceil as "Math.ceil",
  floor as "Math.floor",
  log10 as "Math.log10",
  max as "Math.max",
  min as "Math.min",
  round as "Math.round",
};
