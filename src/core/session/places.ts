/**
 * Whose turn it is among those who wait for a scope (`on_overlap: "wait"`).
 *
 * A better place in the row is not overtaken, even while its own scope is held; but by whoever it waits for, because it
 * could not begin before them, and by everybody while nobody is there who could take its turn.
 */
import type { DeferralId } from "../../wire/ids.ts";
import { isBefore, type Place } from "../row.ts";
import { frozenOver } from "./frozen.ts";
import { isLocking, type Meeting, scopeMeetings } from "./overlaps.ts";
import { footprintIn } from "./scopes.ts";
import type { SessionState } from "./state.ts";
import type { Deferral } from "./state/deferrals.ts";
import type { Intent } from "./state/intents.ts";
import { withoutParted } from "./symbols.ts";

type Asking = Pick<Intent, "principal" | "scope" | "resources">;

function placeOf({ waiting, deferredAtMs: sinceMs, deferredAt: since }: Deferral): Place {
  return { priority: waiting?.priority ?? "", sinceMs, since };
}

/** Everybody who waits to begin, the first in the row first. */
export function rowIn(state: Readonly<SessionState>): Deferral[] {
  const all = [...state.waiting.values()].flatMap((id) => state.deferrals.get(id) ?? []);
  return all.sort((one, other) => (isBefore(placeOf(one), placeOf(other)) ? -1 : 1));
}

/** Active intents of others over the scope: what the race lock is about. */
export function lockingOver(state: Readonly<SessionState>, asking: Asking): Meeting[] {
  const met = withoutParted(state, asking, scopeMeetings(state, asking.scope, asking.principal));
  return met.filter((meeting) => isLocking(meeting) && meeting.intent.principal !== asking.principal);
}

/** Others who wait for a part of the scope and come first. */
export function aheadOf(state: Readonly<SessionState>, asking: Asking, place: Place): Deferral[] {
  const { principal } = asking;
  return waitingOver(state, asking)
    .filter((other) => other.principal !== principal && isBefore(placeOf(other), place) && !isAway(state, other))
    .filter((other) => !lockingOver(state, other).some(({ intent }) => intent.principal === principal));
}

/** Everybody who waits for a part of it that locks. */
export function waitingOver(state: Readonly<SessionState>, { scope }: Pick<Asking, "scope">): Deferral[] {
  if (state.waiting.size === 0) return [];
  const met = [...state.waitingIndex.meeting(footprintIn(scope, state.settings))].filter(([, { by }]) => by === "resource");
  return met.flatMap(([id]) => state.deferrals.get(id as DeferralId) ?? []);
}

/** Whether nothing is in its way any more. */
export function mayBegin(state: Readonly<SessionState>, deferral: Deferral): boolean {
  if (isAway(state, deferral)) return false;
  if ("rejected" in frozenOver(state, deferral.scope)) return false;
  if (!state.settings.race_lock) return true;
  return lockingOver(state, deferral).length === 0 && aheadOf(state, deferral, placeOf(deferral)).length === 0;
}

function isAway({ participants }: Readonly<SessionState>, { principal }: Pick<Deferral, "principal">): boolean {
  return participants.get(principal)?.away === true;
}
