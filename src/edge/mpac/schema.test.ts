/**
 * The official JSON Schemas as the referee over everything that this edge says. Where schema and specification differ, the
 * specification decides, and the difference has a name (`smoke/support/mpac-schema.ts`, reference mpac 7.1).
 */
import { describe, expect, it } from "vitest";
import { DISAGREEMENTS, schemaOracle } from "../../../smoke/support/mpac-schema.ts";
import { initialState } from "../../core/session/state.ts";
import { keptStreams } from "../../engine/golden.test.fixture.ts";
import type { BatchId, ClaimId, ConflictId, DeferralId, Hash, IntentId, OpId, PrincipalId, SessionId } from "../../wire/ids.ts";
import type { Json, JsonObject } from "../../wire/json.ts";
import { PHASE_3 } from "../../wire/freeze.ts";
import { MPAC_ERROR_CODES } from "../../wire/mpac/codes.ts";
import type { ClientMessage, Message } from "../../wire/mpac/messages.ts";
import { type LogRecord, RECORD_FORMAT, RULES, SELF } from "../../wire/record.ts";
import { REFUSALS, type RefusalCode } from "../../wire/refusals.ts";
import { SessionEvent } from "../../wire/session.ts";
import { envelopeOf, refusal, remark, sayingOf } from "./coordinator-voice.ts";
import { outboundOf } from "./relay.ts";
import { sessionInfo, sessionStatus, standingMembers } from "./session-info.ts";

const [ana, bo] = ["ana", "bo"] as readonly string[] as readonly [PrincipalId, PrincipalId];
const [one, two] = ["i1", "i2"] as readonly string[] as readonly [IntentId, IntentId];
const conflictId = "c" as ConflictId;
const opId = "op" as OpId;
const batchId = "b" as BatchId;
const claim = { claimId: "claim" as ClaimId, intentId: one, newIntentId: two };
const deferralId = "d" as DeferralId;
const scope = { kind: "file_set", resources: ["a.ts"] };
const outcome = { accepted: [one], rejected: [two], merged: [] };

const SPEAKER = { sessionId: "s", epoch: 2, clock: 7_000 };
const AT_MS = Date.UTC(2026, 10, 21, 10);

function recordOf(command: Json, ...events: readonly SessionEvent[]): LogRecord {
  const settled: SessionEvent = { type: "Settled", lamport: 2_048 };
  const fixed = { format: RECORD_FORMAT, rules: RULES, seed: "s", facts: {}, actor: SELF, node: "n" };
  const hashes = { prevHash: "0".repeat(64) as Hash, hash: "1".repeat(64) as Hash };
  return { ...fixed, ...hashes, revision: 7, atMs: AT_MS, command, events: [...events, settled] };
}

/** What goes out because of a record, as a connection would say it. */
function saidOf(record: LogRecord): JsonObject[] {
  const state = initialState();
  return outboundOf(record).flatMap((outbound): JsonObject[] => {
    if (outbound.kind === "relay") return [outbound.message];
    if (outbound.kind === "sideband") return [];
    const payload = { ...standingMembers(state, "s", outbound.type), ...outbound.payload };
    const saying = sayingOf(record, "s", outbound.type, payload, outbound);
    return [envelopeOf(SPEAKER, saying, saying.lamport ?? 0) as unknown as JsonObject];
  });
}

const asFrame = (message: object) => JSON.parse(JSON.stringify(message)) as Readonly<Record<string, unknown>>;
const typesOf = (messages: readonly JsonObject[]): unknown[] => messages.map(({ message_type: type }) => type);

const opened = { type: "ConflictOpened", conflictId, category: "scope_overlap", severity: "medium", description: "both" } as const;
const parties = { intents: [one, two], operations: [], principals: [ana, bo] };
const announced = {
  type: "IntentAnnounced" as const,
  intentId: one,
  principalId: ana,
  objective: "o",
  scope,
  fence: 1,
  expiresAtMs: AT_MS,
  ttlSec: 60,
  contentHash: "",
};
const rejected = { type: "OperationRejected" as const, opIds: [opId], reason: "intent_terminated" };

