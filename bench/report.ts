/** What a run shows: a table for a person, the same in Markdown for docs/performance.md, or everything as JSON. */
import type { Environment } from "./environment.ts";
import type { Measured, Measurement, Unit } from "./measurement.ts";
import { type Goal, type Spread, verdictOf } from "./method.ts";

/** A measurement that was asked for, and what came of it. */
export type Row = { readonly measurement: Measurement } & (
  | { readonly outcome: "measured"; readonly measured: Measured; readonly seconds: number }
  | { readonly outcome: "skipped"; readonly why: string }
  | { readonly outcome: "wrong"; readonly why: string }
);

/** One line of the table. */
export interface Cells {
  readonly what: string;
  readonly against: string;
  readonly goal: string;
  /** The median, and in brackets what most blocks are between. */
  readonly figure: string;
  /** The limit against itself. */
  readonly same: string;
  readonly sides: string;
  readonly verdict: string;
}

const HEADS: Cells = {
  what: "what",
  against: "ratio to",
  goal: "goal",
  figure: "median (p10 to p90)",
  same: "A/A",
  sides: "limit, candidate",
  verdict: "",
};

export function cellsOf(row: Row): Cells {
  const { measurement } = row;
  const head = { what: measurement.what, against: measurement.against, goal: goalText(measurement.goal) };
  const nothing = { ...head, figure: "", same: "", sides: "" };
  if (row.outcome === "skipped") return { ...nothing, verdict: `not measured: ${row.why}` };
  if (row.outcome === "wrong") return { ...nothing, verdict: `WRONG: ${row.why}` };
  const { measured } = row;
  if (measured.kind === "figures") return { ...nothing, figure: measured.shown, verdict: measured.verdict };
  const { ratio, same, limit, candidate } = measured.comparison;
  return {
    ...head,
    figure: spreadText(ratio),
    same: `${digits(same.p10)} to ${digits(same.p90)}`,
    sides: `${inUnit(limit, measured.unit)}, ${inUnit(candidate, measured.unit)}`,
    verdict: verdictOf(measurement.goal, measured.comparison),
  };
}

function goalText(goal: Goal | undefined): string {
  if (goal === undefined) return "report";
  if ("below" in goal) return `< ${goal.below}`;
  return "atMost" in goal ? `≤ ${goal.atMost}` : `≥ ${goal.atLeast}`;
}

/** Three figures that mean something, and no more. */
export function digits(figure: number): string {
  if (figure >= 1000) return Math.round(figure).toLocaleString("en-US");
  return figure >= 100 ? figure.toFixed(0) : figure.toFixed(figure >= 10 ? 1 : 2);
}

/** The median, and what four of five lie between. */
export function spreadText({ median, p10, p90 }: Spread): string {
  return `${digits(median)} (${digits(p10)} to ${digits(p90)})`;
}

function inUnit({ median }: Spread, unit: Unit): string {
  return unit === "ms" ? `${digits(median)} ms` : `${digits(median)}/s`;
}

const ORDER = ["what", "against", "goal", "figure", "same", "sides", "verdict"] as const;

export function asMarkdown(rows: readonly Row[], environment: Environment): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const lines = [HEADS, ...rows.map(cellsOf)].map((cells) => line(ORDER.map((name) => cells[name])));
  const notes = rows.flatMap(notesOf).map((note) => `- ${note}`);
  return [surroundings(environment), "", lines[0], line(ORDER.map(() => "---")), ...lines.slice(1), "", ...notes].join("\n");
}

/** Columns as wide as they must be. */
export function asTable(rows: readonly Row[], environment: Environment): string {
  const lines = [HEADS, ...rows.map(cellsOf)];
  const widths = ORDER.map((name) => Math.max(...lines.map((cells) => cells[name].length)));
  const table = lines.map((cells) =>
    ORDER.map((name, column) => cells[name].padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return [surroundings(environment), "", ...table, "", ...rows.flatMap(notesOf).map((note) => `- ${note}`)].join("\n");
}

function notesOf(row: Row): string[] {
  if (row.outcome !== "measured") return [];
  return row.measured.notes.map((note) => `${row.measurement.name}: ${note}`);
}

export function asJson(rows: readonly Row[], environment: Environment): string {
  const shown = rows.map((row) => {
    const { name, what, against, goal } = row.measurement;
    return { name, what, against, ...(goal === undefined ? {} : { goal }), ...resultOf(row) };
  });
  return JSON.stringify({ environment, rows: shown }, null, 2);
}

function resultOf(row: Row): object {
  if (row.outcome !== "measured") return { outcome: row.outcome, why: row.why };
  const { measured, seconds } = row;
  const verdict = measured.kind === "figures" ? measured.verdict : verdictOf(row.measurement.goal, measured.comparison);
  return { outcome: "measured", verdict, seconds, ...measured };
}

function surroundings({ node, system, processors, extraCaCerts, fdatasyncMs, lone, load }: Environment): string {
  return (
    `Node ${node} on ${system}, ${processors}; NODE_EXTRA_CA_CERTS ${extraCaCerts}; ` +
    `fdatasync p50 ${digits(fdatasyncMs)} ms; load average ${digits(load)}; one at a time: ${lone}`
  );
}
