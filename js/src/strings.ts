/** Every word that people read, in English and Chinese. Plain words; numbers come in already formatted. */

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
  readonly thinned: (count: string) => string;
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
  readonly at: (time: number, times: number) => string;
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
    waiting: "waiting",
    live: "live",
    paused: "paused",
    finished: "finished",
    failed: "failed",
    stale: "silent",
    gap: "incomplete",
  },
  waiting: "Waiting for the first training step\u2026",
  step: (step) => `step ${step}`,
  steps: (first, last) => `steps ${first} to ${last}`,
  overhead: (share) => `overhead ${share}`,
  every: (count) => `every ${ordinal(count)} step recorded`,
  thinned: (count) => `thinned: ${count} older steps given up`,
  missed: (count) => `${count} messages missed`,
  damaged: (count) => `${count} messages damaged`,
  stale: "nothing new for 15 seconds",
  foreign: (version) =>
    `This recording speaks protocol ${version}, which this page cannot read: reload the page, or install one version of rnnwidgets.`,
  reduced: (what) => `reduced: ${what}`,
  everyUnit: (stride) => `every ${ordinal(stride)} unit`,
  everyTime: (stride) => `every ${ordinal(stride)} timestep`,
  otherSample: (sample) => `sample ${sample} in its place`,
  layer: "layer",
  sample: "sample",
  trainingStep: "training step",
  previous: "Previous recorded step",
  next: "Next recorded step",
  play: "Play the recorded steps",
  pause: "Pause",
  live: "live",
  latest: "latest",
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
  heatmap: "Heatmap of units by time",
  heatmapHelp: "arrow keys move time and unit; plus, minus and 0 zoom",
  time: "time",
  unit: "unit",
  at: (time, times) => `t = ${time} / ${times}`,
  quoted: (token) => `\u2018${token}\u2019`,
  noData: "no data: past the end of this sequence",
  bad: (counts) => `not numbers: ${counts}`,
  notRecorded: (gate) => `${gate}: not recorded at this step`,
  total: "total",
  direct: "direct",
  cell: "cell",
  noFlow: "The gradient at every timestep appears here.",
  noGradient: "No gradient at this step: no backward pass.",
  series: {
    loss: "loss",
    grad_norm: "gradient norm",
    lr: "learning rate",
    "norms.gradient": "gradients",
    "norms.weight": "weights",
    "norms.update": "update ratio",
  },
  noCurves: "Loss and gradient norm appear here.",
  nothingPicked: "Nothing is picked.",
  pick: "series",
  wholeRun: "whole run",
  brushHelp: "drag: zoom; double click: whole run; Shift + drag: scrub",
  curvesHelp: "left and right arrow keys: go to a step; + and - zoom, 0 or Escape: whole run",
  scale: { auto: "scale: auto", log: "scale: log", linear: "scale: linear" },
  scaleHelp: "Vertical scale: automatic, logarithmic or linear",
  range: (low, high) => `from ${low} to ${high}`,
};

export const CHINESE: Strings = {
  ...CHINESE_CAPTIONS,
  ...CHINESE_PHRASES,
  view: "循环神经网络的记录",
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
  overhead: (share) => `开销 ${share}`,
  every: (count) => `每 ${count} 步记录一次`,
  thinned: (count) => `已稀疏：舍去 ${count} 个较早的步`,
  missed: (count) => `缺少 ${count} 条消息`,
  damaged: (count) => `${count} 条消息损坏`,
  stale: "15 秒内没有新数据",
  foreign: (version) => `此记录使用协议 ${version}，本页面无法读取：请刷新页面，或只安装一个版本的 rnnwidgets。`,
  reduced: (what) => `已缩减：${what}`,
  everyUnit: (stride) => `每 ${stride} 个单元取一个`,
  everyTime: (stride) => `每 ${stride} 个时刻取一个`,
  otherSample: (sample) => `以样本 ${sample} 代替`,
  layer: "层",
  sample: "样本",
  trainingStep: "训练步",
  previous: "上一个记录的步",
  next: "下一个记录的步",
  play: "播放已记录的步",
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
  heatmap: "单元与时间的热图",
  heatmapHelp: "方向键移动时间和单元；加号、减号和 0 缩放",
  time: "时间",
  unit: "单元",
  at: (time, times) => `t = ${time} / ${times}`,
  quoted: (token) => `\u201c${token}\u201d`,
  noData: "无数据：已超出该序列的末尾",
  bad: (counts) => `非数值：${counts}`,
  notRecorded: (gate) => `${gate}：此步未记录`,
  total: "总梯度",
  direct: "直接",
  cell: "细胞",
  noFlow: "每个时刻的梯度将显示在这里。",
  noGradient: "此步没有梯度：未记录反向传播。",
  series: {
    loss: "损失",
    grad_norm: "梯度范数",
    lr: "学习率",
    "norms.gradient": "各参数梯度",
    "norms.weight": "各参数权重",
    "norms.update": "更新比例",
  },
  noCurves: "损失和梯度范数将显示在这里。",
  nothingPicked: "未选择任何曲线。",
  pick: "曲线",
  wholeRun: "全程",
  brushHelp: "拖动：放大；双击：全程；Shift + 拖动：逐步浏览",
  curvesHelp: "左右方向键：转到某一步；+ 和 - 缩放，0 或 Escape：全程",
  scale: { auto: "刻度：自动", log: "刻度：对数", linear: "刻度：线性" },
  scaleHelp: "在自动、对数和线性刻度之间切换",
  range: (low, high) => `从 ${low} 到 ${high}`,
};

function ordinal(count: number): string {
  const ending = count % 100 > 10 && count % 100 < 14 ? "th" : (["th", "st", "nd", "rd"][count % 10] ?? "th");
  return `${count}${ending}`;
}

/** The strings for a language tag such as "zh-CN"; English for every other language. */
export function stringsFor(language: string): Strings {
  return language.toLowerCase().startsWith("zh") ? CHINESE : ENGLISH;
}
