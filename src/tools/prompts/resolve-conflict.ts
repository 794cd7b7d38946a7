/** `resolve_conflict`: both sides of one conflict, and the calls that settle it. */
import type { SummaryAnswer } from "../../wire/query.ts";
import type { ConflictView, IntentView } from "../../wire/query/views.ts";
import { namedIn } from "../named-in.ts";
import type { Coordination } from "../ports/session.ts";
import type { Prompt } from "../prompt.ts";
import { listed, named, quoted } from "../quote.ts";
import { isOwn, mayDecide } from "../resources/whose.ts";
import { since, until } from "../times.ts";
import type { Next } from "../tool.ts";
import { saidAbout } from "./said.ts";
import { promptText } from "./text.ts";

/** Tasks among which the sides are looked for. */
const MOST_INTENTS = 200;

/** Open conflicts that a sentence names. */
const NAMED = 8;

export const resolveConflict: Prompt = {
  name: "resolve_conflict",
  title: "Settle a conflict",
  description: "Both sides of an open conflict, their files, since when and what was said; and the calls that settle it.",
  arguments: [{ name: "conflict_id", description: "An open conflict.", required: true }],
  async fill(ctx, { conflict_id: id = "" }) {
    const { coordination, nowMs } = ctx;
    const summary = await coordination.summary({ limit: MOST_INTENTS });
    const conflict = summary.open_conflicts.find(({ conflict_id }) => conflict_id === id);
    if (conflict === undefined) return { refused: noConflict(id, summary) };
    const { principalId: me } = await coordination.membership();
    const intents = await Promise.all([conflict.intent_a, conflict.intent_b].map((intent) => sideOf(intent, summary, coordination)));
    const sides = [
      sideLine({ principal: conflict.principal_a, id: conflict.intent_a, intent: intents[0] }, me, nowMs()),
      sideLine({ principal: conflict.principal_b, id: conflict.intent_b, intent: intents[1] }, me, nowMs()),
    ];
    const said = await saidAbout(
      ctx,
      [id, conflict.intent_a, conflict.intent_b].filter((one) => one !== null),
    );
    return {
      text: promptText({
        ask: `Help to settle conflict ${named(id)}: say what each side wants, whether both can stand, and what you propose. Then make the call that fits; ask the user first where work would be lost.`,
        facts: [conflictHead(conflict, me, nowMs()), ...sides, ...acknowledged(conflict, me), ...said],
        next: nextFor(conflict, summary, me),
      }),
    };
  },
  async complete({ coordination }, argument, begun) {
    if (argument !== "conflict_id") return [];
    const { open_conflicts } = await coordination.summary({ limit: 1 });
    return open_conflicts.map(({ conflict_id }) => conflict_id).filter((id) => id.startsWith(begun));
  },
};

function noConflict(id: string, { open_conflicts, open_conflict_count }: SummaryAnswer): string {
  const ids = open_conflicts.map(({ conflict_id }) => conflict_id);
  const open = ids.length === 0 ? "none is open" : `open are ${listed(ids, NAMED, open_conflict_count)}`;
  return `there is no open conflict ${quoted(id)}; ${open}`;
}

/** A side that has ended is no live task any more. */
async function sideOf(id: string | null, { active_intents }: SummaryAnswer, coordination: Coordination): Promise<IntentView | undefined> {
  if (id === null) return undefined;
  return active_intents.find(({ intent_id }) => intent_id === id) ?? (await coordination.intent(id)) ?? undefined;
}

function conflictHead(
  { category, severity, state, opened_at, escalated_to, frozen_phase, description }: ConflictView,
  me: string,
  nowMs: number,
): string {
  const when = opened_at === undefined ? "" : ` ${since(opened_at, nowMs)}`;
  const to = escalated_to === undefined ? "" : `, escalated to ${isOwn(me, escalated_to) ? "you" : named(escalated_to)}`;
  const frozen = frozen_phase === undefined ? "" : ", its files frozen until it is resolved";
  return `The conflict (${named(category)}, ${named(severity)}) is ${named(state)}${when}${to}${frozen}: ${quoted(description, 300)}`;
}

interface Side {
  readonly principal: string | null;
  readonly id: string | null;
  readonly intent: IntentView | undefined;
}

function sideLine({ principal, id, intent }: Side, me: string, nowMs: number): string {
  const who = isOwn(me, principal) ? `You (${named(principal ?? "")})` : named(principal ?? "Somebody unknown");
  if (intent === undefined) return `${who}: ${id === null ? "no task" : `task ${named(id)}, of which nothing is known any more`}.`;
  const { objective, scope, state, announced_at, expires_at, branch } = intent;
  const on = branch === undefined ? "" : `, branch ${named(branch)}`;
  const files = listed(namedIn(scope), 5, Math.max(scope.resource_count ?? 0, namedIn(scope).length));
  return `${who}: ${files} ${since(announced_at, nowMs)} ${until(expires_at, nowMs)}: ${quoted(objective)} (${named(intent.intent_id)}, ${named(state)}${on})`;
}

function acknowledged({ acknowledgements = {} }: ConflictView, me: string): string[] {
  const words = Object.entries(acknowledgements).map(([who, word]) => `${isOwn(me, who) ? "you" : named(who)}: ${named(word)}`);
  return words.length === 0 ? ["Nobody has acknowledged it yet."] : [`Acknowledged by ${words.slice(0, 4).join(", ")}.`];
}

function nextFor(conflict: ConflictView, { participants }: SummaryAnswer, me: string): Next[] {
  const { conflict_id, principal_a, principal_b, intent_a, intent_b, escalated_to } = conflict;
  const about = { conflict_id };
  const ownIntent = isOwn(me, principal_a) ? intent_a : isOwn(me, principal_b) ? intent_b : null;
  const isParty = isOwn(me, principal_a) || isOwn(me, principal_b);
  const decides = escalated_to === undefined ? mayDecide(me, participants) : isOwn(me, escalated_to);
  const settle: Next[] = decides
    ? [
        {
          tool: "resolve_conflict",
          arguments: { ...about, decision: "approved", rationale: "…", outcome: { accepted: [intent_a], rejected: [intent_b] } },
          why: "your word decides; merged lets both stand",
        },
      ]
    : [];
  const own: Next[] = isParty
    ? [
        { tool: "ack_conflict", arguments: { ...about, ack_type: "accepted" }, why: "both go on, and you merge" },
        ...(ownIntent === null ? [] : [{ tool: "yield_task", arguments: { intent_id: ownIntent }, why: "you let the other go first" }]),
        ...(escalated_to === undefined
          ? [{ tool: "escalate_conflict", arguments: { ...about, reason: "…" }, why: "somebody else decides" }]
          : []),
      ]
    : [];
  const talk: Next = { tool: "post_message", arguments: { topic: "conflicts", body: `${conflict_id}: …` }, why: "say what you propose" };
  return [...settle, ...own, talk];
}
