/** Random days of a session: what three people and their engine might say, sensible and not. */
import * as fc from "fast-check";
import type { JsonObject } from "../../wire/json.ts";
import type { ClientMessage } from "../../wire/mpac/messages.ts";
import type { ConnectionLost } from "../../wire/session/observations.ts";
import type { EngineCommand } from "../aggregate.ts";
import { ANA_TREE, files, type Play, signalbox } from "./session.test.fixture.ts";
import type { SessionFacts } from "./verdict.ts";

type Type = ClientMessage["message_type"];

export type Step =
  | {
      readonly kind: "says";
      readonly principal: string;
      readonly type: Type;
      readonly payload: JsonObject;
      readonly more: JsonObject;
      readonly facts: SessionFacts;
    }
  | { readonly kind: "gives"; readonly command: ConnectionLost | EngineCommand }
  | { readonly kind: "pass" | "skip"; readonly ms: number };

export const PEOPLE = ["ana", "bo", "cy"] as const;

/** What they join as; whoever says HELLO again may be something else. */
const ROLES = { ana: ["owner"], bo: ["contributor"], cy: ["arbiter"] } as const;

const principal = fc.constantFrom(...PEOPLE);
const rarely = <Value>(value: fc.Arbitrary<Value>) =>
  fc
    .option(value, { nil: undefined, freq: 2 })
    .chain((made) => (made === undefined ? fc.constant(undefined) : fc.option(fc.constant(made), { nil: undefined, freq: 2 })));
const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined, freq: 2 });
const mostly = <Value>(usual: fc.Arbitrary<Value>, odd: fc.Arbitrary<Value>) =>
  fc.oneof({ arbitrary: usual, weight: 9 }, { arbitrary: odd, weight: 1 });

/** Ids of their own for the most part, and of others. */
const intentId = mostly(fc.constantFrom("$-i1", "$-i2", "$-i3", "$-i4"), fc.constantFrom("ana-i1", "bo-i1", "cy-i2", "nobody's"));
const anyIntentId = fc.constantFrom("ana-i1", "ana-i2", "bo-i1", "bo-i2", "cy-i1", "nobody's");
const opId = mostly(fc.constantFrom("$-o1", "$-o2", "$-o3"), fc.constantFrom("ana-o1", "bo-o2"));
const anyOpId = fc.constantFrom("ana-o1", "bo-o1", "cy-o1", "ana-o2");
/** `open` is one that is open when it is said. */
const conflictId = fc.constantFrom("c1", "c2", "c3", "open");
const path = mostly(
  fc.constantFrom("a.ts", "./a.ts", "src", "src/x.ts", "src/**", "**/*.ts", "lib/", "LIB"),
  fc.constantFrom("../out", "a\u0000b", "__proto__"),
);
const file = mostly(fc.constantFrom("a.ts", "src/x.ts"), path);
/** What a client says of who uses what it changes. */
const reach = rarely(
  fc.constantFrom<JsonObject>(
    { impact: ["src/x.ts"], depends_on_symbols: ["m.g"] },
    { impact: ["a.ts", "lib/y.ts", "../out"], impact_symbols: { "a.ts": ["m.f"] }, affects_symbols: ["m.g"] },
  ),
);
const filesScope = fc
  .tuple(fc.array(path, { minLength: 1, maxLength: 2 }), reach)
  .map(([resources, extensions]): JsonObject => ({ ...files(...resources), ...(extensions === undefined ? {} : { extensions }) }));
const word = fc.constantFrom("login", "src.x", "src/x.ts::login", "a.ts", "__proto__");
const words = fc.array(word, { maxLength: 2 });
const otherScope = fc
  .tuple(
    fc.oneof(
      words.map((entities): JsonObject => ({ kind: "entity_set", entities })),
      words.map((task_ids): JsonObject => ({ kind: "task_set", task_ids })),
      path.map((pattern): JsonObject => ({ kind: "resource_path", pattern })),
      word.map((expression): JsonObject => ({ kind: "query", language: "sql", expression })),
      fc.constantFrom("custom", "odd").map((kind): JsonObject => ({ kind, what: "ever" })),
    ),
    rarely(fc.subarray(["resource://p/a.ts", "u:1"])),
  )
  .map(([made, canonical_uris]): JsonObject => (canonical_uris === undefined ? made : { ...made, canonical_uris }));
