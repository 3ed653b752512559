/** All text of the page, in English and Chinese. Numbers are passed in formatted. */

import { type Captions, CHINESE_CAPTIONS, ENGLISH_CAPTIONS } from "./captions";
import { CHINESE_PHRASES, ENGLISH_PHRASES, type Phrases } from "./phrases";

export interface Strings extends Phrases, Captions {
  readonly view: string;
  readonly states: Readonly<Record<"waiting" | "live" | "paused" | "finished" | "failed" | "stale" | "gap", string>>;
  readonly waiting: string;
  readonly step: (step: string) => string;
  readonly steps: (first: string, last: string) => string;
  readonly overhead: (share: string) => string;
  readonly every: (count: number) => string;
  /** How many of the recorded steps Python keeps. */
  readonly kept: (kept: string, recorded: string) => string;
  /** The same, where this page has another number of them. */
  readonly keptOther: (kept: string, recorded: string, here: string) => string;
  /** How many of the recorded steps this page keeps, where Python keeps all. */
  readonly keptHere: (here: string, recorded: string) => string;
  readonly missed: (count: string) => string;
  readonly damaged: (count: string) => string;
  readonly stale: string;
  readonly foreign: (version: number) => string;
  readonly reduced: (what: string) => string;
  readonly everyUnit: (stride: number) => string;
  readonly everyTime: (stride: number) => string;
  readonly otherSample: (sample: string) => string;
  readonly layer: string;
  readonly sample: string;
  readonly trainingStep: string;
  readonly previous: string;
  readonly next: string;
  readonly play: string;
  readonly pause: string;
  readonly live: string;
  readonly latest: string;
  readonly follow: string;
  readonly gate: Readonly<Record<string, string>>;
  readonly heatmap: string;
  readonly heatmapHelp: string;
  readonly time: string;
  readonly unit: string;
  /** A timestep and the last one, both counted from 0. */
  readonly at: (time: number, last: number) => string;
  readonly quoted: (token: string) => string;
  readonly noData: string;
  readonly bad: (counts: string) => string;
  readonly notRecorded: (gate: string) => string;
  readonly total: string;
  readonly direct: string;
  readonly cell: string;
  readonly noFlow: string;
  readonly noGradient: string;
  readonly series: Readonly<Record<string, string>>;
  readonly noCurves: string;
  readonly nothingPicked: string;
  readonly pick: string;
  readonly wholeRun: string;
  readonly brushHelp: string;
  readonly curvesHelp: string;
  readonly scale: Readonly<Record<"auto" | "log" | "linear", string>>;
  readonly scaleHelp: string;
  readonly range: (low: string, high: string) => string;
}

export const ENGLISH: Strings = {
  ...ENGLISH_CAPTIONS,
  ...ENGLISH_PHRASES,
  view: "Recording of a recurrent network",
  states: {
    waiting: "Waiting",
    live: "Live",
    paused: "Paused",
    finished: "Finished",
    failed: "Failed",
    stale: "No new data",
    gap: "Incomplete",
  },
  waiting: "Waiting for the first training step\u2026",
  step: (step) => `step ${step}`,
  steps: (first, last) => `steps ${first} to ${last}`,
  overhead: (share) => `recording overhead ${share}`,
  every: (count) => `every ${ordinal(count)} step recorded`,
  kept: (kept, recorded) => `the recording keeps ${kept} of ${recorded} steps (memory limit)`,
  keptOther: (kept, recorded, here) =>
    `the recording keeps ${kept} of ${recorded} steps (memory limit); this page has ${here}`,
  keptHere: (here, recorded) => `this page keeps ${here} of ${recorded} steps (memory limit); the recording keeps all`,
  missed: (count) => `${count} ${messages(count)} missing`,
  damaged: (count) => `${count} ${messages(count)} damaged`,
  stale: "nothing received for 15 seconds",
  foreign: (version) =>
    `This recording uses protocol ${version}, which this page cannot read: reload the page, or install one version of rnnwidgets.`,
  reduced: (what) => `downsampled: ${what}`,
  everyUnit: (stride) => `every ${ordinal(stride)} unit`,
  everyTime: (stride) => `every ${ordinal(stride)} timestep`,
  otherSample: (sample) => `sample ${sample} is shown instead`,
  layer: "layer",
  sample: "sample",
  trainingStep: "training step",
  previous: "Previous recorded step",
  next: "Next recorded step",
  play: "Play the recorded steps",
  pause: "Pause",
  live: "Live",
  latest: "Latest",
  follow: "Follow the latest step",
  gate: {
    i: "input gate i",
    f: "forget gate f",
    g: "candidate g",
    o: "output gate o",
    c: "cell state c",
    h: "hidden state h",
    r: "reset gate r",
    z: "update gate z",
    n: "candidate n",
    dh: "gradient of the hidden state dh",
    dc: "gradient of the cell state dc",
  },
  heatmap: "Heatmap, units \u00d7 time",
  heatmapHelp: "arrow keys: change time and unit; plus, minus and 0: zoom",
  time: "time",
  unit: "unit",
  at: (time, last) => `t = ${time} / ${last}`,
  quoted: (token) => `\u2018${token}\u2019`,
  noData: "padding: past the end of this sequence",
  bad: (counts) => `${counts} values`,
  notRecorded: (gate) => `${gate}: not recorded at this step`,
  total: "total",
  direct: "direct",
  cell: "cell",
  noFlow: "The gradient at each timestep will appear here.",
  noGradient: "No gradient at this step: there was no backward pass.",
  series: {
    loss: "loss",
    grad_norm: "gradient norm",
    grad_norm_before_clip: "gradient norm before clipping",
    lr: "learning rate",
    "norms.gradient": "gradient norms",
    "norms.weight": "weight norms",
    "norms.update": "update-to-weight ratios",
  },
  noCurves: "Loss and gradient norm will appear here.",
  nothingPicked: "No curve is selected.",
  pick: "Curves",
  wholeRun: "Whole run",
  brushHelp: "drag: zoom; double-click: whole run; Shift + drag: change the step",
  curvesHelp: "left and right arrow keys: change the step; + and -: zoom; 0 or Escape: whole run",
  scale: { auto: "Scale: auto", log: "Scale: log", linear: "Scale: linear" },
  scaleHelp: "Vertical axis: automatic, logarithmic or linear",
  range: (low, high) => `from ${low} to ${high}`,
};

