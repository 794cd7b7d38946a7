/**
 * What the person at the host chose about a conflict, carried out as far as the caller's authority goes: its own task it may end
 * at any time; another's only who decides the conflict, before whom it is brought otherwise.
 */
import type { Choice, Dispute } from "./dispute.ts";
import { bringBefore } from "./escalation.ts";
import { refused } from "./failure.ts";
import { idFor, type Request } from "./once.ts";
import type { ToolContext } from "./ports.ts";
import type { Coordination, Outcome, Resolution } from "./ports/session.ts";
import { listed, named } from "./quote.ts";
import type { Answer, Next } from "./tool.ts";

export interface Settling {
  readonly coordination: Coordination;
  readonly dispute: Dispute;
  readonly request: Request | undefined;
  /** Why the caller asked. */
  readonly reason: string;
  readonly context: string | undefined;
  /** What the person added. */
  readonly note: string;
}

/** What ends or changes another's task, and so is not for a party to decide. */
type NeedsAuthority = Extract<Choice, "keep_mine" | "merge">;

interface Once {
  readonly requestId?: string;
}

const WORDS: Readonly<Record<Choice, string>> = {
  keep_mine: "keep mine",
  keep_theirs: "keep theirs",
  merge: "merge",
  hand_over: "hand over",
  wait: "wait",
};

export async function settle(ctx: ToolContext, settling: Settling, choice: Choice): Promise<Answer> {
  const { dispute, coordination } = settling;
  const { conflict, mine, theirs, decides } = dispute;
  // A choice of its own each: what another choice of the same call did is not what this one asks for.
  const once = settling.request === undefined ? {} : { requestId: idFor(ctx, settling.request, choice) };
  switch (choice) {
    case "keep_mine":
      if (!decides) return brought(settling, choice, once);
      return resolved(settling, choice, { accepted: [mine.intent_id], rejected: [theirs.intent_id] }, once);
    case "merge":
      if (!decides) return brought(settling, choice, once);
      return resolved(settling, choice, { merged: [mine.intent_id, theirs.intent_id] }, once);
    case "keep_theirs":
      if (decides) return resolved(settling, choice, { accepted: [theirs.intent_id], rejected: [mine.intent_id] }, once);
      return yielded(settling, choice, await coordination.withdraw(mine.intent_id, said(settling, choice), once));
    case "hand_over":
      return yielded(settling, choice, await coordination.withdraw(mine.intent_id, said(settling, choice), once));
    case "wait": {
      const outcome = await coordination.acknowledge(conflict.conflict_id, "seen", once);
      if (!outcome.ok) return refused(outcome.rejection);
      return done(dispute, choice, "acknowledged", "it stays open, and the others know that it was seen", [
        { why: "leave the files in question alone meanwhile" },
        { tool: "who_is_working", arguments: {}, why: "later, to see what became of it" },
      ]);
    }
  }
}

/** The decision in a sentence for the others, with what the person added. */
function said({ dispute: { principalId }, note }: Settling, choice: Choice): string {
  return `the person at ${principalId} decided: ${WORDS[choice]}${note === "" ? "" : ` (${note})`}`;
}

async function brought(settling: Settling, choice: NeedsAuthority, once: Once): Promise<Answer> {
  const { coordination, dispute, reason, context } = settling;
  const { conflict_id: conflictId } = dispute.conflict;
  const asked = { conflictId, reason: `${said(settling, choice)}; ${reason}`, ...(context === undefined ? {} : { context }), ...once };
  const { structured, ...answer } = await bringBefore(coordination, asked, {
    because: `the person chose "${WORDS[choice]}", which an arbiter has to decide: `,
    unlessAnybody: () => told(settling, choice, once),
  });
  return { ...answer, structured: { choice, ...(answer.isError === true ? {} : { action: "escalated" }), ...structured } };
}

/** Two agents of one person, say: the other side hears what this one's user wants, and agrees or does not. */
async function told({ coordination, dispute }: Settling, choice: NeedsAuthority, once: Once): Promise<Answer> {
  const { conflict, theirs } = dispute;
  const outcome = await coordination.acknowledge(conflict.conflict_id, choice === "merge" ? "accepted" : "disputed", once);
  if (!outcome.ok) return refused(outcome.rejection);
  const other = named(theirs.principal_id);
  const wanted = choice === "merge" ? "both tasks should go on" : "your task should keep the files";
  return done(dispute, choice, "acknowledged", `nobody here can decide over the task of ${other}, so ${other} has to agree`, [
    { tool: "post_message", arguments: { topic: conflict.conflict_id }, why: `tell ${other} that ${wanted}, and why` },
    { why: "leave the files in question alone until they answer" },
  ]);
}

async function resolved(settling: Settling, choice: Choice, outcome: NonNullable<Resolution["outcome"]>, once: Once): Promise<Answer> {
  const { coordination, dispute, reason } = settling;
  const { conflict_id: conflictId } = dispute.conflict;
  const decision = choice === "merge" ? "merged" : "human_override";
  const given = await coordination.resolve({
    conflictId,
    decision,
    rationale: `${said(settling, choice)}; ${reason}`,
    outcome,
    ...once,
  });
  if (!given.ok) return refused(given.rejection);
  const ended = listed(outcome.rejected ?? []);
  const goesOn = choice === "keep_theirs" ? `${ended} of yours has ended` : choice === "merge" ? "both go on" : `${ended} has ended`;
  const next: Next[] =
    choice === "keep_theirs"
      ? [{ tool: "begin_task", why: "for other files" }]
      : [{ why: choice === "merge" ? "go on, and merge with their work" : "go on with your task" }];
  return done(dispute, choice, "resolved", `it is resolved as ${decision}; ${goesOn}`, next);
}

function yielded({ dispute }: Settling, choice: Choice, outcome: Outcome<unknown>): Answer {
  if (!outcome.ok) return refused(outcome.rejection);
  const { mine, theirs, conflict } = dispute;
  const tell: Next[] =
    choice === "hand_over"
      ? [{ tool: "post_message", arguments: { topic: conflict.conflict_id }, why: `tell ${named(theirs.principal_id)} what is left to do` }]
      : [];
  return done(dispute, choice, "yielded", `your task ${named(mine.intent_id)} has ended; do not edit its files`, [
    ...tell,
    { tool: "begin_task", why: "for other files" },
  ]);
}

type Action = "resolved" | "yielded" | "acknowledged";

function done({ conflict, mine }: Dispute, choice: Choice, action: Action, what: string, next: readonly Next[]): Answer {
  const { conflict_id: conflictId } = conflict;
  const message = `the person chose "${WORDS[choice]}" about conflict ${named(conflictId)}: ${what}`;
  return {
    structured: { status: "ok", conflict_id: conflictId, choice, action, intent_id: mine.intent_id, message },
    lines: [`ok: ${message}.`],
    next,
  };
}
