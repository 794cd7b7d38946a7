/** The reference's suites about conflicts, played against our core: detection, workflow, authority, dismissal, frozen scopes. */
import { describe, expect, it } from "vitest";
import type { Play } from "../../core/session/session.test.fixture.ts";
import type { JsonObject } from "../../wire/json.ts";
import {
  announce,
  BOTH,
  commit,
  conflictIdIn,
  conflictIn,
  errorOf,
  joined,
  operationIn,
  propose,
  saidBy,
  SECOND,
  statesOf,
} from "./reference-suites.test.fixture.ts";

const TTL = { ttl_sec: 120 };

/** ana and bo meet over one file; each has another beside it. */
function meeting(before: (played: Play) => void = () => undefined): Play {
  const played = joined(BOTH);
  announce(played, "ana", "a", ["src/auth.py", "src/middleware.py"], TTL);
  before(played);
  announce(played, "bo", "b", ["src/auth.py", "src/models.py"], TTL);
  return played;
}

/** Somebody says that an operation is part of what they quarrel about. */
const reportOver = (played: Play, operation: string) =>
  played.says("bo", "CONFLICT_REPORT", { conflict_id: "c", related_intents: ["a", "b"], related_ops: [operation] });
const reported = (played: Play) => [...played.state.conflicts.values()].find(({ id }) => (id as string) === "c")?.state;

describe("suites auto_dismiss and auto-dismiss: a conflict", () => {
  it("is dismissed, in the coordinator's words, when both intents have expired", () => {
    const played = meeting();

    const heard = saidBy(played, () => played.pass(121 * SECOND));

    expect([conflictIn(played)?.state, ...statesOf(played, "a", "b")]).toEqual(["DISMISSED", "EXPIRED", "EXPIRED"]);
    const word = { conflict_id: conflictIdIn(played), decision: "dismissed", rationale: "all_related_entities_terminated" };
    expect(heard.filter(({ type }) => type === "RESOLUTION")).toMatchObject([word]);
  });

  it("is dismissed when one intent was withdrawn and the other has expired, and not before", () => {
    const played = meeting();
    played.says("ana", "INTENT_WITHDRAW", { intent_id: "a" });
    const between = conflictIn(played)?.state;

    played.pass(121 * SECOND);

    expect([between, conflictIn(played)?.state]).toEqual(["OPEN", "DISMISSED"]);
  });

  it("stays while an operation that it is about is committed", () => {
    const played = meeting((before) => void commit(before, "ana", "op", "a", "src/auth.py"));
    reportOver(played, "op");

    played.pass(121 * SECOND);

    expect([...statesOf(played, "a", "b"), reported(played)]).toEqual(["EXPIRED", "EXPIRED", "OPEN"]);
  });

  it("is dismissed when the operation that it is about was rejected with its intent", () => {
    const played = meeting((before) => void propose(before, "ana", "op", "a", "src/auth.py"));
    reportOver(played, "op");

    played.pass(121 * SECOND);

    expect([operationIn(played, "op")?.state, reported(played)]).toEqual(["REJECTED", "DISMISSED"]);
  });

  it("stays while one of its two intents lives", () => {
    const played = meeting();
    played.says("ana", "INTENT_WITHDRAW", { intent_id: "a" });

    played.pass(SECOND);

    expect(conflictIn(played)?.state).toBe("OPEN");
  });
});

describe("suites conflict: an overlap", () => {
  it("of one file of two is reported to both with the newcomer first, and ends by an owner's word", () => {
    const played = joined({ ana: "owner", bo: "contributor" });
    const first = saidBy(played, () => announce(played, "ana", "a", ["src/main.py", "src/config.py"]));

    const heard = saidBy(played, () => announce(played, "bo", "b", ["src/config.py", "src/db.py"]));
    played.says("ana", "RESOLUTION", { conflict_id: conflictIdIn(played), decision: "accept" });

    expect(first).toEqual([]);
    expect(heard).toMatchObject([
      {
        type: "CONFLICT_REPORT",
        category: "scope_overlap",
        severity: "medium",
        principal_a: "bo",
        principal_b: "ana",
        intent_a: "b",
        intent_b: "a",
      },
    ]);
    expect([...statesOf(played, "a", "b"), conflictIn(played)?.state]).toEqual(["ACTIVE", "ACTIVE", "CLOSED"]);
  });

  const meet = (one: JsonObject, other: JsonObject): boolean => {
    const played = joined(BOTH);
    announce(played, "ana", "a", [], { scope: one });
    announce(played, "bo", "b", [], { scope: other });
    return played.state.conflicts.size > 0;
  };
  const of = (member: string, kind: string, ...names: string[]): JsonObject => ({ kind, [member]: names });
  const paths = (...names: string[]) => of("resources", "file_set", ...names);
  const entities = (...names: string[]) => of("entities", "entity_set", ...names);
  const tasks = (...names: string[]) => of("task_ids", "task_set", ...names);

  it.each([
    { one: paths("./src/main.py"), other: paths("src/main.py"), met: true },
    { one: paths("./src/main.py"), other: paths("src//main.py"), met: true },
    { one: paths("src/"), other: paths("src"), met: true },
    { one: paths("src/main.py"), other: paths("src/utils.py"), met: false },
    { one: entities("entity:user:123"), other: entities("entity:user:123"), met: true },
    { one: entities("entity:user:123"), other: entities("entity:user:456"), met: false },
    { one: entities("entity:user:123", "entity:user:456"), other: entities("entity:user:456", "entity:user:789"), met: true },
    { one: tasks("task:deploy"), other: tasks("task:deploy"), met: true },
    { one: tasks("task:deploy"), other: tasks("task:test"), met: false },
  ])("of $one and $other is one: $met", ({ one, other, met }) => {
    expect(meet(one, other)).toBe(met);
  });
});

