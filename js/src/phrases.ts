/** The words of single panels, in English and Chinese: the part of `strings.ts` that only they read. */

export interface Phrases {
  readonly order: string;
  readonly orders: Readonly<Record<"index" | "mean" | "variance" | "saturation" | "similarity" | "gradient", string>>;
  readonly wholeHeatmap: string;
  readonly noCell: string;
  readonly start: string;
  readonly open: string;
  readonly shut: string;
  readonly noSaturation: string;
  readonly saturationHelp: string;
  readonly pin: string;
  readonly unpin: string;
  readonly pinHelp: string;
  readonly noUnit: string;
  readonly allSamples: string;
  readonly noMatrix: string;
  readonly lossAt: string;
  readonly stateAt: string;
  readonly cannotTeach: string;
  readonly taughtByNone: (time: string) => string;
  readonly taughtMost: (time: string, loss: string, value: string) => string;
  readonly analysedAt: (step: string) => string;
  readonly noWeights: string;
  readonly weightsHelp: string;
  /** Names of an analysis's numbers; those that are not here are drawn, not told. */
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
  order: "units by",
  orders: {
    index: "index",
    mean: "mean",
    variance: "variance",
    saturation: "saturation",
    similarity: "similarity",
    gradient: "gradient",
  },
  wholeHeatmap: "show all",
  noCell: "A cell written by hand has no diagram: its quantities are in the heatmap.",
  start: "start",
  open: "open",
  shut: "shut",
  noSaturation: "Nothing in this layer can saturate.",
  saturationHelp: "One dot a unit. Across: share of times above 0.9; up: share below 0.1.",
  pin: "pin unit",
  unpin: "Let go of unit",
  pinHelp: "Keep the line of this unit while another is selected",
  noUnit: "no unit selected",
  allSamples: "all samples",
  noMatrix: "Which loss teaches which state appears here once a step has been analysed.",
  lossAt: "loss at s",
  stateAt: "state at t",
  cannotTeach: "this loss cannot reach this state",
  taughtByNone: (time) => `no loss reaches t = ${time}`,
  taughtMost: (time, loss, value) => `t = ${time} learns most from the loss at ${loss}: ${value}`,
  analysedAt: (step) => `analysed: step ${step}`,
  noWeights: "The recurrent weights appear here once a step has been analysed.",
  weightsHelp: "Eigenvalues of each block of W_hh (outside the circle they grow), and its entries.",
  measures: {
    half_life: "memory half-life",
    horizon: "gradient horizon",
    mean_lag: "mean lag",
    omega: "Ω",
    lyapunov: "Lyapunov exponent",
    jacobian_norm: "|∂h_t/∂h_{t−1}|",
    decay: "gradient per step ×",
  },
  radius: "radius",
  noAnalysis: "Findings appear here once a step has been analysed.",
  noFindings: (step) => `Nothing conspicuous at step ${step}.`,
  severity: { info: "Note", warning: "Warning", problem: "Problem" },
  advice: "what to try",
  lookHelp: "Go to where this is seen",
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
  noCell: "手写的细胞没有已知的结构图：其各个量见热图。",
  start: "起点",
  open: "打开",
  shut: "关闭",
  noSaturation: "该层没有会饱和的量。",
  saturationHelp: "每点一个单元：横轴高于 0.9 的比例，纵轴低于 0.1 的比例。",
  pin: "固定单元",
  unpin: "取消固定单元",
  pinHelp: "选择其他单元时保留此单元的曲线",
  noUnit: "未选择单元",
  allSamples: "所有样本",
  noMatrix: "分析后显示哪个损失影响哪个状态。",
  lossAt: "s 时刻的损失",
  stateAt: "t 时刻的状态",
  cannotTeach: "该损失无法影响该状态",
  taughtByNone: (time) => `没有损失影响 t = ${time}`,
  taughtMost: (time, loss, value) => `t = ${time} 主要受 ${loss} 的损失影响：${value}`,
  analysedAt: (step) => `分析：第 ${step} 步`,
  noWeights: "分析后显示循环权重。",
  weightsHelp: "W_hh 各分块的特征值（圆外增长）及权重分布。",
  measures: {
    half_life: "记忆半衰期",
    horizon: "梯度视界",
    mean_lag: "平均滞后",
    omega: "Ω",
    lyapunov: "李雅普诺夫指数",
    jacobian_norm: "|∂h_t/∂h_{t−1}|",
    decay: "梯度每步 ×",
  },
  radius: "谱半径",
  noAnalysis: "分析后显示发现。",
  noFindings: (step) => `第 ${step} 步没有异常。`,
  severity: { info: "提示", warning: "警告", problem: "问题" },
  advice: "建议",
  lookHelp: "转到可以看到它的位置",
  say: (_, chinese) => chinese,
  notSent: (name) => `${name}：此处的数值未发送`,
};
