/**
 * How long somebody keeps away from a scope that was rejected there, so that two who always meet do not meet for ever
 * (SPEC 15.3.1). It follows from a rejection only; what runs out or is withdrawn may be announced again at once.
 */
import type { Scope } from "../../wire/mpac/messages.ts";
import type { PrincipalId } from "../../wire/ids.ts";
import type { Rejection } from "../../wire/refusals.ts";
import type { SessionEvent } from "../../wire/session.ts";
import { refuse } from "../verdict.ts";
import { policyOf } from "./policy.ts";
import { meetsScope } from "./scope-relations.ts";
import type { SessionState } from "./state.ts";
import type { Backoff } from "./state/backoffs.ts";
import type { Intent } from "./state/intents.ts";

function over(state: Readonly<SessionState>, principal: PrincipalId, scope: Scope): Backoff[] {
  return (state.backoffs.get(principal) ?? []).filter((backoff) => meetsScope(state, backoff.scope, scope) === "certain");
}

/** Each further rejection over the same scope doubles the time, as far as the session's policy goes. */
export function backoffAfter(state: Readonly<SessionState>, { principal, scope }: Intent, nowMs: number): SessionEvent {
  const { backoffInitialMs, backoffMultiplier, backoffMaxMs } = policyOf(state.settings);
  const times = 1 + Math.max(0, ...over(state, principal, scope).map((backoff) => backoff.times));
  const waitMs = Math.min(backoffMaxMs, Math.round(backoffInitialMs * backoffMultiplier ** (times - 1)));
  return { type: "BackoffStarted", principalId: principal, scope, retryAtMs: nowMs + waitMs, times };
}

/** Why the principal may not announce the scope yet; undefined where it may. */
export function backoffOver(
  state: Readonly<SessionState>,
  principal: PrincipalId,
  scope: Scope,
  nowMs: number,
): { readonly rejected: Rejection } | undefined {
  if (!state.backoffs.has(principal)) return undefined;
  const retryAtMs = Math.max(0, ...over(state, principal, scope).map((backoff) => backoff.retryAtMs));
  if (retryAtMs <= nowMs) return undefined;
  const seconds = Math.ceil((retryAtMs - nowMs) / 1_000);
  return refuse("intent/backoff", `an intent of yours was rejected over this scope; announce it again in ${seconds} s, or work elsewhere`, {
    retry_after_sec: seconds,
  });
}
