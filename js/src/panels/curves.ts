/**
 * Scalars over training: a chart for each group that is picked, and below them the whole run in one strip, on which a
 * part of the steps can be chosen.
 *
 * Charts share the horizontal axis and nothing else. Where nothing was picked, the first groups that fit are drawn.
 */

import type { Place } from "../cursor";
import { grouped, value as valueText } from "../format";
import { paintLabels, paintMessage, tint } from "../marks/label";
import { paintBand, paintDots, paintLine } from "../marks/line";
import { paintRule } from "../marks/rule";
import { type Box, linear } from "../scale";
import { row } from "../series";
import type { Store } from "../store";
import type { Strings } from "../strings";
import type { Look } from "../theme";
import { type Chart, chartOf, type Domain, MARGIN, type ScaleKind, valueIn } from "./chart";
import { type Group, groupsOf } from "./groups";

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
}

export interface CurvesScene {
  readonly width: number;
  readonly height: number;
  readonly groups: readonly Group[];
  readonly charts: readonly Chart[];
  readonly overview: Overview | null;
  readonly message: string;
}

/** The strip below the charts: the whole run, and the part of it that is drawn. */
export interface Overview {
  readonly box: Box;
  readonly domain: Domain;
  readonly chart: Chart;
  readonly range: readonly [from: number, to: number] | null;
}

const NARROWEST = 230;
const LOWEST = 112;
const HIGHEST = 220;
const STRIP = 40;
const STRIP_TOP = 6;
const STRIP_HEIGHT = 26;

export function resolve(store: Store, place: Place, wish: Wish, strings: Strings): CurvesScene {
  const { width, height } = wish;
  const groups = groupsOf(store);
  if (groups.length === 0) {
    return { width, height: Math.max(height, 160), groups, charts: [], overview: null, message: strings.noCurves };
  }
  const whole = domainOf(groups);
  const strip = whole[1] > whole[0] ? STRIP : 0;
  const across = Math.max(1, Math.floor(width / NARROWEST));
  const drawn = chosen(groups, wish, Math.max(1, Math.floor((height - strip) / LOWEST)) * across);
  const columns = Math.min(drawn.length, across);
  const rows = Math.ceil(drawn.length / Math.max(columns, 1));
  const cellHeight = Math.floor(Math.max(LOWEST, Math.min(HIGHEST, (height - strip) / Math.max(rows, 1))));
  const domain = wish.range ?? whole;
  const charts = drawn.map((group, index) => {
    const column = index % columns;
    // The last row may hold fewer charts: they share its width.
    const inRow = Math.floor(index / columns) === rows - 1 ? drawn.length - (rows - 1) * columns : columns;
    const cell = {
      ...{ x: (column * width) / inRow, y: Math.floor(index / columns) * cellHeight },
      ...{ width: width / inRow, height: cellHeight },
    };
    return chartOf(group, titleOf(group, strings), cell, domain, place, wish.kind);
  });
  const below = rows * cellHeight;
  return {
    ...{ width, height: Math.max(below + strip, 160), groups, charts },
    overview: strip > 0 ? overviewOf(groups[0] as Group, whole, wish, below, place) : null,
    message: charts.length === 0 ? strings.nothingPicked : "",
  };
}

export function titleOf({ name }: Group, strings: Strings): string {
  return strings.series[name] ?? name.replaceAll("_", " ");
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

function overviewOf(group: Group, domain: Domain, { width, range, kind }: Wish, y: number, place: Place): Overview {
  const cell = { x: 0, y: y + STRIP_TOP - MARGIN.top, width, height: STRIP_HEIGHT + MARGIN.top + MARGIN.bottom };
  const chart = chartOf({ ...group, members: group.members.slice(0, 1) }, "", cell, domain, place, kind);
  const { box } = chart;
  const x = linear(domain[0], domain[1], box.x, box.x + box.width);
  return { box, domain, chart, range: range ? [x(range[0]), x(range[1])] : null };
}

/** The step under a point of the figure: of the chart that holds the point, or is nearest to it. */
export function stepAt(scene: CurvesScene, x: number, y: number): number | null {
  const chart = chartAt(scene, x, y);
  return chart ? stepOn(chart, x) : null;
}

export function chartAt(scene: CurvesScene, x: number, y: number): Chart | null {
  const away = ({ cell }: Chart) => {
    const dx = Math.max(cell.x - x, 0, x - cell.x - cell.width);
    const dy = Math.max(cell.y - y, 0, y - cell.y - cell.height);
    return dx + dy;
  };
  return [...scene.charts].sort((one, other) => away(one) - away(other))[0] ?? null;
}

/** The step at a horizontal position, held within the axis. */
export function stepOn({ box, domain }: Pick<Chart, "box" | "domain">, x: number): number {
  const share = Math.max(0, Math.min(1, (x - box.x) / box.width));
  return domain[0] + share * (domain[1] - domain[0]);
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
    paintBand(context, upper, lower, tint(look, line.tone));
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
  if (!range) return;
  const [from, to] = range;
  context.fillStyle = tint(look, "total");
  context.globalAlpha = 0.16;
  context.fillRect(from, box.y, to - from, box.height);
  context.globalAlpha = 1;
  for (const x of range) paintRule(context, [x, box.y], [x, box.y + box.height], tint(look, "total"), 2);
}

/** Paint the step shown and its values, over the rest. */
export function paintShown(scene: CurvesScene, context: CanvasRenderingContext2D, look: Look): void {
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

/** What a chart says of a step: the step, then each line with its value, and from where to where it went in its bin. */
export function describe({ curves, title }: Chart, step: number, strings: Strings): string[] {
  const facts = curves.flatMap(({ label, series }) => {
    const found = valueIn(series, step);
    if (!found) return [];
    const spread = found.low < found.high ? ` (${strings.range(valueText(found.low), valueText(found.high))})` : "";
    return [`${label || title}: ${valueText(found.mean)}${spread}`];
  });
  return [strings.step(grouped(step)), ...facts];
}
