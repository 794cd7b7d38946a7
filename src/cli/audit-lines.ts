/** What an audit found, for a person and for a program. Names come cleaned of what a terminal would obey. */
import type { Flaw, Span, StreamReport } from "../app/kept-log.ts";
import { named } from "../tools/quote.ts";
import type { JsonObject } from "../wire/json.ts";
import { tableLines } from "./table.ts";
import type { Paint } from "./terminal.ts";

export interface Audit {
  readonly workspaceDir: string;
  /** The process that handed the log over; undefined when it was read from the disk. */
  readonly sidecar: number | undefined;
  readonly logPath: string;
  readonly reports: readonly StreamReport[];
}

/** Hex digits of a hash in the table; the last one of all is told in full. */
const SHORT = 12;

export function auditLines({ workspaceDir, sidecar, logPath, reports }: Audit, paint: Paint): string[] {
  const source = sidecar === undefined ? named(logPath) : `as its sidecar, process ${sidecar}, hands it out`;
  const title = paint("bold", `The log of ${named(workspaceDir)}, ${source}`);
  if (reports.length === 0) return [title, "It holds no records."];
  return [title, ...reports.flatMap((report) => ["", ...streamLines(report, paint)])];
}

function streamLines({ stream, span, kinds, blobs, flaw }: StreamReport, paint: Paint): string[] {
  const rows = [...kinds].sort(([, a], [, b]) => b.records - a.records).map(([kind, of]) => cells(named(kind), of));
  const [titles = "", ...lines] = tableLines([
    ["KIND", "RECORDS", "FIRST", "LAST", "FROM", "TO"],
    ...rows,
    ...(span === undefined ? [] : [cells("all", span)]),
  ]);
  const last = lines.pop();
  const table = last === undefined ? [] : [paint("dim", titles), ...lines, paint("bold", last)];
  return [...table, ...(flaw === undefined ? wholeLines(stream, span, blobs, paint) : flawLines(stream, flaw, paint))];
}

function cells(name: string, { records, first, last }: Span): string[] {
  const end = ({ revision, hash }: Span["first"]): string => `${revision} ${hash.slice(0, SHORT)}`;
  return [name, String(records), end(first), end(last), rfc3339(first.atMs), rfc3339(last.atMs)];
}

function wholeLines(stream: string, span: Span | undefined, blobs: number, paint: Paint): string[] {
  const records = span?.records ?? 0;
  const content = blobs === 0 ? "" : `, with ${blobs} file ${blobs === 1 ? "content" : "contents"} that they name`;
  return [
    `${paint("green", "whole")}: ${named(stream)}, ${records} ${records === 1 ? "record" : "records"}, each behind the one before${content}`,
    `last hash ${span?.last.hash ?? "none"}`,
  ];
}

function flawLines(stream: string, { code, revision, what, expected, found }: Flaw, paint: Paint): string[] {
  const judgement = code === "log/damaged" || code === "store/corrupt" ? "broken" : "not to be judged by this release";
  const whole = revision === 1 ? "no record before it" : revision === 2 ? "record 1 is whole" : `records 1 to ${revision - 1} are whole`;
  return [
    `${paint("red", judgement)}: ${named(stream)} at revision ${revision}; ${whole}`,
    `  record ${revision} ${what}`,
    `  expected  ${expected}`,
    `  found     ${found}`,
    judgement === "broken"
      ? "Keep the file as it is: stop its sidecar, then `signalbox store set-aside`, of the same --workspace or --store, which deletes nothing and makes room for a new log."
      : "Install the release that wrote it, or a newer one.",
  ];
}

export function auditDocument({ workspaceDir, sidecar, reports }: Audit): JsonObject {
  return {
    whole: reports.every(({ flaw }) => flaw === undefined),
    workspace_dir: workspaceDir,
    read_from: sidecar === undefined ? "file" : "sidecar",
    streams: reports.map(({ stream, head, span, kinds, blobs, flaw }) => ({
      stream,
      whole: flaw === undefined,
      head,
      ...(span === undefined ? { records: 0 } : spanDocument(span)),
      blobs,
      kinds: Object.fromEntries(Array.from(kinds, ([kind, of]) => [kind, spanDocument(of)])),
      ...(flaw === undefined ? {} : { flaw: { ...flaw } }),
    })),
  };
}

function spanDocument({ records, first, last }: Span): JsonObject {
  const point = ({ revision, hash, atMs }: Span["first"]) => ({ revision, hash, at: rfc3339(atMs) });
  return { records, first: point(first), last: point(last) };
}

/** A damaged log may name any instant. */
function rfc3339(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? `${ms} ms` : date.toISOString();
}
