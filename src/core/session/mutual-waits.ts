/**
 * Who of those that somebody is to wait for waits for that somebody's own work, itself or behind others.
 *
 * Nobody is refused for it: who is done first lets the other begin, and begins after it. But those who do nothing except wait
 * would do so until a place expires, so each is told with the place that it asks for.
 */
import type { PrincipalId } from "../../wire/ids.ts";
import { lockingOver } from "./places.ts";
import type { SessionState } from "./state.ts";
import type { Deferral } from "./state/deferrals.ts";

/** Places that are looked at for one answer: whoever stands in a longer row is not told. */
const MAX_PLACES = 100;

/** Those of `holders` who wait for what `waiter` holds. */
export function whoWaitsFor(state: Readonly<SessionState>, waiter: PrincipalId, holders: readonly PrincipalId[]): ReadonlySet<PrincipalId> {
  const waits = new Set<PrincipalId>();
  if (state.waiting.size === 0) return waits;
  let left = MAX_PLACES;

  function reaches(from: PrincipalId): boolean {
    const met = new Set([from]);
    for (const principal of met) {
      for (const place of placesOf(state, principal)) {
        if (left === 0) return false;
        left -= 1;
        for (const { intent } of lockingOver(state, place)) met.add(intent.principal);
      }
      if (met.has(waiter)) return true;
    }
    return false;
  }

  for (const holder of new Set(holders)) if (reaches(holder)) waits.add(holder);
  return waits;
}

function placesOf(state: Readonly<SessionState>, principal: PrincipalId): Deferral[] {
  const deferrals = [...(state.participants.get(principal)?.deferrals ?? [])];
  return deferrals.flatMap((id) => state.deferrals.get(id) ?? []).filter(({ waiting }) => waiting !== undefined);
}
