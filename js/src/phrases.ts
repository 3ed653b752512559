/** The words of single panels, in English and Chinese: the part of `strings.ts` that only they read. */

export interface Phrases {
  readonly order: string;
  readonly orders: Readonly<Record<"index" | "mean" | "variance" | "saturation" | "similarity" | "gradient", string>>;
  readonly wholeHeatmap: string;
  readonly cellPanel: string;
  readonly noCell: string;
  readonly start: string;
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
};
