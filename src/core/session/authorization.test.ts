/** What keeps a proposal from being authorized, and what lets it go on. */
import { describe, expect, it } from "vitest";
import type { OpId } from "../../wire/ids.ts";
import type { JsonObject } from "../../wire/json.ts";
import { acceptedOf, eventOf, files, gist, type Play, play, resultOf, signalbox } from "./session.test.fixture.ts";

const PRE_COMMIT: JsonObject = { compliance: "governance", execution_model: "pre_commit" };
const sha = (digit: string): string => `sha256:${digit.repeat(64)}`;
const proceed = signalbox({ on_overlap: "proceed" });

/** ana's intent `i` and bo's `b` meet in a.ts; `priority` is ana's. cy may decide between them. */
function contested(settings: JsonObject = {}, priority = "normal"): Play {
  const played = play({ ...PRE_COMMIT, ...settings });
  for (const [principal, roles] of Object.entries({ ana: ["contributor"], bo: ["contributor"], cy: ["owner"] })) {
    played.says(principal, "HELLO", { roles });
  }
  played.says("ana", "INTENT_ANNOUNCE", { intent_id: "i", scope: files("a.ts", "b.ts"), priority });
  played.says("bo", "INTENT_ANNOUNCE", { intent_id: "b", scope: files("a.ts"), ...proceed });
  return played;
}

const propose = (played: Play, more: JsonObject = {}) =>
  played.says("ana", "OP_PROPOSE", { op_id: "o", target: "a.ts", intent_id: "i", ...more });
const conflictOf = ({ state }: Play): string => [...state.liveConflicts][0] ?? "none";
const isAuthorized = ({ state }: Play, id = "o"): boolean => state.operations.get(id as OpId)?.authorizedBy !== undefined;

it("names the operation and the coordinator, and says nothing of the commit", () => {
  const decision = propose(contested(), { target: "b.ts" });

  expect(eventOf(decision, "OperationAuthorized")).toEqual({ type: "OperationAuthorized", opIds: ["o"], by: "service:coordinator-s" });
});

it("waits while the target is another's, too, and tells which conflict must be resolved", () => {
  const played = contested();

  const decision = propose(played);

  expect(gist(decision)).toEqual(["OperationProposed"]);
  expect(resultOf(decision)).toEqual({ conflicts: [conflictOf(played)] });
});

describe("what waits is authorized in the record", () => {
  const rows: readonly [what: string, then: (played: Play) => unknown][] = [
    ["of the resolution", (played) => played.says("cy", "RESOLUTION", { conflict_id: conflictOf(played), decision: "approved" })],
    ["of the dismissal", (played) => played.says("cy", "RESOLUTION", { conflict_id: conflictOf(played), decision: "dismissed" })],
    ["in which the other withdraws", (played) => played.says("bo", "INTENT_WITHDRAW", { intent_id: "b" })],
    ["in which the other's time ends", (played) => played.pass(300_000)],
    ["in which the other leaves the file", (played) => played.says("bo", "INTENT_UPDATE", { intent_id: "b", scope: files("c.ts") })],
  ];

  it.each(rows)("%s", (_, then) => {
    const played = contested({ governance: { resolution_timeout_sec: 0 } });
    played.says("ana", "INTENT_UPDATE", { intent_id: "i", ttl_sec: 10_000 });
    propose(played);
    expect(isAuthorized(played)).toBe(false);

    then(played);

    expect(isAuthorized(played)).toBe(true);
  });

  it("in which its intent comes back, when the conflict was settled meanwhile", () => {
    const played = contested({ liveness: { backend_health_policy: { enabled: true, on_down: "suspend_and_claim" } } });
    propose(played);
    const feels = (provider_status: string) => ({ backend_health: { model_id: "m", provider_status } });
    played.says("ana", "HEARTBEAT", feels("down"));
    played.says("cy", "RESOLUTION", { conflict_id: conflictOf(played), decision: "approved" });
    expect(isAuthorized(played)).toBe(false);

    played.says("ana", "HEARTBEAT", feels("operational"));

    expect(isAuthorized(played)).toBe(true);
  });

  it("in which a process opens the session to authorize first", () => {
    const played = contested({ compliance: "core", execution_model: "post_commit" });
    propose(played, { target: "b.ts" });

    played.gives({ type: "Opened", session: "s", settings: PRE_COMMIT });

    expect(isAuthorized(played)).toBe(true);
  });
});

