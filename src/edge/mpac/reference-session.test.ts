/** The reference's suites about the session itself, played against our edge: who gets in, status, snapshots, the end, models. */
import { describe, expect, it } from "vitest";
import type { Play } from "../../core/session/session.test.fixture.ts";
import type { JsonObject } from "../../wire/json.ts";
import { MPAC_ERROR_CODES } from "../../wire/mpac/codes.ts";
import type { TokenTable } from "../../wire/token-table.ts";
import { of, type Received, scope, serveSession, type Served, type TestClient } from "./mpac-edge.test.fixture.ts";
import {
  announce,
  BOTH,
  commit,
  conflictIdIn,
  errorOf,
  joined,
  propose,
  saidBy,
  SECOND,
  statesOf,
} from "./reference-suites.test.fixture.ts";
import { sessionStatus } from "./session-info.ts";
import { snapshotOf } from "./snapshot.ts";

const hello = (client: TestClient, payload: object = {}) =>
  client.send("HELLO", { display_name: "x", roles: ["contributor"], capabilities: [], ...payload }, { ts: new Date().toISOString() });

/** What a HELLO is answered. */
async function greeted(options: Served, payload: object = {}): Promise<Received> {
  await using served = await serveSession(options);
  using ana = await served.connect("ana");
  hello(ana, payload);
  return await ana.next((frame) => of("SESSION_INFO")(frame) || of("PROTOCOL_ERROR")(frame));
}

describe("suites v0112 enforcement and authenticated_profile: before HELLO", () => {
  it.each([
    { type: "INTENT_ANNOUNCE", payload: { intent_id: "i", objective: "o", scope: scope("src/main.py") } },
    { type: "HEARTBEAT", payload: { status: "idle" } },
    { type: "GOODBYE", payload: { reason: "user_exit" } },
  ])("$type is INVALID_REFERENCE, and taken behind it", async ({ type, payload }) => {
    await using served = await serveSession();
    using ana = await served.connect("ana");

    ana.send(type, payload);
    const early = await ana.next(of("PROTOCOL_ERROR"));
    hello(ana);
    await ana.next(of("SESSION_INFO"));
    ana.send(type, payload);

    expect(early.payload).toMatchObject({ error_code: "INVALID_REFERENCE", description: expect.stringContaining("HELLO") as string });
    expect((await ana.sofar()).filter(of("PROTOCOL_ERROR"))).toEqual([]);
  });
});

const TABLE = {
  "alpha-tok": { allowed_sessions: ["s"], roles: ["owner"] },
  "beta-tok": { allowed_sessions: ["elsewhere"], roles: ["contributor"] },
} as unknown as TokenTable;
const credential = (value: string, type = "bearer_token") => ({
  credential: { type, value, issuer: "x", expires_at: "2035-12-31T23:59:59Z" },
});

describe("suites v0112, v015 and authenticated_profile: a credential", () => {
  it.each([
    { name: "none, in an open session", door: {}, payload: {}, gives: "SESSION_INFO" },
    { name: "any, in an open session, which asks nobody about it", door: {}, payload: credential("beta-tok"), gives: "SESSION_INFO" },
    { name: "a valid one", door: { table: TABLE }, payload: credential("alpha-tok"), gives: "SESSION_INFO" },
    { name: "a valid key", door: { table: TABLE }, payload: credential("alpha-tok", "api_key"), gives: "SESSION_INFO" },
    { name: "none", door: { table: TABLE }, payload: {}, gives: "CREDENTIAL_REJECTED" },
    { name: "an empty one", door: { table: TABLE }, payload: credential(""), gives: "CREDENTIAL_REJECTED" },
    { name: "one that nobody gave out", door: { table: TABLE }, payload: credential("bad"), gives: "CREDENTIAL_REJECTED" },
    { name: "one for another session", door: { table: TABLE }, payload: credential("beta-tok"), gives: "CREDENTIAL_REJECTED" },
    {
      name: "a certificate's fingerprint",
      door: { table: TABLE },
      payload: credential("alpha-tok", "mtls_fingerprint"),
      gives: "CREDENTIAL_REJECTED",
    },
  ])("that is $name gives $gives", async ({ door, payload, gives }) => {
    const answer = await greeted({ door }, payload);

    expect(answer.payload["error_code"] ?? answer.message_type).toBe(gives);
  });

  it("gives the roles of its entry, whatever the role policy would give", async () => {
    const settings = { role_policy: { default_role: "contributor" } };

    const { payload } = await greeted({ door: { table: TABLE }, settings }, credential("alpha-tok"));

    expect(payload["granted_roles"]).toEqual(["owner"]);
  });
});

