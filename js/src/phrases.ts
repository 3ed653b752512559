/** The words of single panels, in English and Chinese: the part of `strings.ts` that only they read. */

export interface Phrases {
  readonly order: string;
  readonly orders: Readonly<Record<"index" | "mean" | "variance" | "saturation" | "similarity" | "gradient", string>>;
  readonly wholeHeatmap: string;
  readonly cellPanel: string;
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
  cellPanel: "The cell",
  noCell: "No diagram is known for a cell written by hand: its quantities are in the heatmap.",
  start: "start",
  open: "open",
  shut: "shut",
  noSaturation: "Nothing in this layer can saturate.",
  saturationHelp:
    "One dot a unit: across, the share of times at which its gate is above 0.9; up, the share at which it is below 0.1.",
  pin: "pin unit",
  unpin: "Let go of unit",
  pinHelp: "Keep the line of this unit while another is selected",
  noUnit: "no unit selected",
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
  cellPanel: "细胞内部",
  noCell: "手写的细胞没有已知的结构图：其各个量见热图。",
  start: "起点",
  open: "打开",
  shut: "关闭",
  noSaturation: "该层没有会饱和的量。",
  saturationHelp: "每个点是一个单元：横轴为其门高于 0.9 的时刻所占比例，纵轴为低于 0.1 的比例。",
  pin: "固定单元",
  unpin: "取消固定单元",
  pinHelp: "选择其他单元时保留此单元的曲线",
  noUnit: "未选择单元",
};