/** Events, each in every form in which it makes the coordinator say something, and what that is among others. */
const EVENTS: readonly (readonly [string, SessionEvent, readonly string[]])[] = [
  ["an announcement that has waited", { ...announced, deferralId, priority: "high", renews: true }, ["INTENT_ANNOUNCE", "INTENT_ANNOUNCE"]],
  ["an end by time", { type: "IntentEnded", intentId: one, state: "EXPIRED", reason: "ttl" }, ["INTENT_WITHDRAW"]],
  [
    "an end by a successor",
    { type: "IntentEnded", intentId: one, state: "SUPERSEDED", reason: "superseded", supersededBy: two },
    ["INTENT_WITHDRAW"],
  ],
  [
    "a deferral",
    {
      type: "IntentDeferred",
      deferralId,
      principalId: ana,
      scope,
      category: "queue",
      reason: "yielded",
      observedIntents: [one],
      observedPrincipals: [bo],
      expiresAtMs: AT_MS,
    },
    ["INTENT_DEFERRED"],
  ],
  [
    "a deferral's end",
    { type: "DeferralEnded", deferralId, principalId: ana, status: "resolved", reason: "principal_announced" },
    ["INTENT_DEFERRED"],
  ],
  ["a deferral's expiry", { type: "DeferralEnded", deferralId, principalId: ana, status: "expired", reason: "ttl" }, ["INTENT_DEFERRED"]],
  ["a claim that was approved", { type: "ClaimDecided", ...claim, decision: "approved", approvedBy: bo }, ["INTENT_CLAIM_STATUS"]],
  [
    "a claim that was rejected",
    { type: "ClaimDecided", ...claim, decision: "rejected", reason: "intent_no_longer_suspended" },
    ["INTENT_CLAIM_STATUS"],
  ],
  [
    "a claim that was withdrawn",
    { type: "ClaimDecided", ...claim, decision: "withdrawn", reason: "original_owner_rejoined" },
    ["INTENT_CLAIM_STATUS"],
  ],
  ["a silence", { type: "ParticipantLapsed", principalId: ana, lastHeardAtMs: AT_MS }, ["PROTOCOL_ERROR"]],
  [
    "a backend that is down",
    {
      type: "BackendReported",
      principalId: ana,
      modelId: "maker/model",
      status: "down",
      detail: "errors",
      alternatives: [{ provider: "other", status: "operational", suggested_model: "other/model" }],
      action: "suspend",
    },
    ["COORDINATOR_STATUS"],
  ],
  ["a conflict", { ...opened, ...parties }, ["CONFLICT_REPORT"]],
  [
    "a conflict by dependency",
    { ...opened, ...parties, category: "dependency_breakage", dependency: { ab: [{ file: "b.py", symbols: null }], ba: [] } },
    ["CONFLICT_REPORT"],
  ],
  [
    "an escalation by time",
    { type: "ConflictEscalated", conflictId, to: "arbiter", reason: "resolution_timeout", dueAtMs: AT_MS },
    ["CONFLICT_ESCALATE", "PROTOCOL_ERROR"],
  ],
  ["a freeze", { type: "ScopeFrozen", conflictId, phase: 1, principals: [ana, bo], dueAtMs: AT_MS } as SessionEvent, ["PROTOCOL_ERROR"]],
  [
    "a freeze that a priority passes",
    { type: "ScopeFrozen", conflictId, phase: 2, favoured: one, principals: [bo], dueAtMs: AT_MS } as SessionEvent,
    ["PROTOCOL_ERROR", "PROTOCOL_ERROR"],
  ],
  ["a freeze that is over", { type: "Settled", lamport: 1_024, thawed: [conflictId] }, ["PROTOCOL_ERROR"]],
  [
    "a resolution by the coordinator",
    { type: "ConflictResolved", conflictId, resolutionId: "r", decision: "dismissed", rationale: "over", outcome },
    ["RESOLUTION"],
  ],
  [
    "the last phase of a freeze",
    {
      type: "ConflictResolved",
      conflictId,
      resolutionId: "r",
      decision: "policy_override",
      rationale: PHASE_3,
      outcome: { accepted: ["op1"], rejected: ["op2"], merged: [], rollback: "not_required" },
    },
    ["RESOLUTION", "OP_REJECT"],
  ],
  ["a dismissal", { type: "ConflictDismissed", conflictId, rationale: "all_related_entities_terminated" }, ["RESOLUTION"]],
  [
    "an authorization of two",
    { type: "OperationAuthorized", opIds: [opId, "op2" as OpId], by: "service:coordinator-s", batchId },
    ["COORDINATOR_STATUS", "COORDINATOR_STATUS"],
  ],
  ["a rejection", { ...rejected, refersTo: "m" }, ["OP_REJECT"]],
  ["a rejected batch", { ...rejected, opIds: [opId, "op2" as OpId], batchId }, ["OP_REJECT"]],
  ["an abandoned operation", { type: "OperationAbandoned", opId, reason: "participant_unavailable" }, ["OP_REJECT"]],
  ["the session's end", { type: "SessionClosed", reason: "timeout" }, ["SESSION_CLOSE"]],
];

const check = schemaOracle();