describe("suite v0110 features: SESSION_INFO", () => {
  it("says the epoch, who coordinates, and how changes are made", async () => {
    const info = await greeted({});

    expect(info).toMatchObject({
      version: expect.stringMatching(/^0\.1\.\d+$/) as string,
      coordinator_epoch: 1,
      sender: {
        principal_id: "service:coordinator-s",
        principal_type: "service",
        sender_instance_id: expect.stringMatching(/^service:coordinator-s:epoch-1$/) as string,
      },
      payload: { execution_model: "post_commit", granted_roles: ["contributor"], state_ref_format: "sha256" },
    });
  });
});

const report = (played: Play, id: string) =>
  played.says("ana", "CONFLICT_REPORT", { conflict_id: id, category: "semantic_goal_conflict", related_intents: ["a", "b"] });
const status = ({ state }: Play): JsonObject => sessionStatus(state, "s", "heartbeat");

/** ana, an owner, and bo work apart. */
function apart(): Play {
  const played = joined({ ana: "owner", bo: "contributor" });
  announce(played, "ana", "a", ["src/auth.py"]);
  announce(played, "bo", "b", ["src/config.py"]);
  return played;
}

describe("suites v015 features: the status", () => {
  it("is healthy with everybody counted, and degraded while conflicts are open", () => {
    const played = apart();
    const before = status(played);

    for (const id of ["c1", "c2", "c3"]) report(played, id);
    const during = status(played);
    for (const id of ["c1", "c2", "c3"]) played.says("ana", "RESOLUTION", { conflict_id: id, decision: "dismissed" });

    expect(before).toMatchObject({
      event: "heartbeat",
      coordinator_id: "service:coordinator-s",
      session_health: "healthy",
      active_participants: 2,
      open_conflicts: 0,
    });
    expect(before).toHaveProperty("snapshot_lamport_clock");
    expect(during).toMatchObject({ session_health: "degraded", open_conflicts: 3 });
    expect(status(played)).toMatchObject({ session_health: "healthy", open_conflicts: 0 });
  });
});

describe("suites v015 features: the end of a session", () => {
  it("is told once for all of it: what waits falls with its intent (16.6.1; ABANDONED in the reference), what is committed stays", () => {
    const played = apart();
    commit(played, "ana", "done", "a", "src/auth.py");
    propose(played, "bo", "planned", "b", "src/config.py");
    propose(played, "bo", "loose", null, "src/other.py");

    const heard = saidBy(played, () => played.says("ana", "SESSION_CLOSE", { reason: "manual" }));

    expect(heard).toMatchObject([{ type: "SESSION_CLOSE", reason: "manual" }]);
    expect(statesOf(played, "a", "b")).toEqual(["WITHDRAWN", "WITHDRAWN"]);
    expect(statesOf(played, "done", "planned", "loose")).toEqual(["COMMITTED", "REJECTED", "ABANDONED"]);
    expect(errorOf(announce(played, "bo", "late", ["x.py"]))).toBe("SESSION_CLOSED");
  });

  it("has the last clock, the summary and what became of the intents", async () => {
    await using served = await serveSession();
    using ana = await served.connect("ana");
    hello(ana, { roles: ["owner"] });
    await ana.next(of("SESSION_INFO"));
    ana.send("INTENT_ANNOUNCE", { intent_id: "a", objective: "o", scope: scope("src/auth.py") });

    ana.send("SESSION_CLOSE", { reason: "manual" });
    const { payload } = await ana.next(of("SESSION_CLOSE"));

    expect(payload).toMatchObject({ reason: "manual", active_intents_disposition: "withdraw_all" });
    expect([typeof payload["final_lamport_clock"], typeof payload["summary"]]).toEqual(["number", "object"]);
  });

  const closing = { lifecycle: { auto_close: true, auto_close_grace_sec: 0 } };

  it("comes by itself when everything has ended, where the session is meant to, and not before", () => {
    const played = joined(BOTH, closing);
    announce(played, "ana", "a", ["src/auth.py"]);
    propose(played, "ana", "o", "a", "src/auth.py");
    commit(played, "ana", "o", "a", "src/auth.py");
    played.pass(SECOND);
    const between = played.state.closed;

    const heard = saidBy(played, () => {
      played.says("ana", "INTENT_WITHDRAW", { intent_id: "a" });
      played.pass(SECOND);
    });

    expect([between, played.state.closed]).toEqual([undefined, "completed"]);
    expect(heard).toMatchObject([{ type: "SESSION_CLOSE", reason: "completed" }]);
  });
});

