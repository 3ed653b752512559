/**
 * The unrolled cell at the time shown, as a diagram with the numbers of one unit on its wires, and its equations with
 * the numbers filled in. Beside it stand the edges of the cells before and after it.
 */

import type { Place } from "../cursor";
import { shortened, value as valueText } from "../format";
import { numberOf } from "../frame";
import { type Gate, paintBody, paintGates, paintSigns, paintWires, type Sign, type Wire } from "../marks/diagram";
import { type Formula, paintFormulas, runsOf } from "../marks/formula";
import { paintMessage } from "../marks/label";
import type { Box } from "../scale";
import type { Store } from "../store";
import type { Strings } from "../strings";
import type { Look } from "../theme";
import { DESIGNS, type Design, type Side } from "./cell/design";
import { equations } from "./cell/equations";
import { type CellValues, type Datum, mapped, product, rest, shown, UNKNOWN, valuesOf } from "./cell/values";

export interface CellScene {
  readonly width: number;
  readonly height: number;
  /** The cell itself, and the edges of its neighbors. */
  readonly body: Box | null;
  readonly neighbors: readonly Box[];
  readonly wires: readonly Wire[];
  readonly signs: readonly Sign[];
  readonly gates: readonly Gate[];
  readonly formulas: readonly Formula[];
  /** The numbers by their letters, for those who do not see the picture. */
  readonly facts: readonly string[];
  readonly unit: number | null;
  readonly units: number;
  readonly message: string;
}

/** Room for the neighbors, less where there is little. */
const SIDES = [14, 34] as const;
const NARROW = 440;
/** Below this width of the cell its numbers are written smaller. */
const SMALL = 340;
const FOOT = 40;
const LINE = 26;
const WIDE = 760;

export function resolve(store: Store, place: Place, width: number, strings: Strings): CellScene {
  const kind = place.layer?.kind ?? "";
  const design = DESIGNS[kind];
  const values = valuesOf(store, place);
  if (!design || !values) {
    const message = !place.frame ? strings.waiting : design ? strings.noData : strings.noCell;
    return {
      ...{ width, height: 160, body: null, neighbors: [], wires: [], signs: [], gates: [], formulas: [], facts: [] },
      ...{ unit: null, units: 0, message },
    };
  }
  const numbers = numbersOf(kind, values, numberOf(place.layer?.replay_error ?? "nan"));
  const beside = width >= WIDE;
  const side = SIDES[width < NARROW ? 0 : 1];
  const body = { x: side, y: 6, width: (beside ? Math.round(width * 0.56) : width) - 2 * side, height: design.height };
  const lines = equationsAt(
    [...equations(kind, values, numbers).map((runs) => ({ runs })), gradients(place, values)],
    beside ? body.x + body.width + side + 28 : 4,
    beside ? body.y + (body.height - FOOT / 2) / 2 : null,
    body.y + body.height + FOOT + 14,
  );
  const bottom = Math.max(body.y + body.height + FOOT, ...lines.map(({ y }) => y + LINE / 2));
  return {
    ...{ width, height: bottom, body, unit: values.unit, units: place.units, message: "" },
    neighbors: [
      { ...body, x: -side, width: side * 1.4 },
      { ...body, x: body.x + body.width + side * 0.6, width: beside ? 14 : side + 14 },
    ],
    wires: design.wires.map((wire) => wireOf(wire, body)),
    signs: design.signs.map(([text, x, y]) => signAt(text, at(body, x, y), body)),
    gates: design.gates.map(([name, kindOf, x, y]) =>
      gateAt(numbers.get(name) ?? UNKNOWN, kindOf, at(body, x, y), body),
    ),
    formulas: [...labels(design, body, numbers), ...feet(place, values, body, strings), ...lines],
    facts: [...numbers].flatMap(([key, datum]) => (datum.reading ? [`${nameOf(key, design)} ${shown(datum)}`] : [])),
  };
}

/** The letters of a number, as plain text. */
function nameOf(key: string, { numbers }: Design): string {
  const letters = numbers.find(([one]) => one === key)?.[1] ?? (key === "output" ? "o tanh c_t" : key);
  return letters.replaceAll("_{t\u22121}", "\u209c\u208b\u2081").replaceAll("_t", "\u209c");
}

/** A point of the body in hundredths of it; beyond its sides, in the room that is left beside it. */
function at(body: Box, x: number, y: number): readonly [number, number] {
  const beyond = x > 100 ? 0.85 * body.x : x < 0 ? -0.85 * body.x : 0;
  return [body.x + (Math.max(0, Math.min(100, x)) * body.width) / 100 + beyond, body.y + (y * body.height) / 100];
}

function wireOf(wire: readonly number[], body: Box): Wire {
  const points = wire.flatMap((x, index) => (index % 2 === 0 ? [at(body, x, wire[index + 1] ?? 0)] : []));
  return { points, arrow: (points.at(-1)?.[0] ?? 0) > body.x + body.width };
}

function signAt(text: string, [x, y]: readonly [number, number], body: Box): Sign {
  const half = body.width < SMALL ? 8 : 10;
  const across = text.length > 1 ? 4 + 4 * text.length : half;
  return { text, box: { x: x - across, y: y - half, width: 2 * across, height: 2 * half } };
}

