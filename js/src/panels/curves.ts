/**
 * Scalars over training: a chart for each group that is picked, and below them the whole run in one strip. A range of steps
 * that is brushed in any of them is marked in all, and then drawn alone.
 *
 * Charts share the horizontal axis and nothing else. Where nothing was picked, the first groups that fit are drawn.
 */

import type { Place } from "../cursor";
import { grouped, value as valueText } from "../format";
import { paintLabels, paintMessage, tint } from "../marks/label";
import { paintBand, paintDots, paintLine } from "../marks/line";
import { paintRule } from "../marks/rule";
import type { Box } from "../scale";
import { row } from "../series";
import type { Strings } from "../strings";
import type { Look } from "../theme";
import { type Axis, bandOf, type Domain } from "./brush";
import { type Chart, chartOf, MARGIN, type ScaleKind, type Shown, valueIn } from "./chart";
import { type Group, groupsOf, type Seen } from "./groups";

export interface Wish {
  readonly width: number;
  /** Room that there is anyhow; more charts than fit make the figure higher. */
  readonly height: number;
  readonly kind: ScaleKind;
  /** Names of groups to draw; null leaves the choice to the room. */
  readonly picked: ReadonlySet<string> | null;
  /** Names of single lines to leave out. */
  readonly hidden: ReadonlySet<string>;
  /** The steps to draw; null for all. */
  readonly range: Domain | null;
  /** The steps that are marked while a drag lasts. */
  readonly brush: Domain | null;
}

export interface CurvesScene {
  readonly width: number;
  readonly height: number;
  readonly groups: readonly Group[];
  readonly charts: readonly Chart[];
  readonly overview: Overview | null;
  /** Where the steps that are marked stand, in the charts and in the strip. */
  readonly bands: readonly Box[];
  /** The steps that are marked, else those that are drawn, in words; empty for the whole run. */
  readonly caption: string;
  readonly message: string;
}

/** The strip below the charts: the whole run, and the part of it that is drawn. */
export interface Overview extends Axis {
  readonly chart: Chart;
  readonly range: Box | null;
}

const NARROWEST = 230;
/** With room for a value of each run. */
const NARROWEST_OF_RUNS = 300;
const LOWEST = 112;
/** At every width: the loss, and the norm of the gradient. */
const LEAST = 2;
const HIGHEST = 220;
const STRIP = 40;
const STRIP_TOP = 6;
const STRIP_HEIGHT = 26;

/** `place` is that of the run that leads. */
export function resolve(runs: readonly Seen[], place: Place, wish: Wish, strings: Strings): CurvesScene {
  const { width, height, kind } = wish;
  const groups = groupsOf(runs);
  if (groups.length === 0) {
    const empty = { charts: [], overview: null, bands: [], caption: "" };
    return { width, height: Math.max(height, 160), groups, ...empty, message: strings.noCurves };
  }
  const whole = domainOf(groups);
  const strip = whole[1] > whole[0] ? STRIP : 0;
  const across = Math.max(1, Math.floor(width / (runs.length > 1 ? NARROWEST_OF_RUNS : NARROWEST)));
  const room = height - strip;
  const drawn = chosen(groups, wish, Math.max(LEAST, Math.floor(room / LOWEST) * across));
  const columns = Math.min(drawn.length, across);
  const rows = Math.ceil(drawn.length / Math.max(columns, 1));
  const cellHeight = Math.floor(Math.max(LOWEST, Math.min(HIGHEST, room / Math.max(rows, 1))));
  const shown = { kind, place, places: runs.map((run) => run.place), domain: wish.range ?? whole };
  const charts = drawn.map((group, index) => {
    const column = index % columns;
    // The last row may hold fewer charts: they share its width.
    const inRow = Math.floor(index / columns) === rows - 1 ? drawn.length - (rows - 1) * columns : columns;
    const cell = {
      ...{ x: (column * width) / inRow, y: Math.floor(index / columns) * cellHeight },
      ...{ width: width / inRow, height: cellHeight },
    };
    return chartOf(group, titleOf(group, strings), cell, shown);
  });
  const below = rows * cellHeight;
  const [first] = groups as [Group, ...Group[]];
  const overview =
    strip > 0 ? overviewOf(first, titleOf(first, strings), wish, below, { ...shown, domain: whole }) : null;
  const { brush } = wish;
  const named = brush ?? wish.range;
  return {
    ...{ width, height: Math.max(below + strip, 160), groups, charts, overview },
    bands: [...charts, ...(overview ? [overview] : [])].flatMap((axis) => (brush && bandOf(axis, brush)) ?? []),
    caption: named ? strings.steps(grouped(named[0]), grouped(named[1])) : "",
    message: charts.length === 0 ? strings.nothingPicked : "",
  };
}

export function titleOf({ name }: Group, strings: Strings): string {
  const [shared = "", ...rest] = name.split("\n");
  return [strings.series[shared] ?? shared.replaceAll("_", " "), ...rest].join(" ");
}