describe("suites v015 features: a snapshot", () => {
  const captured = ({ state, nowMs }: Play) =>
    snapshotOf(state, nowMs, { frontier: new Map(), messageIds: [] }) as Readonly<Record<string, readonly JsonObject[]>>;

  it("of a session in which nothing was begun has its participants and nothing else", () => {
    const { participants, intents, operations, conflicts } = captured(joined(BOTH));

    expect([participants?.length, intents, operations, conflicts]).toEqual([2, [], [], []]);
  });

  it("has everything that there is, each with what the reference reads of it", () => {
    const played = apart();
    propose(played, "ana", "o", "a", "src/auth.py");
    report(played, "c");

    const { participants, intents, operations, conflicts } = captured(played);

    for (const member of ["principal_id", "display_name", "roles", "status", "is_available", "last_seen"])
      for (const one of participants ?? []) expect(one).toHaveProperty(member);
    for (const member of ["intent_id", "principal_id", "state", "scope", "expires_at"])
      for (const one of intents ?? []) expect(one).toHaveProperty(member);
    expect([participants?.length, intents?.length]).toEqual([2, 2]);
    expect(operations).toMatchObject([{ op_id: "o", intent_id: "a", state: "PROPOSED", target: "src/auth.py" }]);
    expect(conflicts).toMatchObject([{ conflict_id: "c", state: "OPEN", related_intents: ["a", "b"], related_ops: [] }]);
  });

  it("tells of a session that has ended, at the end of a whole day of both", () => {
    const played = joined({ ana: "owner", bo: "owner" }, { lifecycle: { auto_close: true, auto_close_grace_sec: 0 } });
    announce(played, "ana", "a", ["src/a.py"]);
    announce(played, "bo", "b", ["src/a.py"]);
    const { session_closed: before, conflicts } = captured(played);
    const degraded = status(played)["session_health"];

    played.says("bo", "RESOLUTION", { conflict_id: conflictIdIn(played), decision: "dismissed" });
    for (const [who, id] of Object.entries({ ana: "a", bo: "b" })) played.says(who, "INTENT_WITHDRAW", { intent_id: id });
    played.pass(SECOND);

    expect([before, conflicts?.length, degraded, captured(played)["session_closed"]]).toEqual([false, 1, "degraded", true]);
  });
});

const MODEL = "anthropic/claude-sonnet-4.6";
const POLICY = {
  enabled: true,
  on_degraded: "warn",
  on_down: "suspend_and_claim",
  auto_switch: "allowed",
  allowed_providers: ["anthropic", "openai", "google"],
};

/** ana stands on a model that was well when it last said so, and works. */
function withModel(policy: JsonObject = {}): Play {
  const played = joined({ bo: "contributor" }, { liveness: { backend_health_policy: { ...POLICY, ...policy } } });
  played.says("ana", "HELLO", { roles: ["contributor"], backend: { model_id: MODEL, provider: "anthropic" } });
  beat(played, { provider_status: "operational" });
  announce(played, "ana", "a", ["src/main.py"]);
  return played;
}

