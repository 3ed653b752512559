/** The text around the panels, in English and Chinese: the part of `strings.ts` that the view reads. */

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
  /** Why there is no difference: what each run has, as "name: quantities, units x times". */
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
  fading: "gradient ratio (first / last timestep)",
  playTime: "Play the sequence",
  pauseTime: "Pause at this timestep",
  speed: "Speed",
  letGo: "Paused at this step. Press Live (or l) to follow.",
  difference: (gate, left, right) => `${gate} at step ${left} minus ${gate} at step ${right}`,
  noDifference: (gate, one, other) =>
    `No difference for ${gate}: both runs must have it, with the same number of units \u00d7 timesteps. ${one}; ${other}.`,
  save: "Save",
  saves: {
    png: "Image (PNG)",
    svg: "Vector image (SVG)",
    csv: "Current heatmap (CSV)",
    table: "Table of this timestep",
  },
  fault: (reason) => `This panel could not be drawn (${reason}). The other panels keep working; please report this.`,
  keys: "Shortcuts",
  keysHelp: [
    "k: play or pause the training steps",
    "t: play or pause the sequence",
    ", and . : previous and next step",
    "l: follow the latest step",
    "arrow keys in the heatmap: change time and unit (with Shift: by ten)",
    "+ - 0 in the heatmap and the curves: zoom in, zoom out, show all",
    "Escape in the heatmap: clear the selected unit",
  ],
};

export const CHINESE_CAPTIONS: Captions = {
  panels: "面板",
  panel: {
    status: "状态",
    steps: "训练步",
    findings: "诊断",
    gates: "门与状态",
    cell: "细胞结构",
    units: "单元随时间的变化",
    flow: "沿时间的梯度",
    matrix: "谁教会谁",
    curves: "训练过程",
    saturation: "饱和度",
    weights: "权重",
  },
  trained: (kind, layer, units) => `${kind} ${layer}，${units} 个单元`.trim(),
  fading: "梯度之比（首 / 末时刻）",
  playTime: "播放序列",
  pauseTime: "停在此时刻",
  speed: "速度",
  letGo: "已停在此步。点击“实时”（或按 l 键）恢复跟随。",
  difference: (gate, left, right) => `第 ${left} 步的 ${gate} 减去第 ${right} 步的 ${gate}`,
  noDifference: (gate, one, other) =>
    `无法计算 ${gate} 的差：两次运行都须有该量，且单元数 \u00d7 时刻数相同。${one}；${other}。`,
  save: "保存",
  saves: {
    png: "图片（PNG）",
    svg: "矢量图（SVG）",
    csv: "当前热图（CSV）",
    table: "此时刻的数值表",
  },
  fault: (reason) => `无法绘制此面板（${reason}）。其他面板不受影响，请报告此问题。`,
  keys: "快捷键",
  keysHelp: [
    "k：播放或暂停训练步",
    "t：播放或暂停序列",
    ", 和 .：上一步和下一步",
    "l：跟随最新的步",
    "热图中的方向键：切换时刻和单元（按住 Shift 一次十个）",
    "热图和曲线中的 + - 0：放大、缩小、显示全部",
    "热图中的 Escape：取消选择单元",
  ],
};
