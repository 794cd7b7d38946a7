/** A conflict as the person of one of its parties has to see it: both sides, and whether this party's word decides it. */
import type { ConflictView } from "../wire/query/views.ts";
import type { Question } from "./asking.ts";
import { namedIn } from "./named-in.ts";
import { isLive, type KnownIntent } from "./own-intent.ts";
import type { ToolContext } from "./ports.ts";
import type { Coordination } from "./ports/session.ts";
import { listed, named, quoted } from "./quote.ts";
import { choiceField, type Choices, noteField } from "./replies.ts";

export type Choice = "keep_mine" | "keep_theirs" | "merge" | "hand_over" | "wait";

export interface Dispute {
  readonly conflict: ConflictView;
  readonly principalId: string;
  readonly mine: KnownIntent;
  readonly theirs: KnownIntent;
  /** Whether the caller may decide it itself, by its role. */
  readonly decides: boolean;
  /** The same as long as nothing of it has changed. */
  readonly stamp: string;
}

/** Roles whose word decides a conflict that is before nobody yet (SPEC 18.2). */
const AUTHORITY = ["owner", "arbiter"];

/** The conflict, when it is open, before nobody, and between a live task of the caller's and one of another's. */
export async function readDispute(ctx: ToolContext, coordination: Coordination, conflictId: string): Promise<Dispute | undefined> {
  const { principalId } = await coordination.membership();
  const { open_conflicts, participants } = await coordination.summary({ limit: 1 });
  const conflict = open_conflicts.find(({ conflict_id }) => conflict_id === conflictId);
  if (conflict === undefined || conflict.state === "ESCALATED") return undefined;
  const ids = conflict.principal_a === principalId ? [conflict.intent_a, conflict.intent_b] : [conflict.intent_b, conflict.intent_a];
  const [mine, theirs] = await Promise.all(ids.map(async (id) => (id === null ? null : coordination.intent(id))));
  if (mine?.principal_id !== principalId || theirs?.principal_id === undefined) return undefined;
  if (!isLive(mine) || !isLive(theirs)) return undefined;

  const { roles = [] } = participants.find(({ principal_id }) => principal_id === principalId) ?? {};
  const sides = [mine, theirs].map(({ intent_id, state, fence, objective, scope }) => [intent_id, state, fence, objective, scope]);
  return {
    conflict,
    principalId,
    mine,
    theirs,
    decides: roles.some((role) => AUTHORITY.includes(role)),
    stamp: ctx.hash(JSON.stringify([conflict.conflict_id, conflict.state, sides])),
  };
}

/** What can be chosen, each with what becomes of it. */
export function choicesOf({ theirs, decides }: Dispute): Choices<Choice> {
  const other = named(theirs.principal_id);
  return {
    keep_mine: decides
      ? `Keep mine: the task of ${other} ends`
      : `Keep mine: an arbiter, or else ${other}, is asked to end the task of ${other}`,
    keep_theirs: `Keep theirs: my agent's task ends`,
    merge: decides ? "Merge: both go on and bring their work together" : `Merge: an arbiter, or else ${other}, is asked to let both go on`,
    hand_over: `Hand over: my agent's task ends, and ${other} takes its files on`,
    wait: "Wait: leave it open, and say only that it was seen",
  };
}

export function disputeQuestion(dispute: Dispute, reason: string): Question {
  const { conflict, mine, theirs, stamp } = dispute;
  const side = ({ scope, objective, intent_id, state }: KnownIntent): string =>
    `${quoted(objective)} over ${listed(namedIn(scope))} (${named(intent_id)}, ${named(state)})`;
  const message = [
    `Two tasks mean to change the same files: conflict ${named(conflict.conflict_id)}, ${named(conflict.state)}.`,
    `Mine, of ${named(mine.principal_id)}: ${side(mine)}.`,
    `Theirs, of ${named(theirs.principal_id)}: ${side(theirs)}.`,
    `The agent says why it asks: ${quoted(reason, 400)}`,
  ].join("\n");
  return {
    message,
    fields: { choice: choiceField("What should happen?", choicesOf(dispute)), note: noteField() },
    required: ["choice"],
    state: { stamp },
  };
}
