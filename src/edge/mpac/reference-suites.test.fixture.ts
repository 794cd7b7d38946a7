/**
 * What the scripts of the reference's suites have in common: agents that join with roles, announce, and what is said because
 * of it. The scenarios are those of the reference; the words are ours.
 */
import { files, type Play, play, signalbox } from "../../core/session/session.test.fixture.ts";
import type { Decision } from "../../core/aggregate.ts";
import type { ConflictId, IntentId, OpId } from "../../wire/ids.ts";
import type { JsonObject } from "../../wire/json.ts";
import { REFUSALS } from "../../wire/refusals.ts";
import type { LogRecord } from "../../wire/record.ts";
import type { SessionEvent } from "../../wire/session.ts";
import { outboundOf } from "./relay.ts";

export const SECOND = 1_000;

/** Ids as they stand in the log, for looking at the state. */
export const intentIn = ({ state }: Play, id: string) => state.intents.get(id as IntentId);
export const operationIn = ({ state }: Play, id: string) => state.operations.get(id as OpId);
export const statesOf = (played: Play, ...ids: readonly string[]): (string | undefined)[] =>
  ids.map((id) => intentIn(played, id)?.state ?? operationIn(played, id)?.state);

/** The conflict that came about first. */
export function conflictIn({ state }: Play) {
  const [conflict] = state.conflicts.values();
  return conflict;
}
export const conflictIdIn = (played: Play): ConflictId => conflictIn(played)?.id as ConflictId;

export function joined(roles: Readonly<Record<string, string>>, settings: JsonObject = {}): Play {
  const played = play(settings);
  for (const [principal, role] of Object.entries(roles)) played.says(principal, "HELLO", { display_name: principal, roles: [role] });
  return played;
}

export const BOTH = { ana: "contributor", bo: "contributor" } as const;

/** As the reference's first suites announce, before there was a lock: over what another holds too. */
export function announce(played: Play, who: string, id: string, paths: readonly string[], more: JsonObject = {}): Decision<SessionEvent> {
  return played.says(who, "INTENT_ANNOUNCE", {
    intent_id: id,
    objective: "work",
    scope: files(...paths),
    ...signalbox({ on_overlap: "proceed" }),
    ...more,
  });
}

export const propose = (played: Play, who: string, id: string, intent: string | null, target: string) =>
  played.says(who, "OP_PROPOSE", { op_id: id, target, op_kind: "patch", ...(intent === null ? {} : { intent_id: intent }) });

export const commit = (played: Play, who: string, id: string, intent: string | null, target: string, more: JsonObject = {}) =>
  played.says(who, "OP_COMMIT", {
    op_id: id,
    target,
    op_kind: "patch",
    state_ref_before: null,
    state_ref_after: "sha256:bb",
    ...(intent === null ? {} : { intent_id: intent }),
    ...more,
  });

/** A participant falls silent for as long as it takes. */
export const silence = (played: Play, principal: string) => played.gives({ type: "ParticipantLapsed", principal, lastHeardAtMs: 0 });

/** The error of MPAC that a message is refused with; undefined when it is taken. */
export function errorOf(decision: Decision<SessionEvent>): string | undefined {
  return "rejected" in decision ? REFUSALS[decision.rejected.code].mpac : undefined;
}

export interface Saying extends JsonObject {
  readonly type: string;
}

/** What the coordinator has said since the record `from`, in order. */
export function said({ records }: Play, from = 0): Saying[] {
  return records
    .slice(from)
    .flatMap((record) => outboundOf(record as unknown as LogRecord))
    .flatMap((out) => (out.kind === "coordinator" ? [{ type: out.type, ...out.payload }] : []));
}

/** What it says because of what `act` does. */
export function saidBy(played: Play, act: () => unknown): Saying[] {
  const { length } = played.records;
  act();
  return said(played, length);
}
