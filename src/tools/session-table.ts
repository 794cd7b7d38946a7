/** The session as a few lines of text: you first, then who holds something, then the rest. It never outgrows its budget. */
import type { SummaryAnswer } from "../wire/query.ts";
import type { ConflictView, IntentView, ParticipantView } from "../wire/query/views.ts";
import { counted } from "./counted.ts";
import { claimLine } from "./claim-line.ts";
import { namedIn } from "./named-in.ts";
import { conflictLine } from "./conflict-line.ts";
import type { Membership } from "./ports/session.ts";
import { folderName, observedLine } from "./observed.ts";
import { listed, named, quoted } from "./quote.ts";
import { left, since } from "./times.ts";

/** Most characters of all lines: about 1,500 tokens, with room for what comes after the table. */
export const TABLE_CHARACTERS = 4_200;

/** Conflicts that are named; own ones come first. */
const NAMED_CONFLICTS = 5;

/** Worktrees whose undeclared edits are named. */
const NAMED_TREES = 5;

/** Who is named of those that wait. */
const NAMED_WAITING = 5;

/** Claims that are named. */
const NAMED_CLAIMS = 5;

/** Intents that are named for one participant. */
const NAMED_INTENTS = 5;

export function sessionTable(summary: SummaryAnswer, { principalId }: Pick<Membership, "principalId">, nowMs: number): string[] {
  const counts = [
    counted(summary.participant_count, "participant"),
    counted(summary.active_intent_count, "task"),
    counted(summary.open_conflict_count, "open conflict"),
  ];
  const isMine = (conflict: ConflictView) => conflict.principal_a === principalId || conflict.principal_b === principalId;
  const conflicts = summary.open_conflicts.toSorted((a, b) => Number(isMine(b)) - Number(isMine(a)));
  const blocks = [
    ...conflicts.slice(0, NAMED_CONFLICTS).map((conflict) => [conflictLine(conflict, principalId, [])]),
    ...claimBlocks(summary, principalId, nowMs),
    ...participantBlocks(summary, principalId, nowMs),
    ...waitingBlocks(summary, principalId, nowMs),
    ...(summary.undeclared ?? []).slice(0, NAMED_TREES).map((seen) => [`Undeclared: ${observedLine(seen, nowMs)}.`]),
  ];
  return fitted(`${counts.join(", ")}.`, blocks);
}

/** Who waits for a turn, in the order of the answer. */
function waitingBlocks({ waiting = [], waiting_count = waiting.length }: SummaryAnswer, principalId: string, nowMs: number): string[][] {
  const lines = waiting.slice(0, NAMED_WAITING).map(({ principal_id, resources, resource_count, since: at, objective }) => {
    const who = principal_id === principalId ? "you wait" : `${named(principal_id)} waits`;
    return `${who} for ${listed(resources, 3, resource_count)} ${since(at, nowMs)}: ${quoted(objective, 120)}`;
  });
  const more = waiting_count - lines.length;
  return lines.length === 0 ? [] : [[...lines, ...(more > 0 ? [`and ${counted(more, "more waits", "more wait")}`] : [])]];
}

/** Who claims the work of somebody who is away. */
function claimBlocks({ claims = [], claim_count = claims.length }: SummaryAnswer, principalId: string, nowMs: number): string[][] {
  const lines = claims.slice(0, NAMED_CLAIMS).map((claim) => [`${claimLine(claim, principalId, nowMs)}.`]);
  const more = claim_count - lines.length;
  return more > 0 && lines.length > 0 ? [...lines, [`and ${counted(more, "more claim")}.`]] : lines;
}

/** Whole blocks while there is room, and then how much was left out. */
function fitted(head: string, blocks: readonly (readonly string[])[]): string[] {
  const lines = [head];
  let room = TABLE_CHARACTERS - head.length;
  for (const [index, block] of blocks.entries()) {
    room -= block.join("\n").length + 1;
    if (room < 0) return [...lines, `… and ${counted(blocks.length - index, "entry", "entries")} more: narrow it with paths.`];
    lines.push(...block);
  }
  return lines;
}

function participantBlocks({ participants, active_intents }: SummaryAnswer, principalId: string, nowMs: number): string[][] {
  const held = grouped(active_intents);
  const rank = (participant: ParticipantView) =>
    participant.principal_id === principalId ? 0 : held.has(participant.principal_id) ? 1 : 2;
  const known = new Set(participants.map((participant) => participant.principal_id));
  const present = participants
    .toSorted((a, b) => rank(a) - rank(b))
    .map((participant) => {
      const intents = held.get(participant.principal_id) ?? [];
      return [heading(participant, principalId, intents.length > 0), ...tasks(intents, nowMs)];
    });
  const gone = [...held]
    .filter(([principal]) => !known.has(principal))
    .map(([principal, intents]) => [`${named(principal)} (gone)`, ...tasks(intents, nowMs)]);
  return [...present, ...gone];
}

/** Whoever holds something works, whatever the last heartbeat said. */
function heading(participant: ParticipantView, principalId: string, holds: boolean): string {
  const { principal_id, branch, worktree, is_available, status, dirty_count = 0 } = participant;
  const you = principal_id === principalId ? " (you)" : principal_id.startsWith(`${principalId}/`) ? " (your sub-agent)" : "";
  const on = branch === undefined ? "" : ` on ${named(branch)}`;
  const where = worktree === undefined ? "" : ` in ${named(folderName(worktree))}`;
  const dirty = dirty_count === 0 ? "" : `, ${counted(dirty_count, "uncommitted file")}`;
  return `${named(principal_id)}${you}${on}${where}: ${is_available ? named(holds && status === "idle" ? "working" : status) : "away"}${dirty}`;
}

function tasks(intents: readonly IntentView[], nowMs: number): string[] {
  const lines = intents.slice(0, NAMED_INTENTS).map((intent) => {
    const state = intent.state === "ACTIVE" ? "" : `, ${named(intent.state)}`;
    return `  ${named(intent.intent_id)}: ${listed(namedIn(intent.scope), 4)} (${left(intent.expires_at, nowMs)}${state}) ${quoted(intent.objective, 120)}`;
  });
  const more = intents.length - NAMED_INTENTS;
  return more > 0 ? [...lines, `  and ${counted(more, "task")} more`] : lines;
}

function grouped(intents: readonly IntentView[]): Map<string, IntentView[]> {
  const groups = new Map<string, IntentView[]>();
  for (const intent of intents) groups.set(intent.principal_id, [...(groups.get(intent.principal_id) ?? []), intent]);
  return groups;
}