describe("what the coordinator says because of", () => {
  it.each(EVENTS)("%s is what the schemas allow", (_name, event, says) => {
    const known = SessionEvent.parse(event);

    const said = saidOf(recordOf({ type: "Tick" }, known));

    expect(typesOf(said)).toEqual(expect.arrayContaining([...says]));
    expect(said.flatMap((message) => check(asFrame(message)))).toEqual([]);
    expect(new Set(said.map(({ message_id: id }) => id)).size).toBe(said.length);
  });

  it("an event that is not in that table is nothing", () => {
    const tried = new Set(EVENTS.map(([, event]) => event.type));
    const others = SessionEvent.options.map(({ shape }) => shape.type.value).filter((type) => !tried.has(type));

    // Their members do not matter: whoever is silent reads none of them.
    const bare = { type: "", files: [], lamport: 0 };
    expect(others.map((type) => [type, saidOf(recordOf({ type: "Tick" }, { ...bare, type } as unknown as SessionEvent))])).toEqual(
      others.map((type) => [type, []]),
    );
  });
});

it.each(keptStreams())("what the coordinator says because of all that the stream of $name holds is what the schemas allow", ({ texts }) => {
  const said = texts.flatMap((text) => saidOf(JSON.parse(text) as LogRecord)).filter((message) => "coordinator_epoch" in message);

  expect(said.length).toBeGreaterThan(0);
  expect(said.flatMap((message) => check(asFrame(message)))).toEqual([]);
});

describe("what the coordinator says to one connection", () => {
  const envelope = (type: string, payload: JsonObject) => envelopeOf(SPEAKER, remark(type, payload, AT_MS), 9) as unknown as JsonObject;

  it.each([undefined, { signalbox: {} }])("in answer to HELLO is what the schemas allow, with extensions %j", (extensions) => {
    const hello = { message_type: "HELLO", sender: { principal_id: ana }, payload: { roles: ["contributor"], extensions } };
    const face = { sessionId: "s", workspaceDir: "/repo", version: "0", control: 1 };
    const newcomer = { hello: hello as unknown as Message<"HELLO">, revision: 3, identity: undefined, secret: "proof" };

    const info = envelope("SESSION_INFO", sessionInfo(initialState(), face, newcomer));

    expect(check(asFrame(info))).toEqual([]);
  });

  it.each(["heartbeat", "recovered"] as const)("as a sign of life, %s, is what the schemas allow", (event) => {
    const status = envelope("COORDINATOR_STATUS", sessionStatus(initialState(), "s" as SessionId, event));

    expect(check(asFrame(status))).toEqual([]);
  });

  it.each(Object.keys(REFUSALS) as RefusalCode[])("refusing by %s is what the schemas allow", (code) => {
    const details = { suggested: "ana#2", retry_after_sec: 30, overlaps: [] };
    const said = envelopeOf(SPEAKER, refusal({ code, message: "a sentence", details }, "m1", AT_MS), 9);

    expect(check(asFrame(said))).toEqual([]);
  });
});

/** A message of each type that participants send, as the schemas want it. */
const SENT: Readonly<Record<Exclude<ClientMessage["message_type"], "SESSION_CLOSE">, JsonObject>> = {
  HELLO: { display_name: "Ana", roles: ["contributor"], capabilities: ["op.commit"] },
  HEARTBEAT: { status: "working" },
  GOODBYE: { reason: "user_exit" },
  INTENT_ANNOUNCE: { intent_id: "i1", objective: "o", scope },
  INTENT_UPDATE: { intent_id: "i1", objective: "more" },
  INTENT_WITHDRAW: { intent_id: "i1", reason: "yielded" },
  INTENT_DEFERRED: { deferral_id: "d", scope },
  INTENT_CLAIM: {
    claim_id: "claim",
    original_intent_id: "i1",
    original_principal_id: "bo",
    new_intent_id: "i2",
    objective: "o",
    scope,
  },
  OP_PROPOSE: { op_id: "op", target: "a.ts", op_kind: "replace" },
  OP_COMMIT: { op_id: "op", target: "a.ts", op_kind: "replace", state_ref_before: "sha256:1", state_ref_after: "sha256:2" },
  OP_BATCH_COMMIT: {
    batch_id: "b",
    atomicity: "all_or_nothing",
    operations: [{ op_id: "op", target: "a.ts", op_kind: "replace", state_ref_before: "sha256:1", state_ref_after: "sha256:2" }],
  },
  OP_REJECT: { op_id: "op", reason: "not now" },
  OP_SUPERSEDE: { op_id: "op2", supersedes_op_id: "op", target: "a.ts" },
  CONFLICT_REPORT: {
    conflict_id: "c",
    category: "concurrent_write",
    severity: "low",
    basis: { kind: "human_report" },
    based_on_watermark: { kind: "lamport_clock", value: 1 },
    description: "both",
    related_intents: ["i1"],
  },
  CONFLICT_ACK: { conflict_id: "c", ack_type: "seen" },
  CONFLICT_ESCALATE: { conflict_id: "c", escalate_to: "cy", reason: "stuck" },
  RESOLUTION: { resolution_id: "r", conflict_id: "c", decision: "approved", rationale: "first" },
};