const scope = fc.oneof({ arbitrary: filesScope, weight: 3 }, { arbitrary: otherScope, weight: 1 });
const ttl = fc.option(fc.constantFrom(0.001, 60, 600, 7_000), { nil: undefined });
const ref = fc.option(fc.constantFrom("1", "2").map((digit) => `sha256:${digit.repeat(64)}`));

/** Without the members that are undefined: a message is JSON. */
const object = (members: { readonly [member: string]: fc.Arbitrary<unknown> }): fc.Arbitrary<JsonObject> =>
  fc.record(members).map((made) => JSON.parse(JSON.stringify(made)) as JsonObject);

const extension = (overlap: fc.Arbitrary<string | undefined>): fc.Arbitrary<JsonObject> =>
  object({
    on_overlap: overlap,
    request_id: rarely(fc.constantFrom("r1", "r2", "r3", "r4")),
    fence: rarely(fc.nat(4)),
    observed: optional(ref),
  }).map(signalbox);

const PAYLOADS: Readonly<Record<Type, fc.Arbitrary<JsonObject>>> = {
  HELLO: object({
    display_name: optional(fc.string()),
    roles: optional(fc.subarray(["contributor", "reviewer", "owner", "arbiter"])),
    worktree: rarely(fc.constant(true)),
  }).map(({ worktree, ...rest }) => (worktree === true ? { ...rest, ...signalbox({ worktree: { id: ANA_TREE, path: "/w" } }) } : rest)),
  HEARTBEAT: object({
    status: optional(fc.constantFrom("idle", "working")),
    summary: optional(fc.string({ maxLength: 3 })),
    backend_health: optional(object({ model_id: fc.constant("m"), provider_status: fc.constantFrom("down", "operational") })),
  }),
  GOODBYE: object({ intent_disposition: optional(fc.constantFrom("withdraw", "transfer", "expire", "?")) }),
  INTENT_ANNOUNCE: object({
    intent_id: intentId,
    objective: optional(fc.string()),
    scope,
    ttl_sec: ttl,
    priority: optional(fc.constantFrom("low", "high", "critical", "?")),
    supersedes_intent_id: rarely(intentId),
  }),
  INTENT_UPDATE: object({ intent_id: intentId, scope: optional(scope), ttl_sec: ttl }),
  INTENT_WITHDRAW: object({ intent_id: intentId }),
  OP_COMMIT: object({
    op_id: opId,
    target: file,
    intent_id: optional(intentId),
    state_ref_before: fc.option(ref, { nil: null }),
    state_ref_after: ref,
  }),
  OP_SUPERSEDE: object({
    op_id: fc.constantFrom("$-s1", "$-s2", "$-o3"),
    supersedes_op_id: opId,
    target: file,
    intent_id: optional(intentId),
    state_ref_after: ref,
  }),
  CONFLICT_REPORT: object({
    conflict_id: conflictId,
    related_intents: fc.array(anyIntentId, { maxLength: 2 }),
    related_ops: fc.array(anyOpId, { maxLength: 2 }),
  }),
  INTENT_DEFERRED: object({
    deferral_id: fc.constantFrom("$-d1", "$-d2", "ana-d1"),
    scope: optional(scope),
    observed_intent_ids: optional(fc.array(anyIntentId, { maxLength: 2 })),
    observed_principals: optional(fc.subarray([...PEOPLE])),
    ttl_sec: ttl,
  }),
  INTENT_CLAIM: object({
    claim_id: fc.constantFrom("$-k1", "$-k2", "ana-k1"),
    original_intent_id: optional(anyIntentId),
    original_principal_id: optional(principal),
    new_intent_id: optional(intentId),
    objective: optional(fc.string()),
    scope: optional(scope),
    decision: rarely(fc.constantFrom("approved", "rejected")),
  }).map(({ decision, ...rest }) => (decision === undefined ? rest : { ...rest, ...signalbox({ decision }) })),
  OP_PROPOSE: object({
    op_id: opId,
    target: file,
    intent_id: optional(mostly(intentId, anyIntentId)),
    state_ref_before: fc.option(ref, { nil: null }),
  }),
  OP_BATCH_COMMIT: object({
    batch_id: fc.constantFrom("$-b1", "$-b2", "ana-b1"),
    atomicity: optional(fc.constantFrom("all_or_nothing", "best_effort", "?")),
    intent_id: optional(intentId),
    operations: fc.array(object({ op_id: opId, target: file, state_ref_before: fc.option(ref, { nil: null }), state_ref_after: ref }), {
      minLength: 1,
      maxLength: 3,
    }),
  }),
  OP_REJECT: object({ op_id: mostly(anyOpId, fc.constantFrom("ana-b1", "bo-b1")), reason: optional(fc.string({ maxLength: 3 })) }),
  CONFLICT_ESCALATE: object({ conflict_id: conflictId, escalate_to: optional(principal), reason: optional(fc.string()) }),
  RESOLUTION: object({
    conflict_id: conflictId,
    decision: fc.constantFrom("approved", "rejected", "dismissed", "merged", "human_override"),
    outcome: optional(
      object({
        accepted: optional(fc.array(mostly(anyIntentId, anyOpId), { maxLength: 2 })),
        rejected: optional(fc.array(mostly(anyIntentId, anyOpId), { maxLength: 2 })),
        rollback: optional(fc.constant("not_required")),
      }),
    ),
  }),
  SESSION_CLOSE: object({ reason: optional(fc.constant("manual")) }),
  CONFLICT_ACK: object({ conflict_id: conflictId, ack_type: optional(fc.constantFrom("seen", "accepted", "disputed", "?")) }),
};

