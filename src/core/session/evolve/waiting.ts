/**
 * Who of those that wait may begin: a deadline due at once, set when nothing is in the way any more and cleared when
 * something is again, so that it is decided before anybody else is heard.
 */
import type { DeferralId } from "../../../wire/ids.ts";
import type { Place } from "../../aggregate.ts";
import { mayBegin, waitingOver } from "../places.ts";
import type { Deferral, Intent, SessionState } from "../state.ts";

/** Something changed over this scope. */
export function reconsider(state: SessionState, changed: Pick<Intent, "scope">, at: Place): void {
  for (const deferral of waitingOver(state, changed)) judge(state, deferral, at);
}

export function reconsiderAll(state: SessionState, at: Place): void {
  for (const id of state.waiting.values()) {
    const deferral = state.deferrals.get(id);
    if (deferral !== undefined) judge(state, deferral, at);
  }
}

function judge(state: SessionState, deferral: Deferral, at: Place): void {
  state.deadlines.set(turnOf(deferral.id), mayBegin(state, deferral) ? at.atMs : undefined);
}

export function turnOf(id: DeferralId): string {
  return `waiting:${id}`;
}
