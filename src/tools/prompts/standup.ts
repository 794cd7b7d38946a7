/** `standup`: who does what, and what needs the caller. */
import type { SummaryAnswer } from "../../wire/query.ts";
import { behindLines } from "../behind.ts";
import { claimLine, decideCommand } from "../claim-line.ts";
import { conflictLine } from "../conflict-line.ts";
import type { ToolContext } from "../ports.ts";
import type { PeerMessage } from "../ports/mail.ts";
import type { Prompt } from "../prompt.ts";
import { asJson, named, quoted } from "../quote.ts";
import { asksForWord, concerns, isOwn, mayDecide } from "../resources/whose.ts";
import { sessionTable } from "../session-table.ts";
import type { Next } from "../tool.ts";
import { promptText } from "./text.ts";

/** Tasks that are looked at, and paths of own ones that are compared with other worktrees. */
const MOST_INTENTS = 200;
const MOST_PATHS = 200;

/** How many of each kind are named. */
const NAMED = 4;

/** Characters of the mail that is looked at. */
const MOST_MAIL = 2_000;

export const standup: Prompt = {
  name: "standup",
  title: "Stand-up",
  description: "Who works on what in this repository now, and what needs you: conflicts, mail, claims, files where you are behind.",
  arguments: [],
  async fill(ctx) {
    const { coordination, nowMs } = ctx;
    const { principalId: me } = await coordination.membership();
    const summary = await coordination.summary({ limit: MOST_INTENTS });
    const mine = summary.active_intents.filter((intent) => isOwn(me, intent.principal_id));
    const held = mine.flatMap(({ scope }) => scope.resources ?? []).slice(0, MOST_PATHS);
    const behind = held.length === 0 ? [] : await coordination.behind(held);
    const needs = needsOf(summary, me);
    const lines = [
      ...needs.conflicts.slice(0, NAMED).map((conflict) => conflictLine(conflict, me, summary.active_intents)),
      ...more(needs.conflicts.length - NAMED, "open conflict"),
      ...needs.claims.slice(0, NAMED).map((claim) => `${claimLine(claim, me, nowMs())}.`),
      ...(await mailLines(ctx)),
      ...behindLines(behind, nowMs()),
    ];
    const rest = { ...summary, open_conflicts: needs.others, claims: needs.otherClaims, claim_count: needs.otherClaims.length };
    return {
      text: promptText({
        ask: "Tell the user in a few lines where the work in this repository stands: who does what, and what needs you or them. Then do what needs you.",
        facts: [
          lines.length === 0 ? "Nothing needs you." : "What needs you:",
          ...lines,
          "",
          "Everybody:",
          ...sessionTable(rest, { principalId: me }, nowMs()),
        ],
        next: nextFor(summary, me, { mail: ctx.peers.unread(), isBehind: behind.length > 0 }),
      }),
    };
  },
};

function needsOf({ open_conflicts, claims = [], participants }: SummaryAnswer, me: string) {
  const decides = mayDecide(me, participants);
  const asksMe = (claim: (typeof claims)[number]) =>
    isOwn(me, claim.intent_principal_id) || (decides && claim.due_at === undefined && !isOwn(me, claim.principal_id));
  return {
    conflicts: open_conflicts.filter((conflict) => concerns(me, conflict)),
    others: open_conflicts.filter((conflict) => !concerns(me, conflict)),
    claims: claims.filter(asksMe),
    otherClaims: claims.filter((claim) => !asksMe(claim)),
  };
}

/** Looked at, not taken. */
async function mailLines({ peers }: ToolContext): Promise<string[]> {
  const unread = peers.unread();
  if (unread === 0) return [];
  const waiting = (await peers.waiting?.(MOST_MAIL))?.messages ?? [];
  return [`${unread} ${unread === 1 ? "message waits" : "messages wait"} in your mail.`, ...waiting.slice(0, NAMED).map(mailLine)];
}

function mailLine({ from, body }: PeerMessage): string {
  return `- from ${named(from)}: ${quoted(typeof body === "string" ? body : asJson(body), 120)}`;
}

function nextFor(summary: SummaryAnswer, me: string, { mail, isBehind }: { mail: number; isBehind: boolean }): Next[] {
  const { conflicts, claims } = needsOf(summary, me);
  const escalated = conflicts.find(({ escalated_to }) => isOwn(me, escalated_to));
  const open = conflicts.find((conflict) => conflict.escalated_to === undefined && asksForWord(me, conflict));
  const claim = claims.find(({ due_at }) => due_at === undefined);
  return [
    ...(escalated === undefined ? [] : [step("resolve_conflict", escalated.conflict_id, "it waits for your word")]),
    ...(open === undefined ? [] : [step("ack_conflict", open.conflict_id, "you are in it")]),
    ...(claim === undefined ? [] : [{ why: `ask the user to run \`${decideCommand(claim.claim_id)}\`, or with reject` }]),
    ...(mail === 0 ? [] : [{ tool: "bus_drain", arguments: {}, why: "take your mail" }]),
    ...(isBehind ? [{ tool: "get_file_state", why: "before you build on a file that others have changed" }] : []),
    { tool: "begin_task", arguments: { objective: "…", files: ["…"] }, why: "before you edit" },
  ];
}

const step = (tool: string, conflictId: string, why: string): Next => ({ tool, arguments: { conflict_id: conflictId }, why });

function more(count: number, what: string): string[] {
  return count <= 0 ? [] : [`and ${count} more ${what}${count === 1 ? "" : "s"}`];
}
