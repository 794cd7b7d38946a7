/** A conflict brought before somebody with authority, and who that can be where it is not clear. */
import { codeOf, failed, refused } from "./failure.ts";
import type { Coordination, Escalation } from "./ports/session.ts";
import { listed, named } from "./quote.ts";
import type { Answer, Next } from "./tool.ts";

export interface Decided {
  /** What the answer begins with. */
  readonly because: string;
  /** What is done instead where nobody is there who can decide. */
  readonly unlessAnybody: () => Promise<Answer>;
}

/** @param decided - of a person who decided so */
export async function bringBefore(coordination: Coordination, escalation: Escalation, decided?: Decided): Promise<Answer> {
  const { because = "" } = decided ?? {};
  const { conflictId, to, reason } = escalation;
  const outcome = await coordination.escalate(escalation);
  if (!outcome.ok) {
    const candidates = candidatesIn(outcome.rejection.details?.["candidates"]);
    const isNobodyThere = candidates.length === 0 && outcome.rejection.code === "principal/unknown";
    if (isNobodyThere && decided !== undefined) return decided.unlessAnybody();
    if (candidates.length === 0) return refused(outcome.rejection, isNobodyThere ? { next: byYourselves(conflictId) } : {});
    const message = `${because}${outcome.rejection.message}; who can decide: ${listed(candidates)}`;
    const next: Next[] = candidates.slice(0, 3).map((candidate) => ({
      tool: "escalate_conflict",
      arguments: { conflict_id: conflictId, reason: reason.slice(0, 200), escalate_to: candidate },
      why: `ask ${named(candidate)}`,
    }));
    return failed({ code: codeOf(outcome.rejection.code), message, recoverable: true, next }, { candidates });
  }
  return {
    structured: { status: "ok", conflict_id: conflictId, ...(to === undefined ? {} : { escalate_to: to }) },
    lines: [`ok: ${because}conflict ${named(conflictId)} is escalated to ${to === undefined ? "the arbiter" : named(to)}, who decides it.`],
    next: [
      { why: "leave the files in question alone meanwhile" },
      { tool: "who_is_working", arguments: {}, why: "later, to see how it was decided" },
    ],
  };
}

function byYourselves(conflictId: string): Next[] {
  return [
    { why: "tell the user" },
    { tool: "ack_conflict", arguments: { conflict_id: conflictId, ack_type: "accepted" }, why: "to merge with theirs" },
    { tool: "yield_task", why: "to give way" },
  ];
}

function candidatesIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((name): name is string => typeof name === "string") : [];
}
