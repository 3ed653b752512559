/** The words around the panels, in English and Chinese: the part of `strings.ts` that the view itself reads. */

type Titled =
  | "status"
  | "steps"
  | "findings"
  | "gates"
  | "cell"
  | "units"
  | "flow"
  | "matrix"
  | "curves"
  | "saturation"
  | "weights";

export interface Captions {
  readonly panels: string;
  /** Titles on the tabs of panels that share a place. */
  readonly panel: Readonly<Record<Titled, string>>;
  readonly trained: (kind: string, layer: string, units: string) => string;
  readonly fading: string;
  readonly playTime: string;
  readonly pauseTime: string;
  readonly speed: string;
  readonly letGo: string;
  readonly difference: (gate: string, left: string, right: string) => string;
  /** Why there is none: what either run has, as "name: quantities, units x times". */
  readonly noDifference: (gate: string, one: string, other: string) => string;
  readonly save: string;
  readonly saves: Readonly<Record<string, string>>;
  readonly fault: (reason: string) => string;
  readonly keys: string;
  readonly keysHelp: readonly string[];
}

export const ENGLISH_CAPTIONS: Captions = {
  panels: "Panels",
  panel: {
    status: "Status",
    steps: "Training step",
    findings: "Findings",
    gates: "Gates and states",
    cell: "The cell",
    units: "Units over time",
    flow: "Gradient through time",
    matrix: "Who teaches whom",
    curves: "Over training",
    saturation: "Saturation",
    weights: "Weights",
  },
  trained: (kind, layer, units) => `${kind} ${layer}, ${units} units`.trim(),
  fading: "first / last time",
  playTime: "Play through the sequence",
  pauseTime: "Pause at this timestep",
  speed: "speed",
  letGo: "stays at this step: press live, or the key l, to follow",
  difference: (gate, left, right) => `${gate} at step ${left} less ${gate} at step ${right}`,
  noDifference: (gate, one, other) =>
    `No difference of ${gate}: not in both, with as many units \u00d7 timesteps. ${one}; ${other}.`,
  save: "save",
  saves: {
    png: "picture of the view (PNG)",
    svg: "picture with text as text (SVG)",
    csv: "the quantity shown, units by times (CSV)",
    table: "table of all quantities at this time",
  },
  fault: (reason) => `This panel cannot draw what it got (${reason}): the others go on; please report it.`,
  keys: "keys",
  keysHelp: [
    "k: play or pause training",
    "t: play or pause time",
    ", and . : previous and next step",
    "l: follow the latest step",
    "arrows in the heatmap: time and unit, with Shift ten at once",
    "+ - 0 in the heatmap and the curves: zoom in, out, show all",
    "Escape in the heatmap: no unit",
  ],
};

export const CHINESE_CAPTIONS: Captions = {
  panels: "面板",
  panel: {
    status: "状态",
    steps: "训练步",
    findings: "诊断",
    gates: "门与状态",
    cell: "单元结构",
    units: "单元随时间",
    flow: "沿时间的梯度",
    matrix: "谁教会谁",
    curves: "训练过程",
    saturation: "饱和",
    weights: "权重",
  },
  trained: (kind, layer, units) => `${kind} ${layer}，${units} 个单元`.trim(),
  fading: "首 / 末时刻",
  playTime: "沿序列播放",
  pauseTime: "停在此时刻",
  speed: "速度",
  letGo: "停在此步：按“实时”按钮或 l 键重新跟随",
  difference: (gate, left, right) => `第 ${left} 步的 ${gate} 减去第 ${right} 步的 ${gate}`,
  noDifference: (gate, one, other) => `无法求 ${gate} 的差：双方没有相同单元 \u00d7 时刻数的该量。${one}；${other}。`,
  save: "保存",
  saves: {
    png: "视图的图片（PNG）",
    svg: "保留文字的图片（SVG）",
    csv: "当前量，单元 × 时刻（CSV）",
    table: "此时刻全部量的表格",
  },
  fault: (reason) => `此面板无法绘制收到的内容（${reason}）：其他面板不受影响，请报告此问题。`,
  keys: "按键",
  keysHelp: [
    "k：播放或暂停训练步",
    "t：播放或暂停时间",
    ", 和 .：上一步和下一步",
    "l：跟随最新的步",
    "热图中的方向键：时间和单元，按住 Shift 一次十个",
    "热图和曲线中的 + - 0：放大、缩小、显示全部",
    "热图中的 Escape：不选单元",
  ],
};