const watermark = rarely(fc.constantFrom(-1, 3, 70_000, 2 ** 40)).map((value) =>
  value === undefined ? {} : { watermark: { kind: "lamport_clock", value } },
);
const facts: fc.Arbitrary<SessionFacts> = fc
  .record({
    connected: rarely(fc.subarray([...PEOPLE])),
    observed: rarely(fc.constant(true as const)),
    bases: fc.dictionary(fc.constantFrom("a.ts", "src/x.ts"), ref),
  })
  .map(({ connected, observed, bases }) => ({
    bases,
    ...(connected === undefined ? {} : { connected }),
    ...(observed === undefined ? {} : { observed }),
  }));

const engineCommand: fc.Arbitrary<ConnectionLost | EngineCommand> = fc.oneof(
  principal.map((who) => ({ type: "ConnectionLost" as const, principal: who })),
  principal.map((who) => ({ type: "ParticipantLapsed" as const, principal: who, lastHeardAtMs: 0 })),
  fc.nat(2_000_000).map((fromMs) => ({ type: "Resumed" as const, fromMs })),
  fc.constant({ type: "Tick" as const }),
  fc.constant({ type: "Opened" as const, session: "s", settings: {} }),
);

const time: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom("pass" as const, "skip" as const),
  ms: fc.constantFrom(1, 4_000, 90_000, 90_000, 7_200_000),
});

/** `$` in what is said stands for who says it. */
function inTheWordsOf(who: string, payload: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(payload).replaceAll("$-", `${who}-`)) as JsonObject;
}

/** Messages of some types; `overlap` is what announcements and updates say about overlaps. */
function messages(types: readonly Type[], overlap: fc.Arbitrary<string | undefined>): fc.Arbitrary<Step> {
  const of = (type: Type) =>
    fc.tuple(principal, PAYLOADS[type], extension(overlap), watermark, facts).map(([who, payload, extended, more, known]) => ({
      kind: "says" as const,
      principal: who,
      type,
      payload: inTheWordsOf(who, { ...extended, ...payload }),
      more,
      facts: known,
    }));
  return fc.oneof(...types.map(of));
}