const TIMED = { governance: { resolution_timeout_sec: 60 } };

/** ana is a contributor, bo an owner, cy an arbiter, and the first two meet. */
function quarrel(roles: Readonly<Record<string, string>> = { ana: "contributor", bo: "owner", cy: "arbiter" }): Play {
  const played = joined(roles, TIMED);
  announce(played, "ana", "a", ["src/auth.py"], { ttl_sec: 5_000 });
  announce(played, "bo", "b", ["src/auth.py", "src/models.py"], { ttl_sec: 5_000 });
  return played;
}

const acknowledge = (played: Play, who: string) =>
  played.says(who, "CONFLICT_ACK", { conflict_id: conflictIdIn(played), ack_type: "seen" });
const escalate = (played: Play, who: string) =>
  played.says(who, "CONFLICT_ESCALATE", { conflict_id: conflictIdIn(played), escalate_to: "cy", reason: "no agreement", context: "both" });
const resolve = (played: Play, who: string, decision: string, more: JsonObject = {}) =>
  played.says(who, "RESOLUTION", { conflict_id: conflictIdIn(played), decision, rationale: "because", ...more });

describe("suites conflict_workflow: a conflict", () => {
  it("is acknowledged", () => {
    const played = quarrel();

    acknowledge(played, "ana");

    expect(conflictIn(played)?.state).toBe("ACKED");
  });

  it("is brought before the arbiter, who then decides it", () => {
    const played = quarrel();
    escalate(played, "ana");
    const between = { ...conflictIn(played) };

    resolve(played, "cy", "approved", { outcome: { accepted: ["a"], rejected: ["b"] } });

    expect([between.state, between.escalatedTo, conflictIn(played)?.state]).toEqual(["ESCALATED", "cy", "CLOSED"]);
    expect(statesOf(played, "a", "b")).toEqual(["ACTIVE", "WITHDRAWN"]);
  });

  it("goes to the arbiter by itself when its time is over", () => {
    const played = quarrel();

    const heard = saidBy(played, () => played.pass(61 * SECOND));

    expect(conflictIn(played)).toMatchObject({ state: "ESCALATED", escalatedTo: "cy" });
    expect(heard.find(({ type }) => type === "CONFLICT_ESCALATE")).toMatchObject({ escalate_to: "cy", reason: "resolution_timeout" });
  });

  it("that nobody could decide makes itself heard as RESOLUTION_TIMEOUT", () => {
    const played = quarrel(BOTH);

    const heard = saidBy(played, () => played.pass(61 * SECOND));

    expect(heard.map(({ error_code }) => error_code)).toContain("RESOLUTION_TIMEOUT");
  });

  it("is closed by the owner after it was acknowledged, and dismissed by the arbiter after it was escalated", () => {
    const [closed, dismissed] = [quarrel(), quarrel()];

    acknowledge(closed, "ana");
    resolve(closed, "bo", "merged");
    escalate(dismissed, "ana");
    resolve(dismissed, "cy", "dismissed");

    expect([conflictIn(closed)?.state, conflictIn(dismissed)?.state]).toEqual(["CLOSED", "DISMISSED"]);
  });

  it("is resolved once: a second valid word is RESOLUTION_CONFLICT", () => {
    const played = joined({ ana: "owner", bo: "owner" });
    announce(played, "ana", "a", ["src/auth.py"]);
    announce(played, "bo", "b", ["src/auth.py"]);

    const words = [resolve(played, "ana", "dismissed"), resolve(played, "bo", "approved")];

    expect(words.map(errorOf)).toEqual([undefined, "RESOLUTION_CONFLICT"]);
  });
});