it("goes on while the scope is frozen for others, when its intent is favoured", () => {
  const played = contested({ governance: { frozen_scope_disable_phase_3: true } }, "high");
  propose(played);
  played.pass(299_000);
  for (const principal of ["ana", "bo"])
    played.says(principal, "INTENT_UPDATE", { intent_id: principal === "ana" ? "i" : "b", ttl_sec: 9_000 });

  played.pass(2_000);
  expect(isAuthorized(played)).toBe(false);
  played.pass(60_000);

  expect(isAuthorized(played)).toBe(true);
  expect(gist(played.says("ana", "OP_COMMIT", { op_id: "o", target: "a.ts" }))).toEqual(["OperationCommitted"]);
});

it("waits for a scope that a conflict of others has frozen, and goes on once that is freed", () => {
  const played = contested({ governance: { frozen_scope_disable_phase_3: true }, race_lock: false });
  played.says("ana", "INTENT_UPDATE", { intent_id: "i", ttl_sec: 9_000 });
  played.says("bo", "INTENT_UPDATE", { intent_id: "b", ttl_sec: 9_000 });
  const between = conflictOf(played);
  played.says("cy", "INTENT_ANNOUNCE", { intent_id: "k", scope: files("a.ts"), ttl_sec: 9_000, ...proceed });
  const withCy = [...played.state.liveConflicts].filter((id) => id !== between);
  played.says("cy", "OP_PROPOSE", { op_id: "o", target: "a.ts", intent_id: "k" });
  played.pass(301_000);
  for (const conflict_id of withCy) played.says("cy", "RESOLUTION", { conflict_id, decision: "approved" });
  expect([isAuthorized(played), [...played.state.frozen]]).toEqual([false, [between]]);

  played.says("cy", "RESOLUTION", { conflict_id: between, decision: "approved" });

  expect(isAuthorized(played)).toBe(true);
});

it("is rejected when what it was built on is gone by then", () => {
  const played = contested();
  const first = { op_id: "first", target: "b.ts", intent_id: "i" };
  played.says("ana", "OP_PROPOSE", first);
  played.says("bo", "INTENT_UPDATE", { intent_id: "b", scope: files("a.ts", "b.ts") });
  propose(played, { target: "b.ts", state_ref_before: sha("1") });
  played.says("ana", "OP_COMMIT", { ...first, file_changes: { "b.ts": { state_ref: sha("2"), blob: "blob" } } });

  const decision = played.says("cy", "RESOLUTION", { conflict_id: conflictOf(played), decision: "approved" });

  expect(acceptedOf(decision)[1]).toEqual({ type: "OperationRejected", opIds: ["o"], reason: "stale_state_ref" });
});

it("waits for a conflict about the operation itself, too", () => {
  const played = contested();
  propose(played);
  const overlap = conflictOf(played);
  played.says("cy", "CONFLICT_REPORT", { conflict_id: "about-o", related_ops: ["o"] });
  played.says("cy", "RESOLUTION", { conflict_id: overlap, decision: "approved" });
  expect(isAuthorized(played)).toBe(false);

  played.says("cy", "RESOLUTION", { conflict_id: "about-o", decision: "approved" });

  expect(isAuthorized(played)).toBe(true);
});

it("is given once", () => {
  const played = contested();
  propose(played, { target: "b.ts" });
  played.says("bo", "INTENT_UPDATE", { intent_id: "b", scope: files("a.ts", "b.ts") });

  const decision = played.says("cy", "RESOLUTION", { conflict_id: conflictOf(played), decision: "approved" });

  expect(gist(decision)).toEqual(["ConflictResolved"]);
});
