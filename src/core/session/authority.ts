/** Whose word decides a conflict (SPEC 18.2, 18.4, 18.5). */
import type { PrincipalId } from "../../wire/ids.ts";
import type { SessionState } from "./state.ts";
import type { Conflict } from "./state/conflicts.ts";
import type { Participant } from "./state/participants.ts";

export const isArbiter = ({ roles }: Participant): boolean => roles.includes("arbiter");

export const hasAuthority = ({ roles }: Participant): boolean => roles.includes("owner") || roles.includes("arbiter");

const isThere = ({ presence }: Participant): boolean => presence === "available";

export function arbitersOf(state: Readonly<SessionState>): PrincipalId[] {
  return [...state.participants.values()].filter(isArbiter).map(({ id }) => id);
}

/** Arbiters who are there, those without a part in it first. */
export function availableArbiters(state: Readonly<SessionState>, conflict: Pick<Conflict, "principals">): Participant[] {
  const there = [...state.participants.values()].filter((one) => isArbiter(one) && isThere(one));
  const isParty = ({ id }: Participant): number => Number(conflict.principals.includes(id));
  return there.sort((a, b) => isParty(a) - isParty(b));
}

/** Everybody there who may be given a conflict to decide. */
export function candidates(state: Readonly<SessionState>): PrincipalId[] {
  return [...state.participants.values()].filter((one) => hasAuthority(one) && isThere(one)).map(({ id }) => id);
}

/** Before an escalation an owner or an arbiter, after it whom it was brought before or an arbiter; the owner no more. */
export function mayResolve({ escalatedTo }: Conflict, sender: Participant): boolean {
  if (escalatedTo === undefined) return hasAuthority(sender);
  return escalatedTo === sender.id || isArbiter(sender);
}

/** Who has come to look: nothing else was granted (SPEC 18.2). */
export function isOnlooker({ roles }: Participant): boolean {
  return roles.length > 0 && roles.every((role) => role === "observer");
}