describe("suites v0112 enforcement: a resolution", () => {
  const four = { ana: "contributor", bo: "contributor", cy: "arbiter", dee: "owner" };

  it.each([
    { who: "ana", error: "AUTHORIZATION_FAILED", state: "OPEN" },
    { who: "dee", error: undefined, state: "DISMISSED" },
    { who: "cy", error: undefined, state: "DISMISSED" },
  ])("by $who before an escalation: $error", ({ who, error, state }) => {
    const played = quarrel(four);

    expect(errorOf(resolve(played, who, "dismissed"))).toBe(error);
    expect(conflictIn(played)?.state).toBe(state);
  });

  it("after an escalation is for whom it was brought before, and not for the owner", () => {
    const played = quarrel(four);
    escalate(played, "ana");

    expect([resolve(played, "dee", "dismissed"), resolve(played, "cy", "approved")].map(errorOf)).toEqual([
      "AUTHORIZATION_FAILED",
      undefined,
    ]);
    expect(conflictIn(played)?.state).toBe("CLOSED");
  });
});

/** The conflict of ana, an owner, and bo over one file has run out of time; nobody else is there. */
function frozen(): Play {
  const played = joined({ ana: "owner", bo: "contributor" }, { governance: { resolution_timeout_sec: 1 } });
  announce(played, "ana", "a", ["src/auth.py"], { ttl_sec: 5_000 });
  announce(played, "bo", "b", ["src/auth.py"], { ttl_sec: 5_000 });
  played.pass(2 * SECOND);
  played.says("cy", "HELLO", { roles: ["contributor"] });
  return played;
}

const batchOf = (played: Play, more: JsonObject, entry: JsonObject = {}) =>
  played.says("ana", "OP_BATCH_COMMIT", {
    batch_id: "g",
    atomicity: "all_or_nothing",
    operations: [{ op_id: "o", target: "src/auth.py", op_kind: "patch", state_ref_before: null, state_ref_after: "sha256:b", ...entry }],
    ...more,
  });

describe("suites v0112 enforcement: a frozen scope", () => {
  it("is not frozen by a new conflict alone", () => {
    const played = joined({ ana: "owner", bo: "contributor" }, { governance: { resolution_timeout_sec: 300 } });
    announce(played, "ana", "a", ["src/auth.py"]);
    announce(played, "bo", "b", ["src/auth.py"]);

    expect(errorOf(commit(played, "ana", "o", "a", "src/auth.py"))).toBeUndefined();
  });

  it.each<readonly [string, (played: Play) => ReturnType<Play["says"]>]>([
    ["an announcement inside it", (played) => announce(played, "cy", "c", ["src/auth.py"])],
    ["a proposal", (played) => propose(played, "ana", "o", "a", "src/auth.py")],
    ["a commit", (played) => commit(played, "ana", "o", "a", "src/auth.py")],
    ["a batch", (played) => batchOf(played, { intent_id: "a" })],
    ["a batch whose entry names the intent", (played) => batchOf(played, {}, { intent_id: "a" })],
    ["a batch that names none", (played) => batchOf(played, {})],
    ["a proposal without an intent", (played) => propose(played, "ana", "o", null, "src/auth.py")],
    ["a commit without an intent", (played) => commit(played, "ana", "o", null, "src/auth.py")],
  ])("bars %s", (_, act) => {
    expect(errorOf(act(frozen()))).toBe("SCOPE_FROZEN");
  });

  it("takes an announcement that lies there in part, with a warning", () => {
    const played = frozen();

    const heard = saidBy(played, () => announce(played, "cy", "c", ["src/auth.py", "src/utils.py"]));

    expect(statesOf(played, "c")).toEqual(["ACTIVE"]);
    expect(heard.find(({ error_code }) => error_code === "SCOPE_FROZEN")?.["description"]).toMatch(/^Warning:/);
  });

  it("bars nothing elsewhere", () => {
    const played = frozen();
    announce(played, "ana", "c", ["src/utils.py"]);

    expect(errorOf(commit(played, "ana", "o", "c", "src/utils.py"))).toBeUndefined();
  });

  it("is frozen under the next coordinator too, until it is resolved", () => {
    const played = frozen();
    played.gives({ type: "Opened", session: "s", settings: { governance: { resolution_timeout_sec: 1 } } });

    const barred = errorOf(commit(played, "ana", "o", "a", "src/auth.py"));
    resolve(played, "ana", "dismissed");

    expect([played.state.epoch, barred, errorOf(propose(played, "ana", "o", "a", "src/auth.py"))]).toEqual([2, "SCOPE_FROZEN", undefined]);
  });
});