const sent = (type: string, payload: JsonObject): JsonObject => ({
  protocol: "MPAC",
  version: "0.1.13",
  message_type: type,
  message_id: "m1",
  session_id: "s",
  sender: { principal_id: ana, principal_type: "agent", sender_instance_id: "ana:1" },
  ts: "2026-11-21T10:00:00Z",
  payload,
  watermark: { kind: "lamport_clock", value: 1 },
});

/** What has to have come of a message for it to be said on as it was. */
const CAME: Readonly<Record<string, SessionEvent>> = {
  INTENT_ANNOUNCE: announced,
  INTENT_WITHDRAW: { type: "IntentEnded", intentId: one, state: "WITHDRAWN", reason: "yielded" },
  INTENT_CLAIM: { type: "ClaimOpened", ...claim, principalId: ana, objective: "o", scope, contentHash: "" },
};
const carriedOut = (message: JsonObject): LogRecord => recordOf(message, ...[CAME[message["message_type"] as string] ?? []].flat());

/** Told of in the coordinator's own words, or not at all. */
const NOT_RELAYED = ["HEARTBEAT", "INTENT_DEFERRED"];

describe("what is relayed", () => {
  it.each(Object.entries(SENT))("%s goes on as it came, and as the schemas allow", (type, payload) => {
    const message = sent(type, payload);

    const said = saidOf(carriedOut(message));

    expect(check(asFrame(message))).toEqual([]);
    expect(said).toEqual(NOT_RELAYED.includes(type) ? [] : [message]);
  });

  it("takes what real clients send and the schemas do not allow, and says it on as it came", () => {
    const liberal = [
      sent("HELLO", { display_name: "Ana", roles: ["participant"], capabilities: [] }), // row 8
      sent("GOODBYE", { reason: "completed" }), // row 7
      sent("INTENT_ANNOUNCE", { intent_id: "i1", objective: "o", scope, ttl_sec: 0.5 }), // row 11
      sent("OP_COMMIT", { op_id: "op", target: "a.ts", op_kind: "replace", state_ref_before: null, state_ref_after: null }), // row 10
      sent("RESOLUTION", { conflict_id: "c", decision: "approved" }), // row 9
    ];

    const said = liberal.map((message) => saidOf(carriedOut(message)));

    expect(liberal.filter((message) => check(asFrame(message)).length === 0)).toEqual([]);
    expect(said).toEqual(liberal.map((message) => [message]));
  });
});

describe("where schema and specification differ", () => {
  const error = (code: string) => envelopeOf(SPEAKER, remark("PROTOCOL_ERROR", { error_code: code, description: "a sentence" }, AT_MS), 9);
  const deferred = EVENTS.filter(([, event]) => event.type === "IntentDeferred").flatMap(([, event]) =>
    saidOf(recordOf({ type: "Tick" }, event)),
  );
  const IN_QUESTION: Readonly<Record<string, readonly object[]>> = {
    "2": [error("STALE_INTENT")],
    "3": deferred,
    "4": [error("STALE_STATE_REF")],
    ours: [error("STORE_UNAVAILABLE")],
  };

  it.each(DISAGREEMENTS.map(({ row, what }) => ({ row, what })))("row $row: $what", ({ row }) => {
    const without = schemaOracle(DISAGREEMENTS.filter((other) => other.row !== row));
    const messages = (IN_QUESTION[row] ?? []).map(asFrame);

    expect(messages.length).toBeGreaterThan(0);
    expect(messages.flatMap(check)).toEqual([]);
    for (const message of messages) expect(without(message)).not.toEqual([]);
  });

  it("no other error code of ours is one that the schemas do not know", () => {
    const official = schemaOracle([]);

    const unknown = MPAC_ERROR_CODES.filter((code) => official(asFrame(error(code))).length > 0);

    expect(unknown.sort()).toEqual(["STALE_INTENT", "STALE_STATE_REF", "STORE_UNAVAILABLE"]);
  });

  it("a message that the specification does not allow is found, so that the referee sees anything at all", () => {
    expect(check(asFrame(sent("INTENT_WITHDRAW", {})))).not.toEqual([]);
    expect(check(asFrame({ ...sent("HEARTBEAT", { status: "idle" }), trace_id: "t" }))).toEqual(["HEARTBEAT: has a member trace_id"]);
  });
});
