/** The end of a session: who or what brings it, what ends with it, and that nothing is taken afterwards. */
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../wire/json.ts";
import { eventOf, files, gist, type Play, playWith, rejectionOf, signalbox } from "./session.test.fixture.ts";

const announce = (played: Play, principal: string, id: string, more: JsonObject = {}) =>
  played.says(principal, "INTENT_ANNOUNCE", { intent_id: id, scope: files(`${id}.ts`), ...more });

function withOwner(settings: JsonObject = {}): Play {
  const played = playWith(["ana", "bo"], settings);
  played.says("cy", "HELLO", { roles: ["owner"] });
  return played;
}

const closedBy = (played: Play) => played.records.flatMap(({ events }) => events).find(({ type }) => type === "SessionClosed");

describe("asked for", () => {
  it.each<[roles: readonly string[], gives: string | readonly string[]]>([
    [["owner"], ["SessionClosed"]],
    [["reviewer", "arbiter"], ["SessionClosed"]],
    [["contributor"], "principal/no-authority"],
    [[], "principal/no-authority"],
  ])("by somebody who is %s gives %s", (roles, gives) => {
    const played = playWith(["ana"]);
    played.says("bo", "HELLO", { roles });

    expect(gist(played.says("bo", "SESSION_CLOSE"))).toEqual(gives);
  });

  it("ends by that word, whatever reason is given", () => {
    expect(eventOf(withOwner().says("cy", "SESSION_CLOSE", { reason: "timeout" }), "SessionClosed")).toEqual({
      type: "SessionClosed",
      reason: "manual",
    });
  });

  it("everything that lives in it ends first", () => {
    const played = withOwner();
    announce(played, "ana", "i");
    announce(played, "ana", "gone");
    played.says("bo", "OP_PROPOSE", { op_id: "p", target: "i.ts", intent_id: "i" });
    played.says("bo", "OP_PROPOSE", { op_id: "q", target: "free.ts" });
    played.says("bo", "INTENT_ANNOUNCE", { intent_id: "w", scope: files("i.ts"), ...signalbox({ on_overlap: "wait" }) });
    played.says("bo", "INTENT_DEFERRED", { deferral_id: "d" });
    played.gives({ type: "ParticipantLapsed", principal: "ana", lastHeardAtMs: 0 });
    played.says("bo", "INTENT_CLAIM", { claim_id: "k", original_intent_id: "gone", new_intent_id: "n" });

    const decision = played.says("cy", "SESSION_CLOSE");

    const { state } = played;
    expect(gist(decision).at(-1)).toBe("SessionClosed");
    expect([...state.liveIntents, ...state.deferrals.keys(), ...state.waiting.keys()]).toEqual([]);
    expect([...state.claims.values()].map((claim) => claim.state)).toEqual(["REJECTED"]);
    expect([...state.operations.values()].map((operation) => operation.state)).toEqual(["REJECTED", "ABANDONED"]);
    expect([...state.participants.values()].flatMap(({ proposals, claims }) => [...proposals, ...claims])).toEqual([]);
  });
});

describe("when its process stops and nobody takes it over", () => {
  it.each<[name: string, settings: JsonObject, gives: string | readonly string[]]>([
    ["goes on with the next process", {}, "standing"],
    ["goes on where its policy says nothing of that", { lifecycle: { auto_close: true } }, "standing"],
    ["ends where its policy says so", { lifecycle: { close_on_shutdown: true } }, ["IntentEnded", "SessionClosed"]],
  ])("%s", (_, settings, gives) => {
    const played = withOwner(settings);
    announce(played, "ana", "i");

    expect(gist(played.gives({ type: "CoordinatorStopped" }))).toEqual(gives);
  });

  it("ends by the coordinator's shutdown, once", () => {
    const played = withOwner({ lifecycle: { close_on_shutdown: true } });

    const first = played.gives({ type: "CoordinatorStopped" });

    expect(eventOf(first, "SessionClosed")).toEqual({ type: "SessionClosed", reason: "coordinator_shutdown" });
    expect(gist(played.gives({ type: "CoordinatorStopped" }))).toBe("standing");
  });
});

describe("once it has ended", () => {
  it.each(["HELLO", "HEARTBEAT", "SESSION_CLOSE", "INTENT_DEFERRED"] as const)("%s is refused, and GOODBYE is not", (type) => {
    const played = withOwner();
    played.says("cy", "SESSION_CLOSE");

    const refused = played.says("ana", type, type === "INTENT_DEFERRED" ? { deferral_id: "d" } : {});

    expect(rejectionOf(refused)).toMatchObject({ code: "session/closed", message: expect.stringContaining("manual") });
    expect(gist(played.says("ana", "GOODBYE"))).toEqual(["ParticipantLeft"]);
  });

  it("does not end again when its time would have been over", () => {
    const played = withOwner({ lifecycle: { session_ttl_sec: 60, auto_close: true } });
    announce(played, "ana", "i");
    played.says("cy", "SESSION_CLOSE");
    const before = played.records.length;

    played.pass(120_000);

    expect(played.records.length).toBe(before);
  });
});

