/**
 * What may not be done in a scope that is frozen, because nobody has resolved the conflict over it (SPEC 18.6.2).
 *
 * Frozen is what the conflict's live intents and its standing operations are about. To acknowledge, to escalate and to
 * resolve stays open to everybody, and so does everything that ends a thing. A conflict that comes about while a part of
 * it is frozen freezes nothing itself, so that no row of newcomers keeps anybody from work for ever (18.6.2.1).
 */
import type { ConflictId, IntentId } from "../../wire/ids.ts";
import type { Scope } from "../../wire/mpac/messages.ts";
import type { Rejection } from "../../wire/refusals.ts";
import { refuse } from "../verdict.ts";
import { isWithin, meetsScope, targetWithin } from "./scope-relations.ts";
import type { SessionState } from "./state.ts";
import type { Conflict } from "./state/conflicts.ts";
import { isLive } from "./state/intents.ts";
import { isStanding } from "./state/operations.ts";

const NOTHING_FROZEN: { readonly frozen: readonly ConflictId[] } = { frozen: [] };

function frozenConflicts(state: Readonly<SessionState>): Conflict[] {
  return [...state.frozen].flatMap((id) => state.conflicts.get(id) ?? []);
}

type Contents = Pick<Conflict, "intents" | "operations">;

function scopesOf(state: Readonly<SessionState>, { intents, operations }: Contents): Scope[] {
  const targets = operations
    .flatMap((id) => state.operations.get(id) ?? [])
    .filter(isStanding)
    .map(({ target }) => target);
  const meant = intents
    .flatMap((id) => state.intents.get(id) ?? [])
    .filter(isLive)
    .map(({ scope }) => scope);
  return targets.length === 0 ? meant : [...meant, { kind: "file_set", resources: targets }];
}

/**
 * Why nothing may be proposed or committed on the target now; undefined where it may.
 *
 * @param intentId - the intent that the operation belongs to: the one that a conflict favours by its priority may go on
 */
export function frozenFor(
  state: Readonly<SessionState>,
  target: string,
  intentId?: IntentId | null,
): { readonly rejected: Rejection } | undefined {
  if (state.frozen.size === 0) return undefined;
  const inTheWay = frozenConflicts(state).filter((conflict) => {
    const favoured = conflict.frozen?.favoured;
    if (favoured !== undefined && favoured === intentId && isActive(state, favoured)) return false;
    return scopesOf(state, conflict).some((scope) => targetWithin(state, target, scope));
  });
  return inTheWay.length === 0 ? undefined : refusal(state, target, inTheWay);
}

const isActive = (state: Readonly<SessionState>, id: IntentId): boolean => state.intents.get(id)?.state === "ACTIVE";

/** Why the scope may not be announced now, or the conflicts that a part of it is frozen for. */
export function frozenOver(
  state: Readonly<SessionState>,
  scope: Scope,
): { readonly rejected: Rejection } | { readonly frozen: readonly ConflictId[] } {
  if (state.frozen.size === 0) return NOTHING_FROZEN;
  const met = frozenConflicts(state)
    .map((conflict) => ({ conflict, scopes: scopesOf(state, conflict) }))
    .filter(({ scopes }) => scopes.some((one) => meetsScope(state, scope, one) === "certain"));
  if (met.length === 0) return NOTHING_FROZEN;
  const conflicts = met.map(({ conflict }) => conflict);
  const isInside = isWithin(
    state,
    scope,
    met.flatMap(({ scopes }) => scopes),
  );
  return isInside ? refusal(state, "all of the scope", conflicts) : { frozen: conflicts.map(({ id }) => id) };
}

/** Whether a part of what a conflict that is not frozen itself is about is frozen. */
export function isUnderFreeze(state: Readonly<SessionState>, contents: Contents): boolean {
  if (state.frozen.size === 0) return false;
  const held = frozenConflicts(state).flatMap((other) => scopesOf(state, other));
  return scopesOf(state, contents).some((scope) => held.some((one) => meetsScope(state, scope, one) === "certain"));
}

/** Conflicts named in a refusal. */
const NAMED = 20;

function refusal(state: Readonly<SessionState>, what: string, conflicts: readonly Conflict[]): { readonly rejected: Rejection } {
  const ids = conflicts.slice(0, NAMED).map(({ id }) => id);
  const judges = conflicts.flatMap(({ escalatedTo }) => escalatedTo ?? []);
  const whose = judges.length === 0 ? "an owner or arbiter" : [...new Set(judges)].join(", ");
  return refuse(
    "scope/frozen",
    `${what} is frozen: nobody has resolved ${ids.join(", ")} in time; wait for the RESOLUTION of ${whose}, or work elsewhere`,
    { conflicts: ids },
  );
}
