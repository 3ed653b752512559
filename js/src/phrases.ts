/** The text of single panels, in English and Chinese: the part of `strings.ts` that only they read. */

export interface Phrases {
  readonly order: string;
  readonly orders: Readonly<Record<"index" | "mean" | "variance" | "saturation" | "similarity" | "gradient", string>>;
  readonly wholeHeatmap: string;
  readonly noCell: string;
  readonly start: string;
  readonly open: string;
  readonly closed: string;
  readonly noSaturation: string;
  readonly saturationHelp: string;
  readonly pin: string;
  readonly unpin: string;
  readonly pinHelp: string;
  readonly noUnit: string;
  readonly allSamples: string;
  /** What the matrix shows. */
  readonly matrixTitle: string;
  readonly noMatrix: string;
  readonly lossAt: string;
  readonly stateAt: string;
  readonly cannotTeach: string;
  readonly taughtByNone: (time: string) => string;
  readonly taughtMost: (time: string, loss: string, value: string) => string;
  readonly analysedAt: (step: string) => string;
  readonly noWeights: string;
  readonly weightsHelp: string;
  /** Names of the numbers of an analysis; numbers without a name here are drawn and not listed. */
  readonly measures: Readonly<Record<string, string>>;
  readonly radius: string;
  readonly noAnalysis: string;
  readonly noFindings: (step: string) => string;
  readonly severity: Readonly<Record<"info" | "warning" | "problem", string>>;
  readonly advice: string;
  readonly lookHelp: string;
  /** The one of two sentences that is in this language. */
  readonly say: (english: string, chinese: string) => string;
  /** A quantity whose picture was sent coarser than it was recorded, at a place that the picture leaves out. */
  readonly notSent: (name: string) => string;
}

export const ENGLISH_PHRASES: Phrases = {
  order: "sort units by",
  orders: {
    index: "index",
    mean: "mean",
    variance: "variance",
    saturation: "saturation",
    similarity: "similarity",
    gradient: "gradient",
  },
  wholeHeatmap: "Show all",
  noCell: "A custom cell has no diagram. The heatmap shows its quantities.",
  start: "start",
  open: "open",
  closed: "closed",
  noSaturation: "No gate of this layer can saturate.",
  saturationHelp: "One dot per unit. x: fraction of timesteps with gate > 0.9 (open); y: < 0.1 (closed).",
  pin: "Pin unit",
  unpin: "Unpin unit",
  pinHelp: "Keep the line of this unit when another unit is selected",
  noUnit: "No unit selected",
  allSamples: "All samples",
  matrixTitle: "gradient of each loss w.r.t. each state",
  noMatrix: "The gradient of each loss with respect to each state appears here after the first analysis.",
  lossAt: "loss at s",
  stateAt: "state at t",
  cannotTeach: "this loss does not depend on this state",
  taughtByNone: (time) => `no gradient of a loss reaches t = ${time}`,
  taughtMost: (time, loss, value) => `t = ${time} learns most from the loss at ${loss}: ${value}`,
  analysedAt: (step) => `last analysis: step ${step}`,
  noWeights: "The recurrent weights appear here after the first analysis.",
  weightsHelp:
    "Top: eigenvalues \u03bb of each block of W_hh (|\u03bb| > 1: outside the unit circle). Bottom: histogram of its entries.",
  measures: {
    half_life: "memory half-life:",
    horizon: "gradient horizon:",
    mean_lag: "mean gradient lag:",
    omega: "gradient preservation Ω:",
    lyapunov: "Lyapunov exponent:",
    jacobian_norm: "‖∂hₜ/∂hₜ₋₁‖:",
    decay: "gradient factor per step:",
  },
  radius: "radius",
  noAnalysis: "Findings appear here after the first analysis.",
  noFindings: (step) => `No problems found (last check: step ${step})`,
  severity: { info: "Note", warning: "Warning", problem: "Problem" },
  advice: "What to try",
  lookHelp: "Go to the place where this shows",
  say: (english) => english,
  notSent: (name) => `${name}: value not sent at this place`,
};

export const CHINESE_PHRASES: Phrases = {
  order: "单元排序",
  orders: {
    index: "编号",
    mean: "均值",
    variance: "方差",
    saturation: "饱和度",
    similarity: "相似性",
    gradient: "梯度",
  },
  wholeHeatmap: "显示全部",
  noCell: "自定义细胞没有结构图，其各个量见热图。",
  start: "起点",
  open: "打开",
  closed: "关闭",
  noSaturation: "该层没有会饱和的门。",
  saturationHelp: "每个点代表一个单元。横轴：门 > 0.9（打开）的时刻所占比例；纵轴：门 < 0.1（关闭）的比例。",
  pin: "固定单元",
  unpin: "取消固定单元",
  pinHelp: "选择其他单元时保留此单元的曲线",
  noUnit: "未选择单元",
  allSamples: "所有样本",
  matrixTitle: "各损失对各状态的梯度",
  noMatrix: "首次分析后，此处显示各损失对各状态的梯度。",
  lossAt: "s 时刻的损失",
  stateAt: "t 时刻的状态",
  cannotTeach: "该损失不依赖于该状态",
  taughtByNone: (time) => `没有损失的梯度到达 t = ${time}`,
  taughtMost: (time, loss, value) => `t = ${time} 从 ${loss} 的损失学到最多：${value}`,
  analysedAt: (step) => `最近一次分析：第 ${step} 步`,
  noWeights: "首次分析后，此处显示循环权重。",
  weightsHelp: "上：W_hh 各分块的特征值 λ（|λ| > 1 在单位圆外）；下：其元素的直方图。",
  measures: {
    half_life: "记忆半衰期：",
    horizon: "梯度可达步数：",
    mean_lag: "梯度平均滞后：",
    omega: "梯度保持度 Ω：",
    lyapunov: "李雅普诺夫指数：",
    jacobian_norm: "‖∂hₜ/∂hₜ₋₁‖：",
    decay: "梯度每步乘以：",
  },
  radius: "谱半径",
  noAnalysis: "首次分析后，此处显示诊断结果。",
  noFindings: (step) => `未发现问题（最近检查：第 ${step} 步）`,
  severity: { info: "提示", warning: "警告", problem: "问题" },
  advice: "建议",
  lookHelp: "转到出现此现象的位置",
  say: (_, chinese) => chinese,
  notSent: (name) => `${name}：此处的数值未发送`,
};
