/**
 * Who of those that wait may begin: a deadline due at once, set when nothing is in the way any more and cleared when
 * something is again, so that it is decided before anybody else is heard.
 */
import type { DeferralId } from "../../../wire/ids.ts";
import type { Place } from "../../aggregate.ts";
import { mayBegin, waitingOver } from "../places.ts";
import type { SessionState } from "../state.ts";
import type { Deferral } from "../state/deferrals.ts";
import type { Intent } from "../state/intents.ts";
import type { Participant } from "../state/participants.ts";

/** Something of somebody's changed over this scope: whoever waits there, and what that somebody waits for itself. */
export function reconsider(state: SessionState, { scope, principal }: Pick<Intent, "scope" | "principal">, at: Place): void {
  if (state.waiting.size === 0) return;
  const own = [...(state.participants.get(principal)?.deferrals ?? [])].flatMap((id) => state.deferrals.get(id) ?? []);
  for (const deferral of new Set([...waitingOver(state, { scope }), ...own])) judge(state, deferral, at);
}

/** It can take its turn again, or not any more: its own places, and those that stand behind them. */
export function reconsiderThoseOf(state: SessionState, { id, deferrals }: Pick<Participant, "id" | "deferrals">, at: Place): void {
  for (const own of deferrals) {
    const deferral = state.deferrals.get(own);
    if (deferral?.waiting !== undefined) reconsider(state, { scope: deferral.scope, principal: id }, at);
  }
}

export function reconsiderAll(state: SessionState, at: Place): void {
  for (const id of state.waiting.values()) {
    const deferral = state.deferrals.get(id);
    if (deferral !== undefined) judge(state, deferral, at);
  }
}

function judge(state: SessionState, deferral: Deferral, at: Place): void {
  if (deferral.waiting === undefined) return;
  state.deadlines.set(turnOf(deferral.id), mayBegin(state, deferral) ? at.atMs : undefined);
}

export function turnOf(id: DeferralId): string {
  return `waiting:${id}`;
}