export const CHINESE: Strings = {
  ...CHINESE_CAPTIONS,
  ...CHINESE_PHRASES,
  view: "循环神经网络的训练记录",
  states: {
    waiting: "等待中",
    live: "实时",
    paused: "已暂停",
    finished: "已结束",
    failed: "出错",
    stale: "无新数据",
    gap: "不完整",
  },
  waiting: "正在等待第一个训练步\u2026",
  step: (step) => `第 ${step} 步`,
  steps: (first, last) => `第 ${first} 至 ${last} 步`,
  overhead: (share) => `记录开销 ${share}`,
  every: (count) => `每 ${count} 步记录一次`,
  kept: (kept, recorded) => `记录保留了 ${recorded} 步中的 ${kept} 步（内存上限）`,
  keptOther: (kept, recorded, here) => `记录保留了 ${recorded} 步中的 ${kept} 步（内存上限），本页有 ${here} 步`,
  keptHere: (here, recorded) => `本页保留了 ${recorded} 步中的 ${here} 步（内存上限），记录保留了全部`,
  missed: (count) => `缺少 ${count} 条消息`,
  damaged: (count) => `${count} 条消息损坏`,
  stale: "已有 15 秒未收到数据",
  foreign: (version) => `此记录使用协议版本 ${version}，本页面无法读取：请刷新页面，或统一 rnnwidgets 的版本。`,
  reduced: (what) => `已降采样：${what}`,
  everyUnit: (stride) => `每 ${stride} 个单元取一个`,
  everyTime: (stride) => `每 ${stride} 个时刻取一个`,
  otherSample: (sample) => `改为显示样本 ${sample}`,
  layer: "层",
  sample: "样本",
  trainingStep: "训练步",
  previous: "上一个已记录的步",
  next: "下一个已记录的步",
  play: "播放已记录的训练步",
  pause: "暂停播放",
  live: "实时",
  latest: "最新",
  follow: "跟随最新的步",
  gate: {
    i: "输入门 i",
    f: "遗忘门 f",
    g: "候选值 g",
    o: "输出门 o",
    c: "细胞状态 c",
    h: "隐藏状态 h",
    r: "重置门 r",
    z: "更新门 z",
    n: "候选值 n",
    dh: "隐藏状态的梯度 dh",
    dc: "细胞状态的梯度 dc",
  },
  heatmap: "热图（单元 \u00d7 时间）",
  heatmapHelp: "方向键：切换时刻和单元；加号、减号和 0：缩放",
  time: "时间",
  unit: "单元",
  at: (time, last) => `t = ${time} / ${last}`,
  quoted: (token) => `\u201c${token}\u201d`,
  noData: "填充：已超出该序列的末尾",
  bad: (counts) => `非有限值：${counts}`,
  notRecorded: (gate) => `${gate}：此步未记录`,
  total: "总梯度",
  direct: "直接梯度",
  cell: "细胞",
  noFlow: "每个时刻的梯度将显示在这里。",
  noGradient: "此步没有梯度：没有进行反向传播。",
  series: {
    loss: "损失",
    grad_norm: "梯度范数",
    grad_norm_before_clip: "裁剪前的梯度范数",
    lr: "学习率",
    "norms.gradient": "参数梯度范数",
    "norms.weight": "参数权重范数",
    "norms.update": "更新量与权重之比",
  },
  noCurves: "损失和梯度范数将显示在这里。",
  nothingPicked: "未选择任何曲线。",
  pick: "选择曲线",
  wholeRun: "全程",
  brushHelp: "拖动：放大；双击：全程；Shift + 拖动：切换训练步",
  curvesHelp: "左右方向键：切换训练步；+ 和 -：缩放；0 或 Escape：全程",
  scale: { auto: "刻度：自动", log: "刻度：对数", linear: "刻度：线性" },
  scaleHelp: "纵轴：自动、对数或线性刻度",
  range: (low, high) => `从 ${low} 到 ${high}`,
};

function messages(count: string): string {
  return count === "1" ? "message" : "messages";
}

function ordinal(count: number): string {
  const ending = count % 100 > 10 && count % 100 < 14 ? "th" : (["th", "st", "nd", "rd"][count % 10] ?? "th");
  return `${count}${ending}`;
}

/** The strings for a language tag such as "zh-CN"; English for every other language. */
export function stringsFor(language: string): Strings {
  return language.toLowerCase().startsWith("zh") ? CHINESE : ENGLISH;
}
