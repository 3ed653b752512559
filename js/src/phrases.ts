/** The text of single panels, in English and Chinese: the part of `strings.ts` that only they read. */

import type { Cost } from "./protocol.gen";

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
  /** Of the curves that there are. */
  readonly pickAll: string;
  readonly pickNone: string;
  readonly moreFindings: (count: number) => string;
  readonly fewerFindings: string;
  /** What the signs of the cell's diagram mean, one line each. */
  readonly cellLegend: ReadonlyArray<readonly [sign: string, meaning: string]>;
  readonly cellLegendTitle: string;
  /** The overhead is above the budget, what costs most, and the way out. */
  readonly overBudget: (budget: string, costs: string) => string;
  readonly costs: Readonly<Record<Cost, string>>;
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
  pickAll: "Show all",
  pickNone: "Show none",
  moreFindings: (count) => (count > 0 ? `+ ${count} more` : "Details"),
  fewerFindings: "Close",
  cellLegend: [
    ["\u03c3", "logistic function: 0 is closed, 1 is open"],
    ["tanh", "hyperbolic tangent: from \u22121 to 1"],
    ["\u00d7", "product of two numbers, unit by unit"],
    ["+", "sum of two numbers, unit by unit"],
    ["1 \u2212", "one minus the number"],
    ["f i g o c h", "LSTM: forget, input, candidate, output; cell state, hidden state"],
    ["r z n h", "GRU: reset, update, candidate; hidden state"],
    [
      "color",
      "as in the heatmap: gates from 0 (dark) to 1 (light), states from blue (negative) over the background color to orange",
    ],
    ["\u2202L", "gradient of the loss, on a logarithmic color scale"],
    ["\u2013", "not known: not recorded, or not sent to this page"],
  ],
  cellLegendTitle: "Signs and colors",
  overBudget: (budget, costs) => `the overhead is above the budget of ${budget}: ${costs}`,
  costs: {
    frames: "recording a step costs most; watch fewer layers or samples, or allow a larger budget",
    views: "views and analyses cost most; close views that you do not need, or allow a larger budget",
    steps: "steps are so short that counting them costs most; pause() the recorder where you can",
  },
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
  pickAll: "全部显示",
  pickNone: "全部隐藏",
  moreFindings: (count) => (count > 0 ? `另有 ${count} 条` : "详情"),
  fewerFindings: "收起",
  cellLegend: [
    ["\u03c3", "logistic 函数：0 为关闭，1 为打开"],
    ["tanh", "双曲正切：取值从 \u22121 到 1"],
    ["\u00d7", "逐单元相乘"],
    ["+", "逐单元相加"],
    ["1 \u2212", "一减去该数"],
    ["f i g o c h", "LSTM：遗忘门、输入门、候选值、输出门；细胞状态、隐藏状态"],
    ["r z n h", "GRU：重置门、更新门、候选值；隐藏状态"],
    ["颜色", "与热图相同：门从 0（深）到 1（浅），状态从蓝（负）经背景色到橙（正）"],
    ["\u2202L", "损失的梯度，对数色标"],
    ["\u2013", "未知：未记录，或未发送到本页面"],
  ],
  cellLegendTitle: "符号与颜色",
  overBudget: (budget, costs) => `开销超过了 ${budget} 的预算：${costs}`,
  costs: {
    frames: "主要是记录一步的开销；减少记录的层或样本，或提高预算",
    views: "主要是视图和分析的开销；关闭不需要的视图，或提高预算",
    steps: "每一步很短，计步本身占了大部分；可用 pause() 暂停记录器",
  },
  notSent: (name) => `${name}：此处的数值未发送`,
};