/** Every number of the cell by its key: those of the frame, and what follows from them. */
function numbersOf(kind: string, values: CellValues, replayError: number): Map<string, Datum> {
  const { at: now, previous, made } = values;
  if (kind === "LSTM") {
    const [i, f, g, o, c] = ["i", "f", "g", "o", "c"].map(now) as [Datum, Datum, Datum, Datum, Datum];
    const before = previous("c");
    const added = product(i.reading, g.reading);
    const kept = product(f.reading, before.reading) ?? rest(c.reading, added, 0);
    const squashed = made(mapped(c.reading, Math.tanh), "g");
    const output = values.projected ? { output: made(product(o.reading, squashed.reading), "g") } : {};
    return new Map([
      ...Object.entries({ f, i, g, o, c, h: now("h"), c_before: before, h_before: previous("h") }),
      ...Object.entries({ kept: made(kept, "c"), added: made(added, "c"), tanh: squashed, ...output }),
    ]);
  }
  if (kind !== "GRU") return new Map(Object.entries({ h: now("h"), h_before: previous("h") }));
  const [r, z, n, h, before] = [now("r"), now("z"), now("n"), now("h"), previous("h")];
  const open = made(
    mapped(z.reading, (value) => 1 - value),
    "z",
  );
  const added = product(open.reading, n.reading);
  // h is the module's own output, from which the replayed gates differ by the replay error.
  const kept = product(z.reading, before.reading) ?? rest(h.reading, added, replayError);
  return new Map(
    Object.entries({ r, z, n, h, rest: open, h_before: before, kept: made(kept, "h"), added: made(added, "h") }),
  );
}

/** Gates stand 0.15 of the body apart. */
function gateAt(datum: Datum, name: string, [x, y]: readonly [number, number], body: Box): Gate {
  const width = Math.min(46, 0.15 * body.width - 4);
  return { box: { x: x - width / 2, y: y - 18, width, height: 36 }, text: shown(datum), name, shade: datum.shade };
}

const BESIDE: Readonly<Record<Side, readonly [number, Formula["align"]]>> = {
  left: [-28, "right"],
  right: [28, "left"],
};

/** The numbers on the wires with their letters, and the letters of the gates. */
function labels(design: Design, body: Box, numbers: ReadonlyMap<string, Datum>): Formula[] {
  const size = body.width < SMALL ? 11 : 12;
  const wires = design.numbers.flatMap(([key, letters, u, v, side]): Formula[] => {
    const datum = numbers.get(key) ?? UNKNOWN;
    const [x, y] = at(body, u, v);
    const [shift, align] = side ? BESIDE[side] : [0, "center" as const];
    const number = { kind: "number" as const, text: shown(datum), shade: datum.shade };
    return [
      { runs: [number], ...{ x, y, align: "center", tone: "ink", size } },
      { runs: runsOf(letters), ...{ x: x + shift, y: side ? y : y - 21, align, tone: "muted", size: 12 } },
    ];
  });
  const gates = design.gates.map(([name, , u, v]): Formula => {
    const [x, y] = at(body, u, v);
    return { runs: runsOf(`${name}_t`), x: x - 8, y: y - 28, align: "right", tone: "ink", size: 13 };
  });
  return [...wires, ...gates];
}

/** What comes in from below: the token, and which times stand beside. */
function feet(place: Place, values: CellValues, body: Box, strings: Strings): Formula[] {
  const y = body.y + body.height + FOOT / 2 + 2;
  const token = (time: number | null) => {
    const found = time === null ? undefined : place.tokens?.[time];
    return found === undefined ? "" : strings.quoted(shortened(found, 12, 120));
  };
  const { time, before } = values;
  const counted = (at: number) => `t = ${place.first + at}`;
  const x = at(body, DESIGNS[place.layer?.kind ?? ""]?.foot ?? 0, 100)[0];
  const own = token(time);
  return [
    {
      runs: [...runsOf("x_t"), { text: own ? `  ${own}` : "", kind: "plain" }],
      ...{ x: x - 6, y, align: "left", tone: "ink", size: 13 },
    },
    {
      runs: [{ text: before === null ? strings.start : counted(before), kind: "plain" }],
      ...{ x: 6, y, align: "left", tone: "muted", size: 11 },
    },
    {
      runs: [{ text: counted(time), kind: "plain" }],
      ...{ x: body.x + body.width, y, align: "right", tone: "ink", size: 12 },
    },
  ];
}

/** The total gradients that reach this unit at this time, where they were recorded. */
function gradients(place: Place, values: CellValues): { runs: Formula["runs"] } {
  const known = ["dh", "dc"].flatMap((name) => {
    const { reading, shade } = values.at(name);
    if (reading === null) return [];
    return [
      ...runsOf(`\u2202L/\u2202${name[1]}_t ${reading.relation} `),
      { text: valueText(reading.value, reading.error), kind: "number" as const, shade },
      ...runsOf("   "),
    ];
  });
  return { runs: place.frame ? known : [] };
}

/** Lines one below the other from `x`, around a middle or from a top. */
function equationsAt(
  lines: ReadonlyArray<Pick<Formula, "runs">>,
  x: number,
  middle: number | null,
  top: number,
): Formula[] {
  const full = lines.filter(({ runs }) => runs.length > 0);
  const first = middle === null ? top : middle - ((full.length - 1) * LINE) / 2;
  return full.map(({ runs }, index) => ({ runs, x, y: first + index * LINE, align: "left", tone: "ink", size: 12 }));
}

export function paint(scene: CellScene, context: CanvasRenderingContext2D, look: Look): void {
  if (!scene.body) {
    paintMessage(context, scene.message, scene, look);
    return;
  }
  for (const neighbor of scene.neighbors) paintBody(context, neighbor, look, true);
  paintBody(context, scene.body, look, false);
  paintWires(context, scene.wires, look);
  paintSigns(context, scene.signs, look);
  paintGates(context, scene.gates, look);
  paintFormulas(context, scene.formulas, look);
}
