/** The words of single panels, in English and Chinese: the part of `strings.ts` that only they read. */

export interface Phrases {
  readonly order: string;
  readonly orders: Readonly<Record<"index" | "mean" | "variance" | "saturation" | "similarity" | "gradient", string>>;
  readonly wholeHeatmap: string;
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
};
