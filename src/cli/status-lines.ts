/**
 * A session as a person reads it on a terminal. Names and objectives are other people's text: they come cleaned of what a
 * terminal would obey.
 */
import { claimLine } from "../tools/claim-line.ts";
import { counted } from "../tools/counted.ts";
import { namedIn } from "../tools/named-in.ts";
import { folderName, observedLine } from "../tools/observed.ts";
import { listed, named, quoted } from "../tools/quote.ts";
import { left, span } from "../tools/times.ts";
import type { Health } from "../wire/health.ts";
import type { SummaryAnswer } from "../wire/query.ts";
import type { ConflictView, IntentView, ParticipantView } from "../wire/query/views.ts";
import type { StatusView } from "../wire/bus/views.ts";
import { busLine } from "./bus-facts.ts";
import { tableLines } from "./table.ts";
import type { Paint } from "./terminal.ts";

/** Characters of an objective that are shown. */
const OBJECTIVE = 60;
const FILES = 3;

/** Below this many milliseconds somebody is here now. */
const NOW_MS = 60_000;

/** Of one elsewhere only the address is known. */
export type ShownSidecar = Partial<Pick<Health, "pid" | "version" | "status">> &
  Pick<Health, "uri"> & { readonly bus?: StatusView | undefined };

export function statusLines(summary: SummaryAnswer, { pid, uri, status = "ok", bus }: ShownSidecar, nowMs: number, paint: Paint): string[] {
  const counts = [
    counted(summary.participant_count, "participant"),
    counted(summary.active_intent_count, "task"),
    counted(summary.open_conflict_count, "open conflict"),
  ];
  const { participants, active_intents: intents, open_conflicts: conflicts, undeclared = [] } = summary;
  const { claims = [], claim_count = claims.length } = summary;
  const holders = new Set(intents.map((one) => one.principal_id));
  const warning = status === "ok" ? [] : [paint("red", "The log takes no records now: `signalbox doctor` says why.")];
  return [
    paint("bold", `${counts.join(", ")}${summary.workspace_dir === "" ? "" : ` in ${named(summary.workspace_dir)}`}`),
    paint("dim", `session ${named(summary.session_id)}, ${pid === undefined ? "elsewhere" : `sidecar process ${pid}`} at ${named(uri)}`),
    ...(bus === undefined ? [] : [paint("dim", busLine(bus))]),
    ...warning,
    ...section(
      ["WHO", "BRANCH", "WORKTREE", "STATUS", "SEEN"],
      participants.map((one) => participantCells(one, holders.has(one.principal_id), nowMs)),
      paint,
    ),
    ...section(
      ["WHO", "FILES", "LEFT", "TASK", "OBJECTIVE"],
      intents.map((one) => intentCells(one, nowMs)),
      paint,
    ),
    ...(undeclared.length === 0 ? [] : ["", ...undeclared.map((seen) => `Undeclared: ${observedLine(seen, nowMs)}.`)]),
    ...(claims.length === 0 ? [] : ["", ...claims.map((claim) => `Claim: ${claimLine(claim, "", nowMs)}.`)]),
    ...(claim_count > claims.length ? [`and ${claim_count - claims.length} more`] : []),
    ...section(["CONFLICT", "BETWEEN", "STATE", "WHAT"], conflicts.map(conflictCells), paint),
  ];
}

function section(header: readonly string[], rows: readonly (readonly string[])[], paint: Paint): string[] {
  if (rows.length === 0) return [];
  const [titles = "", ...lines] = tableLines([header, ...rows]);
  return ["", paint("dim", titles), ...lines];
}

/** Whoever holds something works, as `who_is_working` has it, whatever the last heartbeat said. */
function participantCells(participant: ParticipantView, holds: boolean, nowMs: number): string[] {
  const { principal_id, branch, worktree, status, is_available, last_seen } = participant;
  const unheardMs = nowMs - Date.parse(last_seen);
  const seen = Number.isNaN(unheardMs) ? "unknown" : unheardMs < NOW_MS ? "now" : `${span(unheardMs)} ago`;
  const does = !is_available ? "away" : holds && status === "idle" ? "working" : named(status);
  return [named(principal_id), orNone(branch), orNone(worktree && folderName(worktree)), does, seen];
}

function intentCells({ principal_id, scope, expires_at, intent_id, objective, state }: IntentView, nowMs: number): string[] {
  const ends = state === "ACTIVE" ? left(expires_at, nowMs) : `${left(expires_at, nowMs)}, ${named(state)}`;
  return [named(principal_id), listed(namedIn(scope), FILES) || "-", ends, named(intent_id), quoted(objective, OBJECTIVE)];
}

function conflictCells({ conflict_id, principal_a, principal_b, state, description }: ConflictView): string[] {
  const between = [principal_a, principal_b].map((one) => orNone(one ?? undefined)).join(" and ");
  return [named(conflict_id), between, named(state), quoted(description, OBJECTIVE)];
}

function orNone(text: string | undefined): string {
  return text === undefined || text === "" ? "-" : named(text);
}
