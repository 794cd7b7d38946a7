/** Everything that a session's state holds, derived parts included, in a form that compares. */
import type { Deadlines } from "../deadlines.ts";
import type { IntentId } from "../../wire/ids.ts";
import { bondOf, type Footprint } from "../scope/footprint.ts";
import { parseResource } from "../scope/resource.ts";
import type { ScopeIndex } from "../scope/scope-index.ts";
import { reachOf } from "./dependency-reach.ts";
import { mayBegin } from "./places.ts";
import { footprintIn } from "./scopes.ts";
import type { SessionState } from "./state.ts";
import type { Claim } from "./state/claims.ts";
import { isOpen } from "./state/conflicts.ts";
import type { Deferral } from "./state/deferrals.ts";
import { isLive } from "./state/intents.ts";
import { isPending, type Operation, wasCommitted } from "./state/operations.ts";
import type { Participant } from "./state/participants.ts";

/** The members of an object as a stored record has them, whatever order they were made in. */
function inOrder(members: object): object {
  return Object.fromEntries(Object.entries(members).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Sorted members and entries, so that two states compare whatever order they came about in. */
export function dumpOf(state: Readonly<SessionState>): string {
  const { index, impacts, waitingIndex, deadlines, ...facts } = state;
  const sizes = [index.size, index.nodes, impacts.size, impacts.nodes, waitingIndex.size, waitingIndex.nodes, deadlines.size];
  const rest = { held: heldIn(index), reached: heldIn(impacts), waitedFor: heldIn(waitingIndex), sizes, first: deadlines.first() };
  return JSON.stringify({ ...facts, ...rest }, (_, value: unknown) => {
    if (value instanceof Map) return [...value].map(([key, held]) => [key as string, held]);
    if (value instanceof Set) return [...value];
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return inOrder(value);
    return value === undefined ? "undefined" : value;
  });
}

function footprintAt({ intents, settings }: Readonly<SessionState>, id: IntentId): Footprint {
  return footprintIn(intents.get(id)?.scope ?? { kind: "file_set" }, settings);
}

function heldIn(index: Pick<ScopeIndex, "overlapping">) {
  const everything = parseResource("", { foldCase: false, roots: [] });
  return "refused" in everything ? [] : [...index.overlapping([everything])];
}

/** All deadlines in their order. They are gone afterwards. */
export function drain(deadlines: Deadlines): readonly (readonly [string, number])[] {
  const drained: [string, number][] = [];
  for (let first = deadlines.first(); first !== undefined; first = deadlines.first()) {
    drained.push([first.id, first.dueAtMs]);
    deadlines.set(first.id, undefined);
  }
  return drained;
}

const idsOf = (operations: readonly Operation[]): string[] => operations.map(({ id }) => id as string).sort();

/** What is kept beside the facts, made anew from them: it must be what the state holds. */
export function derivedFrom(state: Readonly<SessionState>) {
  const intents = [...state.intents.values()];
  const operations = [...state.operations.values()];
  const conflicts = [...state.conflicts.values()];
  const deferrals = [...state.deferrals.values()];
  const rowed = deferrals.filter((one) => one.waiting !== undefined);
  const claims = [...state.claims.values()];
  const live = intents.filter(isLive).map(({ id }) => id);
  const goesWithIntent = (one: Operation) => one.intent !== undefined && state.intents.has(one.intent) && wasCommitted(one);
  const isReferred = (id: string) =>
    operations.some((one) => one.intent === id && goesWithIntent(one) && one.conflicts.size > 0) || conflictsAbout(id).length > 0;
  const conflictsAbout = (id: string) =>
    conflicts.filter((one) => isOpen(one) && [...one.intents, ...one.operations].some((other) => other === id)).map((one) => one.id);
  const waits = (batch: Operation["batch"]) => batch !== undefined && operations.some((one) => one.batch === batch && isPending(one));
  const deadlines = [
    ...intents.filter((intent) => isLive(intent) || !isReferred(intent.id)).map(({ id }) => `intent:${id}`),
    ...operations
      .filter((one) => !goesWithIntent(one) && one.conflicts.size === 0 && !isPending(one) && !waits(one.batch))
      .map(({ id }) => `operation:${id}`),
    ...[...state.batches.keys()].filter((id) => !waits(id)).map((id) => `batch:${id}`),
    ...conflicts.filter((one) => !isOpen(one) || one.dueAtMs !== undefined).map(({ id }) => `conflict:${id}`),
    ...[...state.backoffs.keys()].map((id) => `backoff:${id}`),
    ...[...state.participants.values()]
      .filter(({ presence, ...owned }) => presence !== "available" && liveOf(owned).every((ids) => ids.size === 0))
      .map(({ id }) => `principal:${id}`),
    ...deferrals.map(({ id }) => `deferral:${id}`),
    ...rowed.filter((one) => mayBegin(state, one)).map(({ id }) => `waiting:${id}`),
    ...claims.filter((one) => one.state !== "PENDING" || one.dueAtMs !== undefined).map(({ id }) => `claim:${id}`),
  ];
  return {
    live: live.sort(),
    open: conflicts
      .filter(isOpen)
      .map(({ id }) => id as string)
      .sort(),
    indexed: live.length,
    meeting: live.map((id) => [
      id as string,
      live.filter((other) => bondOf(footprintAt(state, id), footprintAt(state, other)) !== undefined) as readonly string[],
    ]),
    reached: intents
      .filter(isLive)
      .map(
        (one) =>
          [
            one.id as string,
            reachOf(one.scope, state.settings)
              .impact.map(({ path }) => path)
              .sort(),
          ] as const,
      )
      .filter(([, impact]) => impact.length > 0)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
    owned: [...state.participants.keys()].map((id) => [
      id,
      intents
        .filter((one) => isLive(one) && one.principal === id)
        .map((one) => one.id)
        .sort(),
    ]),
    patterned: intents
      .filter((one) => isLive(one) && one.resources.some(({ glob }) => glob))
      .map((one) => `${one.principal} ${one.id}`)
      .sort(),
    inConflicts: [...intents, ...operations].map(({ id }) => [id, conflictsAbout(id).sort()]),
    waiting: [
      ...[...state.participants.keys()].map((id) => [
        id as string,
        idsOf(operations.filter((one) => isPending(one) && one.principal === id)),
      ]),
      ...intents.map(({ id }) => [id as string, idsOf(operations.filter((one) => isPending(one) && one.intent === id))]),
    ],
    deferrals: [...state.participants.keys()].map((id) => [
      id,
      deferrals
        .filter((one) => one.principal === id)
        .map((one) => one.id)
        .sort(),
    ]),
    observers: deferrals
      .flatMap((one) => (one.waiting === undefined ? observedBy(one).map((observed) => `${observed} ${one.id}`) : []))
      .sort(),
    row: rowed.map(({ id, waiting }) => `${waiting?.intentId ?? ""} ${id}`).sort(),
    claimed: [
      ...[...state.participants.keys()].map((id) => [
        id,
        claims.filter((one) => isUndecided(one) && one.principal === id).map((one) => one.id),
      ]),
      ...intents.map(({ id }) => [id, claims.filter((one) => isUndecided(one) && one.intent === id).map((one) => one.id)]),
    ],
    keptIds: claims
      .filter(isUndecided)
      .map((one) => `${one.newIntent} ${one.id}`)
      .sort(),
    deadlines: deadlines.sort(),
  };
}

const liveOf = ({ intents, proposals, deferrals, claims }: Pick<Participant, "intents" | "proposals" | "deferrals" | "claims">) => [
  intents,
  proposals,
  deferrals,
  claims,
];
const observedBy = ({ observedIntents, observedPrincipals }: Deferral) => [...new Set([...observedIntents, ...observedPrincipals])];
const isUndecided = ({ state }: Claim): boolean => state === "PENDING";

/** The same as the state holds it. Its deadlines are gone afterwards. */
export function derivedIn(state: Readonly<SessionState>): ReturnType<typeof derivedFrom> {
  return {
    live: [...state.liveIntents].sort(),
    open: [...state.liveConflicts].map((id) => id as string).sort(),
    indexed: state.index.size,
    meeting: [...state.liveIntents].sort().map((id) => [id as string, [...state.index.meeting(footprintAt(state, id)).keys()]]),
    reached: heldIn(state.impacts).map(([id, pairs]) => [id, pairs.map(({ held }) => held).sort()] as const),
    owned: [...state.participants.values()].map(({ id, intents }) => [id, [...intents].sort()]),
    patterned: [...state.patterned].flatMap(([principal, ids]) => [...ids].map((id) => `${principal} ${id}`)).sort(),
    inConflicts: [...state.intents.values(), ...state.operations.values()].map(({ id, conflicts }) => [id, [...conflicts].sort()]),
    waiting: [...state.participants.values(), ...state.intents.values()].map(({ id, proposals }) => [
      id as string,
      [...proposals].map((waiting) => waiting as string).sort(),
    ]),
    deferrals: [...state.participants.values()].map(({ id, deferrals }) => [id, [...deferrals].sort()]),
    observers: [...state.observers].flatMap(([observed, ids]) => [...ids].map((id) => `${observed} ${id}`)).sort(),
    row: [...state.waiting].map(([intent, id]) => `${intent} ${id}`).sort(),
    claimed: [
      ...[...state.participants.values()].map(({ id, claims }) => [id, [...claims]]),
      ...[...state.intents.values()].map(({ id, claim }) => [id, claim === undefined ? [] : [claim]]),
    ],
    keptIds: [...state.keptIds].map(([intent, id]) => `${intent} ${id}`).sort(),
    deadlines: drain(state.deadlines)
      .map(([id]) => id)
      .sort(),
  };
}
