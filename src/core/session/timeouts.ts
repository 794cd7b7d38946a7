/**
 * What comes of a conflict that nobody resolves (SPEC 18.6): it is brought before an arbiter; when that leads nowhere, or
 * there is none, what it is about is frozen; and a frozen scope is freed step by step.
 *
 * | state                         | when                              | then                                              |
 * |-------------------------------|-----------------------------------|---------------------------------------------------|
 * | open, before no arbiter       | the time to resolve it, an arbiter is there | ESCALATED to the arbiter                |
 * | open, otherwise               | the time to resolve it            | frozen, phase 1                                   |
 * | frozen, phase 1               | the end of the phase              | phase 2: before an arbiter, and the intent with the highest priority may go on |
 * | frozen, phase 2               | the end of the phase              | CLOSED: who went on in phase 2 has it, else whose operation came first (phase 3) |
 *
 * What it is about may end meanwhile: then it is dismissed at once, whatever phase it is in (`dismissal.ts`). When one side
 * of it is left, or all sides have accepted it, nothing is due and a freeze of it is over (`contested.ts`).
 */
import type { PrincipalId } from "../../wire/ids.ts";
import { FALLBACK, PHASE_3 } from "../../wire/freeze.ts";
import type { SessionEvent } from "../../wire/session.ts";
import { rankOf } from "../row.ts";
import { availableArbiters, isArbiter } from "./authority.ts";
import { contested } from "./contested.ts";
import { policyOf } from "./policy.ts";
import type { SessionState } from "./state.ts";
import type { Conflict } from "./state/conflicts.ts";
import { type Intent, isLive } from "./state/intents.ts";
import { isPending, type Operation } from "./state/operations.ts";
import type { SessionMoment, Verdict } from "./verdict.ts";

const TIMED_OUT = "resolution_timeout";

export function decideUnresolved(state: Readonly<SessionState>, conflict: Conflict, dueAtMs: number, at: SessionMoment): Verdict {
  if (conflict.frozen === undefined) {
    const brought = broughtBefore(state, conflict, TIMED_OUT, dueAtMs);
    return { events: brought.length > 0 ? brought : [frozen(state, conflict, 1, dueAtMs)] };
  }
  if (conflict.frozen.phase === 1) {
    return { events: [...broughtBefore(state, conflict, "frozen_scope_phase_2", dueAtMs), frozen(state, conflict, 2, dueAtMs)] };
  }
  if (!policyOf(state.settings).frozenPhase3) return { events: [frozen(state, conflict, 2, dueAtMs)] };
  return { events: firstCommitterWins(state, conflict, dueAtMs, at) };
}

/** Before an arbiter who is there, unless one has it already. */
function broughtBefore(state: Readonly<SessionState>, conflict: Conflict, reason: string, dueAtMs: number): SessionEvent[] {
  const holder = state.participants.get(conflict.escalatedTo as PrincipalId);
  if (holder !== undefined && isArbiter(holder)) return [];
  const [arbiter] = availableArbiters(state, conflict);
  if (arbiter === undefined) return [];
  return [{ type: "ConflictEscalated", conflictId: conflict.id, to: arbiter.id, reason, dueAtMs }];
}

/** In the second phase the lower priorities are told who may go on without them. */
function frozen(state: Readonly<SessionState>, conflict: Conflict, phase: 1 | 2, dueAtMs: number): SessionEvent {
  const first = phase === 2 ? favoured(state, conflict) : undefined;
  const principals = conflict.principals.filter((principal) => principal !== first?.principal);
  const favour = first === undefined ? {} : { favoured: first.id };
  return { type: "ScopeFrozen", conflictId: conflict.id, phase, ...favour, principals, dueAtMs };
}

/** The live intent whose priority is higher than that of every other one in the conflict. */
function favoured(state: Readonly<SessionState>, conflict: Conflict): Intent | undefined {
  const live = conflict.intents.flatMap((id) => state.intents.get(id) ?? []).filter(isLive);
  const [first, second] = live.sort((a, b) => rankOf(b.priority) - rankOf(a.priority));
  return first !== undefined && second !== undefined && rankOf(first.priority) > rankOf(second.priority) ? first : undefined;
}

/** Committed in the freeze under the intent that it favours: nothing else gets through. */
function wasLetThrough({ frozen }: Conflict, { intent, state, committedAtMs }: Operation): boolean {
  if (frozen?.favoured === undefined || frozen.favoured !== intent) return false;
  return state === "COMMITTED" && committedAtMs >= frozen.sinceMs;
}

/**
 * By the order in which the coordinator received them, but what the second phase let through is not taken back. What the
 * winner did besides does not contest it.
 */
function firstCommitterWins(state: Readonly<SessionState>, conflict: Conflict, dueAtMs: number, at: SessionMoment): SessionEvent[] {
  const operations = contested(state, conflict);
  const winner = (operations.find((operation) => wasLetThrough(conflict, operation)) ?? operations[0])?.principal;
  const rejected = operations.filter(({ principal }) => principal !== winner);
  const opIds = rejected.filter(isPending).map(({ id }) => id);
  const resolved: SessionEvent = {
    type: "ConflictResolved",
    conflictId: conflict.id,
    resolutionId: at.newId("resolution"),
    decision: "policy_override",
    rationale: PHASE_3,
    outcome: {
      accepted: operations.filter(({ principal }) => principal === winner).map(({ id }) => id),
      rejected: rejected.map(({ id }) => id),
      merged: [],
    },
    dueAtMs,
  };
  if (opIds.length === 0) return [resolved];
  return [resolved, { type: "OperationRejected", opIds, reason: FALLBACK, refersTo: conflict.id }];
}