function beat(played: Play, health?: JsonObject) {
  const backend_health = { model_id: MODEL, checked_at: "2026-04-07T10:00:00Z", ...health };
  return played.says("ana", "HEARTBEAT", { status: "working", ...(health === undefined ? {} : { backend_health }) });
}

const switched = (model_id: string): JsonObject => ({
  model_id,
  provider_status: "operational",
  switched_from: MODEL,
  switch_reason: "provider_down",
});

describe("suites v0113 backend health: a heartbeat", () => {
  it.each<readonly [string, JsonObject, JsonObject | undefined, readonly unknown[], string]>([
    ["that all is well", {}, { provider_status: "operational" }, [], "ACTIVE"],
    ["of nothing", {}, undefined, [], "ACTIVE"],
    ["of a degraded model", {}, { provider_status: "degraded" }, ["degraded"], "ACTIVE"],
    ["of a model that is down", {}, { provider_status: "down" }, ["down"], "SUSPENDED"],
    ["of one that is down, where nobody looks", { enabled: false }, { provider_status: "down" }, [], "ACTIVE"],
  ])("%s under %j", (_, policy, health, alerts, intent) => {
    const played = withModel(policy);

    const heard = saidBy(played, () => beat(played, health));

    expect(heard.map(({ backend_detail }) => (backend_detail as JsonObject | undefined)?.["provider_status"])).toEqual(alerts);
    for (const alert of heard) expect(alert).toMatchObject({ event: "backend_alert", affected_principal: "ana" });
    expect(statesOf(played, "a")).toEqual([intent]);
  });

  it("that what was alerted of is over is told to everybody, and once", () => {
    const played = withModel();
    beat(played, { provider_status: "degraded" });

    const [well, again] = [1, 2].map(() => saidBy(played, () => beat(played, { provider_status: "operational" })));

    expect(well).toMatchObject([{ event: "backend_alert", backend_detail: { provider_status: "operational" } }]);
    expect(again).toEqual([]);
  });

  it("that says the same again alerts nobody again, and one that it is well again is taken", () => {
    const played = withModel();
    beat(played, { provider_status: "down" });

    const again = saidBy(played, () => beat(played, { provider_status: "down" }));
    const well = beat(played, { provider_status: "operational" });

    expect([again, errorOf(well), statesOf(played, "a")]).toEqual([[], undefined, ["ACTIVE"]]);
  });

  it.each([
    { to: "google/gemini-2.5-pro", policy: {}, error: undefined, says: /^$/ },
    { to: "deepseek/deepseek-v3", policy: {}, error: "BACKEND_SWITCH_DENIED", says: /deepseek/ },
    { to: "openai/gpt-4o", policy: { auto_switch: "forbidden" }, error: "BACKEND_SWITCH_DENIED", says: /forb/i },
  ])("from a switch to $to under $policy is $error", ({ to, policy, error, says }) => {
    const decision = beat(withModel(policy), switched(to));

    expect(errorOf(decision)).toBe(error);
    expect("rejected" in decision ? decision.rejected.message : "").toMatch(says);
  });

  it("is asked for by the policy in SESSION_INFO", async () => {
    const { payload } = await greeted(
      { settings: { liveness: { backend_health_policy: POLICY } } },
      { backend: { model_id: MODEL, provider: "anthropic" } },
    );

    expect(payload["liveness_policy"]).toMatchObject({
      backend_health_policy: { enabled: true, on_degraded: "warn", on_down: "suspend_and_claim" },
    });
  });
});

it("suite v0112 enforcement: every error code of the specification is known", () => {
  const codes = ["CAUSAL_GAP", "INTENT_BACKOFF", "RESOLUTION_CONFLICT", "COORDINATOR_CONFLICT", "STATE_DIVERGENCE", "VERSION_MISMATCH"];

  expect(MPAC_ERROR_CODES).toEqual(expect.arrayContaining([...codes, "UNKNOWN_MESSAGE_TYPE", "CAPABILITY_UNSUPPORTED"]));
});