describe("its time to live", () => {
  it("ends it so long after its first record, whoever is at work", () => {
    const played = withOwner({ lifecycle: { session_ttl_sec: 60 } });
    played.pass(50_000);
    announce(played, "ana", "i");
    played.gives({ type: "Opened", session: "s", settings: {} });

    played.pass(9_999);
    const before = closedBy(played);
    played.pass(1);

    expect(before).toBeUndefined();
    expect(closedBy(played)).toMatchObject({ reason: "timeout", dueAtMs: played.nowMs });
    expect(played.state.liveIntents.size).toBe(0);
  });

  it("is none where the settings name none, and taken away by them", () => {
    const played = withOwner({ lifecycle: { session_ttl_sec: 60 } });
    played.gives({ type: "Opened", session: "s", settings: { lifecycle: {} } });

    played.pass(10_000_000);

    expect(closedBy(played)).toBeUndefined();
  });
});

describe("closing by itself", () => {
  const AUTO = { lifecycle: { auto_close: true } };

  /** ana's work is begun and done. */
  function done(settings: JsonObject = AUTO): Play {
    const played = withOwner(settings);
    announce(played, "ana", "i");
    played.says("ana", "INTENT_WITHDRAW", { intent_id: "i" });
    return played;
  }

  it.each<[name: string, settings: JsonObject, graceMs: number]>([
    ["60 s", AUTO, 60_000],
    ["the grace that its policy names", { lifecycle: { auto_close: true, auto_close_grace_sec: 5 } }, 5_000],
    ["no time, where its policy says so,", { lifecycle: { auto_close: true, auto_close_grace_sec: 0 } }, 0],
  ])("comes %s after everything was done", (_, settings, graceMs) => {
    const played = done(settings);
    if (graceMs > 0) played.pass(graceMs - 1);
    const before = closedBy(played);
    played.pass(graceMs > 0 ? 1 : 0);

    expect(before).toBeUndefined();
    expect(closedBy(played)).toMatchObject({ reason: "completed", dueAtMs: played.nowMs });
  });

  it("does not come unasked", () => {
    const played = done({});

    played.pass(10_000_000);

    expect(closedBy(played)).toBeUndefined();
  });

  it.each<[name: string, keep: (played: Play) => void]>([
    ["an intent lives", (played) => void announce(played, "bo", "k", { ttl_sec: 7_200 })],
    [
      "an intent is suspended",
      (played) => {
        announce(played, "bo", "k", { ttl_sec: 7_200 });
        played.says("bo", "GOODBYE", { intent_disposition: "transfer" });
      },
    ],
    [
      "a conflict is open",
      (played) => {
        played.says("bo", "OP_COMMIT", { op_id: "o", target: "x.ts" });
        played.says("bo", "CONFLICT_REPORT", { conflict_id: "c", related_ops: ["o"] });
      },
    ],
    ["an operation waits for its commit", (played) => void played.says("bo", "OP_PROPOSE", { op_id: "p", target: "x.ts" })],
    ["somebody is working", (played) => void played.says("bo", "HEARTBEAT", { status: "working" })],
    ["somebody is blocked", (played) => void played.says("bo", "HEARTBEAT", { status: "blocked" })],
    ["somebody defers", (played) => void played.says("bo", "INTENT_DEFERRED", { deferral_id: "d", ttl_sec: 7_200 })],
  ])("does not come while %s", (_, keep) => {
    const played = done();
    played.pass(30_000);

    keep(played);
    played.pass(3_600_000);

    expect(closedBy(played)).toBeUndefined();
  });

  it("does not come before anything was begun", () => {
    const played = withOwner(AUTO);

    played.pass(3_600_000);

    expect(closedBy(played)).toBeUndefined();
  });

  it("counts its grace anew when something was begun meanwhile, and goes on counting past what changes nothing", () => {
    const played = done();
    played.pass(30_000);
    announce(played, "bo", "k");
    played.says("bo", "INTENT_WITHDRAW", { intent_id: "k" });
    played.pass(30_000);
    played.says("bo", "HEARTBEAT", { status: "idle", summary: "done" });

    played.pass(29_999);
    const before = closedBy(played);
    played.pass(1);

    expect([before, closedBy(played)?.type]).toEqual([undefined, "SessionClosed"]);
  });

  it("counts it anew after a machine has slept", () => {
    const played = done();
    played.skip(3_600_000);
    played.gives({ type: "Resumed", fromMs: played.nowMs - 3_600_000 });

    played.pass(59_999);

    expect(closedBy(played)).toBeUndefined();
  });
});