/** The groups to draw, without hidden lines. */
function chosen(groups: readonly Group[], { picked, hidden }: Wish, fitting: number): Group[] {
  const wanted = picked ? groups.filter(({ name }) => picked.has(name)) : groups.slice(0, fitting);
  return wanted
    .map(({ name, members }) => ({ name, members: members.filter((member) => !hidden.has(member.name)) }))
    .filter(({ members }) => members.length > 0);
}

function domainOf(groups: readonly Group[]): Domain {
  let [from, to] = [Number.POSITIVE_INFINITY, -Number.POSITIVE_INFINITY];
  for (const { series } of groups.flatMap(({ members }) => members)) {
    from = Math.min(from, row(series, "first")[0] ?? from);
    to = Math.max(to, row(series, "last")[series.count - 1] ?? to);
  }
  return [from, to];
}

function overviewOf(group: Group, title: string, { width, range }: Wish, y: number, shown: Shown): Overview {
  const cell = { x: 0, y: y + STRIP_TOP - MARGIN.top, width, height: STRIP_HEIGHT + MARGIN.top + MARGIN.bottom };
  const members = group.members.filter(({ run }, index) => run !== undefined || index === 0);
  const chart = chartOf({ ...group, members }, title, cell, shown);
  return { box: chart.box, domain: shown.domain, chart, range: range && bandOf(chart, range) };
}

/** The strip where a point is on it, else the chart that holds the point or is nearest to it. */
export function axisAt(scene: CurvesScene, x: number, y: number): Overview | Chart | null {
  const { overview } = scene;
  return overview && y >= overview.box.y - 4 ? overview : chartAt(scene, x, y);
}

function chartAt(scene: CurvesScene, x: number, y: number): Chart | null {
  const away = ({ cell }: Chart) => {
    const dx = Math.max(cell.x - x, 0, x - cell.x - cell.width);
    const dy = Math.max(cell.y - y, 0, y - cell.y - cell.height);
    return dx + dy;
  };
  return [...scene.charts].sort((one, other) => away(one) - away(other))[0] ?? null;
}

/** Paint what stays while another step is shown. */
export function paint(scene: CurvesScene, context: CanvasRenderingContext2D, look: Look): void {
  for (const chart of scene.charts) {
    const { box, grid, labels } = chart;
    for (const y of grid) paintRule(context, [box.x, y], [box.x + box.width, y], look.grid);
    paintCurves(chart, context, look);
    paintLabels(context, labels, look);
  }
  if (scene.overview) paintOverview(scene.overview, context, look);
  paintMessage(context, scene.message, scene, look);
}

function paintCurves({ box, curves }: Chart, context: CanvasRenderingContext2D, look: Look): void {
  context.save();
  context.beginPath();
  context.rect(box.x - 1, box.y - 2, box.width + 2, box.height + 4);
  context.clip();
  for (const { line, upper, lower, bad } of curves) {
    if (upper.some((high, at) => high !== lower[at])) paintBand(context, upper, lower, tint(look, line.tone));
    paintLine(context, line, look);
    paintDots(context, bad, look);
  }
  context.restore();
}

function paintOverview({ box, chart, range }: Overview, context: CanvasRenderingContext2D, look: Look): void {
  context.fillStyle = look.grid;
  context.globalAlpha = 0.5;
  context.fillRect(box.x, box.y, box.width, box.height);
  context.globalAlpha = 1;
  paintCurves(chart, context, look);
  if (range) paintRange(context, range, look);
}

/** A range of steps: tinted, between two rules. */
function paintRange(context: CanvasRenderingContext2D, { x, y, width, height }: Box, look: Look): void {
  const tone = tint(look, "total");
  context.fillStyle = tone;
  context.globalAlpha = 0.16;
  context.fillRect(x, y, width, height);
  context.globalAlpha = 1;
  for (const end of [x, x + width]) paintRule(context, [end, y], [end, y + height], tone, 2);
}

/** Paint what is marked, the step shown and its values, over the rest. */
export function paintShown(scene: CurvesScene, context: CanvasRenderingContext2D, look: Look): void {
  for (const band of scene.bands) paintRange(context, band, look);
  for (const { box, rule, curves, values } of scene.charts) {
    if (rule !== null) paintRule(context, [rule, box.y - 4], [rule, box.y + box.height], look.muted);
    paintDots(
      context,
      curves.flatMap(({ dot }) => (dot ? [dot] : [])),
      look,
    );
    paintLabels(context, values, look);
  }
  const { overview } = scene;
  if (overview?.chart.rule != null) {
    const { box, chart } = overview;
    paintRule(context, [chart.rule as number, box.y], [chart.rule as number, box.y + box.height], look.muted);
  }
}

/** What a chart says of a step: the step, then each line with its value, or from where to where it went in its bin. */
export function describe(axis: Overview | Chart, step: number, strings: Strings): string[] {
  const { curves, title } = "chart" in axis ? axis.chart : axis;
  const facts = curves.flatMap(({ label, series }) => {
    const found = valueIn(series, step);
    if (!found) return [];
    const { mean, low, high } = found;
    const text = low < high ? strings.range(valueText(low), valueText(high)) : valueText(mean);
    return [`${label || title}: ${text}`];
  });
  return [strings.step(grouped(step)), ...facts];
}