const MESSAGES = [
  ...Array<Type>(10).fill("INTENT_ANNOUNCE"),
  ...Array<Type>(5).fill("OP_COMMIT"),
  ...Array<Type>(4).fill("OP_PROPOSE"),
  ...Array<Type>(3).fill("OP_BATCH_COMMIT"),
  ...Array<Type>(2).fill("OP_REJECT"),
  ...Array<Type>(4).fill("OP_SUPERSEDE"),
  ...Array<Type>(4).fill("CONFLICT_ACK"),
  ...Array<Type>(2).fill("CONFLICT_ESCALATE"),
  ...Array<Type>(4).fill("RESOLUTION"),
  ...Array<Type>(4).fill("HEARTBEAT"),
  ...Array<Type>(3).fill("INTENT_UPDATE"),
  ...Array<Type>(3).fill("INTENT_DEFERRED"),
  ...Array<Type>(3).fill("INTENT_CLAIM"),
  ...Array<Type>(3).fill("HELLO"),
  ...(["CONFLICT_REPORT", "CONFLICT_REPORT", "INTENT_WITHDRAW", "INTENT_WITHDRAW", "GOODBYE"] as const),
];

/** A day on which anything may happen. */
export const anyDay = dayOf(
  fc.oneof(
    { arbitrary: messages(MESSAGES, fc.constantFrom("proceed", "proceed", "block", "wait", "wait", undefined)), weight: 120 },
    // Hardly ever: nothing comes after it.
    { arbitrary: messages(["SESSION_CLOSE"], fc.constant(undefined)), weight: 1 },
    { arbitrary: time, weight: 20 },
    { arbitrary: engineCommand.map((command) => ({ kind: "gives" as const, command })), weight: 10 },
  ),
);

/** A day on which nobody falls silent or hands over, and everybody asks to be blocked or waits. */
export const politeDay = dayOf(
  fc.oneof(
    {
      arbitrary: messages(
        ["INTENT_ANNOUNCE", "INTENT_ANNOUNCE", "INTENT_UPDATE", "INTENT_WITHDRAW", "HELLO"],
        fc.constantFrom("block", "wait"),
      ),
      weight: 9,
    },
    { arbitrary: time, weight: 1 },
  ),
);

/** A day on which much is waited for, and people come and go. */
export const waitingDay = dayOf(
  fc.oneof(
    {
      arbitrary: messages(
        [
          ...Array<Type>(8).fill("INTENT_ANNOUNCE"),
          ...Array<Type>(6).fill("INTENT_WITHDRAW"),
          ...(["INTENT_UPDATE", "INTENT_CLAIM", "HELLO", "HEARTBEAT", "GOODBYE"] as const),
        ],
        fc.constantFrom("wait", "wait", "wait", "block", "proceed"),
      ),
      weight: 14,
    },
    { arbitrary: time, weight: 2 },
    { arbitrary: engineCommand.map((command) => ({ kind: "gives" as const, command })), weight: 1 },
  ),
);

function dayOf(step: fc.Arbitrary<Step>): fc.Arbitrary<readonly Step[]> {
  const joined = PEOPLE.map((who): Step => ({
    kind: "says",
    principal: who,
    type: "HELLO",
    payload: { roles: ROLES[who] },
    more: {},
    facts: {},
  }));
  return fc.array(step, { minLength: 1, maxLength: 60, size: "max" }).map((steps) => [...joined, ...steps]);
}

export function perform(played: Play, step: Step): void {
  switch (step.kind) {
    case "says": {
      const [open = "c1"] = played.state.liveConflicts;
      const named = step.payload["conflict_id"] === "open" ? { conflict_id: open as string } : {};
      played.says(step.principal, step.type, { ...step.payload, ...named }, step.more, step.facts);
      return;
    }
    case "gives":
      played.gives(step.command);
      return;
    case "pass":
      return played.pass(step.ms);
    case "skip":
      return played.skip(step.ms);
  }
}
