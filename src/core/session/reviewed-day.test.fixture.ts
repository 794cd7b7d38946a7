/**
 * Random days of a session that authorizes changes first: what three people might do, in terms of what stands when they do
 * it, so that most of it is possible and much of it is in somebody's way.
 */
import * as fc from "fast-check";
import type { JsonObject } from "../../wire/json.ts";
import { files, type Play, play, signalbox } from "./session.test.fixture.ts";
import { liveIntentsOf } from "./state.ts";
import { isPending, type Operation } from "./state/operations.ts";
import type { Participant } from "./state/participants.ts";

const PEOPLE = { ana: ["contributor"], bo: ["owner"], cy: ["arbiter"] } as const;
const FILES = ["a.ts", "b.ts", "src/x.ts"] as const;

const DEEDS = {
  announce: 6,
  widen: 2,
  narrow: 2,
  withdraw: 2,
  propose: 6,
  ask: 2,
  complete: 5,
  batch: 4,
  completeBatch: 3,
  reject: 1,
  resolve: 3,
  report: 1,
  write: 2,
  fallIll: 2,
  recover: 5,
  lapse: 1,
  leave: 1,
  join: 1,
  pass: 1,
} as const;
type Deed = keyof typeof DEEDS;

export interface Move {
  readonly who: keyof typeof PEOPLE;
  readonly deed: Deed;
  readonly file: (typeof FILES)[number];
  readonly other: (typeof FILES)[number];
  /** Which of several, and what an id of its own ends with. */
  readonly pick: number;
  readonly yes: boolean;
}

export const reviewedDay: fc.Arbitrary<readonly Move[]> = fc.array(
  fc.record({
    who: fc.constantFrom("ana" as const, "bo" as const, "cy" as const),
    deed: fc.oneof(...Object.entries(DEEDS).map(([deed, weight]) => ({ arbitrary: fc.constant(deed as Deed), weight }))),
    file: fc.constantFrom(...FILES),
    other: fc.constantFrom(...FILES),
    pick: fc.nat(5),
    yes: fc.boolean(),
  }),
  { minLength: 1, maxLength: 60, size: "max" },
);

export function beginReviewed(): Play {
  const liveness = { backend_health_policy: { enabled: true, on_down: "suspend_and_claim" } };
  const played = play({ compliance: "governance", execution_model: "pre_commit", liveness });
  for (const [who, roles] of Object.entries(PEOPLE)) played.says(who, "HELLO", { roles });
  return played;
}

/** Another for each text. */
function ref(text: string): string {
  const digits = Array.from(text, (letter) => letter.charCodeAt(0).toString(16)).join("");
  return `sha256:${digits.padEnd(64, "0").slice(0, 64)}`;
}

const one = <Item>(items: readonly Item[], pick: number): Item | undefined => items[pick % Math.max(1, items.length)];

export function move(played: Play, { who, deed, file, other, pick, yes }: Move): void {
  const { state } = played;
  const me = state.participants.get(who as Participant["id"]);
  const fresh = `${who}-${played.records.length}`;
  const intent = one(me === undefined ? [] : liveIntentsOf(state, me.id), pick);
  const mine = [...state.operations.values()].filter((operation) => operation.principal === who && isPending(operation));
  const under = { intent_id: intent?.id ?? "none" };
  const change = (id: string, target: string): JsonObject => ({
    op_id: id,
    target,
    state_ref_before: yes ? (state.virtualTree.get(target)?.stateRef ?? null) : null,
    state_ref_after: ref(id),
  });
  const done = ({ id, target }: Operation): JsonObject => ({ op_id: id, target, state_ref_after: ref(id) });
  const says = (...about: Parameters<Play["says"]> extends [string, ...infer Rest] ? Rest : never) => played.says(who, ...about);

  switch (deed) {
    case "announce":
      says("INTENT_ANNOUNCE", {
        intent_id: fresh,
        scope: files(file, other),
        priority: yes ? "high" : "low",
        ...signalbox({ on_overlap: "proceed" }),
      });
      return;
    case "widen":
      says("INTENT_UPDATE", { ...under, scope: files(...FILES) });
      return;
    case "narrow":
      says("INTENT_UPDATE", { ...under, scope: files(file) });
      return;
    case "withdraw":
      says("INTENT_WITHDRAW", under);
      return;
    case "propose":
      says("OP_PROPOSE", { ...under, ...change(fresh, file) });
      return;
    case "ask":
      says("OP_COMMIT", { ...under, ...change(fresh, file) });
      return;
    case "complete": {
      const waiting = one(mine, pick);
      if (waiting !== undefined) says("OP_COMMIT", done(waiting));
      return;
    }
    case "batch": {
      const operations = [change(`${fresh}-1`, file), change(`${fresh}-2`, other)];
      says("OP_BATCH_COMMIT", {
        batch_id: `b-${fresh}`,
        ...under,
        atomicity: pick % 2 === 0 ? "all_or_nothing" : "best_effort",
        operations,
      });
      return;
    }
    case "completeBatch": {
      const waiting = one(
        mine.filter(({ batch }) => batch !== undefined),
        pick,
      );
      const whole = mine.filter(({ batch }) => batch === waiting?.batch);
      if (waiting !== undefined) says("OP_BATCH_COMMIT", { batch_id: waiting.batch ?? "", operations: whole.map(done) });
      return;
    }
    case "reject": {
      const waiting = one([...state.operations.values()].filter(isPending), pick);
      says("OP_REJECT", { op_id: waiting?.id ?? "none" });
      return;
    }
    case "resolve": {
      const id = one([...state.liveConflicts], pick);
      const sides = id === undefined ? [] : (state.conflicts.get(id)?.intents ?? []);
      const outcome = yes ? {} : { outcome: { rejected: sides.slice(0, 1) } };
      says("RESOLUTION", { conflict_id: id ?? "none", decision: yes ? "approved" : "rejected", ...outcome });
      return;
    }
    case "report":
      says("CONFLICT_REPORT", {
        conflict_id: `c-${fresh}`,
        related_ops: [...state.operations.values()].filter(isPending).map(({ id }) => id),
        related_intents: [...state.liveIntents],
      });
      return;
    case "write":
      says("OP_COMMIT", { ...under, op_id: fresh, target: file, file_changes: { [file]: { state_ref: ref(fresh), blob: fresh } } });
      says("OP_COMMIT", { ...under, op_id: fresh, target: file, file_changes: { [file]: { state_ref: ref(fresh), blob: fresh } } });
      return;
    case "fallIll":
    case "recover":
      says("HEARTBEAT", { backend_health: { model_id: "m", provider_status: deed === "recover" ? "operational" : "down" } });
      return;
    case "lapse":
      played.gives({ type: "ParticipantLapsed", principal: who, lastHeardAtMs: 0 });
      return;
    case "leave":
      says("GOODBYE", { intent_disposition: yes ? "transfer" : "withdraw" });
      return;
    case "join":
      says("HELLO", { roles: [...PEOPLE[who]] });
      return;
    case "pass":
      return played.pass(yes ? 100_000 : 250_000);
  }
}
