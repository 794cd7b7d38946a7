/** Everything that a session's state holds, derived parts included, in a form that compares. */
import type { Deadlines } from "../deadlines.ts";
import type { IntentId } from "../../wire/ids.ts";
import { bondOf, type Footprint } from "../scope/footprint.ts";
import { parseResource } from "../scope/resource.ts";
import type { ScopeIndex } from "../scope/scope-index.ts";
import { reachOf } from "./dependency-reach.ts";
import { footprintIn } from "./scopes.ts";
import { isLive, isOpen, type SessionState } from "./state.ts";

/** Sorted members and entries, so that two states compare whatever order they came about in. */
export function dumpOf(state: Readonly<SessionState>): string {
  const { index, impacts, deadlines, ...facts } = state;
  const sizes = [index.size, index.nodes, impacts.size, impacts.nodes, deadlines.size];
  const rest = { held: heldIn(index), reached: heldIn(impacts), sizes, first: deadlines.first() };
  return JSON.stringify({ ...facts, ...rest }, (_, value: unknown) => {
    if (value instanceof Map) return [...value].map(([key, held]) => [key as string, held]);
    if (value instanceof Set) return [...value];
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

/** What is kept beside the facts, made anew from them: it must be what the state holds. */
export function derivedFrom(state: Readonly<SessionState>) {
  const intents = [...state.intents.values()];
  const operations = [...state.operations.values()];
  const conflicts = [...state.conflicts.values()];
  const live = intents.filter(isLive).map(({ id }) => id);
  const isReferred = (id: string) =>
    operations.some((operation) => operation.intent === id && operation.conflicts.size > 0) || conflictsAbout(id).length > 0;
  const conflictsAbout = (id: string) =>
    conflicts.filter((one) => isOpen(one) && [...one.intents, ...one.operations].some((other) => other === id)).map((one) => one.id);
  const deadlines = [
    ...intents.filter((intent) => isLive(intent) || !isReferred(intent.id)).map(({ id }) => `intent:${id}`),
    ...operations.filter(({ intent, conflicts: open }) => intent === undefined && open.size === 0).map(({ id }) => `operation:${id}`),
    ...conflicts.filter((one) => !isOpen(one)).map(({ id }) => `conflict:${id}`),
    ...[...state.participants.values()]
      .filter(({ presence, intents: owned }) => presence !== "available" && owned.size === 0)
      .map(({ id }) => `principal:${id}`),
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
    inConflicts: [...intents, ...operations].map(({ id }) => [id, conflictsAbout(id).sort()]),
    deadlines: deadlines.sort(),
  };
}

/** The same as the state holds it. Its deadlines are gone afterwards. */
export function derivedIn(state: Readonly<SessionState>): ReturnType<typeof derivedFrom> {
  return {
    live: [...state.liveIntents].sort(),
    open: [...state.liveConflicts].map((id) => id as string).sort(),
    indexed: state.index.size,
    meeting: [...state.liveIntents].sort().map((id) => [id as string, [...state.index.meeting(footprintAt(state, id)).keys()]]),
    reached: heldIn(state.impacts).map(([id, pairs]) => [id, pairs.map(({ held }) => held).sort()] as const),
    owned: [...state.participants.values()].map(({ id, intents }) => [id, [...intents].sort()]),
    inConflicts: [...state.intents.values(), ...state.operations.values()].map(({ id, conflicts }) => [id, [...conflicts].sort()]),
    deadlines: drain(state.deadlines)
      .map(([id]) => id)
      .sort(),
  };
}
