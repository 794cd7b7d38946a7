/** What a resolution may say, and what it does to what the conflict is about. */
import { describe, expect, it } from "vitest";
import type { ConflictId, IntentId, OpId } from "../../wire/ids.ts";
import type { JsonObject } from "../../wire/json.ts";
import { acceptedOf, eventOf, files, gist, type Play, play, rejectionOf, resultOf, signalbox } from "./session.test.fixture.ts";

const REF = `sha256:${"1".repeat(64)}`;

/** ana holds `i` and bo holds `k` over the same file, in conflict `c`; cy is the arbiter, dee an owner. */
function quarrel(settings: JsonObject = {}): Play {
  const played = play(settings);
  const roles: JsonObject = { ana: [], bo: [], cy: ["arbiter"], dee: ["owner"] };
  for (const [principal, own] of Object.entries(roles)) played.says(principal, "HELLO", { roles: own });
  played.says("ana", "INTENT_ANNOUNCE", { intent_id: "i", scope: files("a.ts"), ttl_sec: 7_000 });
  played.says("bo", "INTENT_ANNOUNCE", { intent_id: "k", scope: files("a.ts"), ttl_sec: 7_000, ...signalbox({ on_overlap: "proceed" }) });
  return played;
}

/** The conflict that the coordinator found between the two. */
const found = (played: Play): ConflictId => [...played.state.conflicts.keys()][0] as ConflictId;
const resolve = (played: Play, outcome: JsonObject, more: JsonObject = {}, principal = "cy") =>
  played.says(principal, "RESOLUTION", { conflict_id: found(played), decision: "approved", outcome, ...more });
const intent = (played: Play, id: string) => played.state.intents.get(id as IntentId);

describe("a resolution", () => {
  it("ends what it rejects, keeps what it accepts, and closes the conflict", () => {
    const played = quarrel();

    const decision = resolve(played, { accepted: ["i"], rejected: ["k"] }, { rationale: "ana was first", resolution_id: "r" });

    expect(gist(decision)).toEqual(["ConflictResolved", "IntentEnded", "BackoffStarted"]);
    expect(eventOf(decision, "ConflictResolved")).toEqual({
      type: "ConflictResolved",
      conflictId: found(played),
      resolutionId: "r",
      by: "cy",
      decision: "approved",
      rationale: "ana was first",
      outcome: { accepted: ["i"], rejected: ["k"], merged: [] },
    });
    expect(eventOf(decision, "IntentEnded")).toMatchObject({ intentId: "k", state: "WITHDRAWN", reason: "resolution_rejected" });
    expect([intent(played, "i")?.state, intent(played, "k")?.state]).toEqual(["ACTIVE", "WITHDRAWN"]);
    expect(played.state.liveConflicts.size).toBe(0);
  });

  it("gets an id when it has none, and needs no rationale and no outcome", () => {
    const played = quarrel();

    const decision = played.says("dee", "RESOLUTION", { conflict_id: found(played), decision: "merged" });

    const { resolutionId, rationale, outcome } = eventOf(decision, "ConflictResolved");
    expect(resolutionId).toMatch(/^resolution-/);
    expect(resultOf(decision)).toEqual({ resolution_id: resolutionId });
    expect([rationale, outcome]).toEqual(["", { accepted: [], rejected: [], merged: [] }]);
  });

  it("stands when it is the first; the next hears whose it was", () => {
    const played = quarrel();
    resolve(played, {}, { resolution_id: "first" });

    const second = rejectionOf(resolve(played, { rejected: ["i"] }, {}, "dee"));

    expect([second.code, second.details]).toEqual(["conflict/resolved", { state: "CLOSED", resolution_id: "first", decision: "approved" }]);
    expect(intent(played, "i")?.state).toBe("ACTIVE");
  });

  it("of somebody without a say comes in no order: it is told so, whatever stands", () => {
    const played = quarrel();
    played.says("ana", "CONFLICT_ESCALATE", { conflict_id: found(played), escalate_to: "cy" });
    resolve(played, {});

    const [owner, party] = ["dee", "bo"].map((principal) => rejectionOf(resolve(played, {}, {}, principal)));

    expect([owner?.code, party?.code]).toEqual(["principal/no-authority", "principal/no-authority"]);
    expect(owner?.message).toBe(`conflict ${found(played)} is CLOSED already, and dee had no say in it; nothing is left to do`);
  });

  it("may reject both sides, and is no dismissal then", () => {
    const played = quarrel();

    const decision = resolve(played, { rejected: ["i", "k"] });

    expect(gist(decision)).toEqual(["ConflictResolved", "IntentEnded", "IntentEnded", "BackoffStarted", "BackoffStarted"]);
    expect(played.state.conflicts.get(found(played))?.state).toBe("CLOSED");
  });

  it.each(["cy", "dee"])("of an escalated conflict may be given by whom it was brought before, and by an arbiter: %s", (principal) => {
    const played = quarrel();
    played.says("ana", "CONFLICT_ESCALATE", { conflict_id: found(played), escalate_to: "dee" });

    expect(gist(resolve(played, {}, {}, principal))).toEqual(["ConflictResolved"]);
  });

  it("dismisses another conflict that nothing is left of", () => {
    const played = quarrel();
    played.says("bo", "CONFLICT_REPORT", { conflict_id: "c2", related_intents: ["k"] });

    const decision = resolve(played, { rejected: ["k"] });

    expect(eventOf(decision, "ConflictDismissed").conflictId).toBe("c2");
  });

  it.each([
    ["what nobody knows", { accepted: ["nothing"] }, "conflict/unrelated"],
    ["another's intent beside the conflict", { rejected: ["beside"] }, "conflict/unrelated"],
    ["one thing in two lists", { accepted: ["i"], rejected: ["i"] }, "message/malformed"],
  ])("that names %s is refused and changes nothing", (_, outcome, code) => {
    const played = quarrel();
    played.says("cy", "INTENT_ANNOUNCE", { intent_id: "beside", scope: files("b.ts") });

    expect(gist(resolve(played, outcome))).toBe(code);
    expect([intent(played, "i")?.state, intent(played, "beside")?.state, played.state.liveConflicts.size]).toEqual(["ACTIVE", "ACTIVE", 1]);
  });

  it("has no effect on an intent that has ended meanwhile", () => {
    const played = quarrel();
    played.says("bo", "INTENT_WITHDRAW", { intent_id: "k" });

    expect(gist(resolve(played, { rejected: ["k"] }))).toEqual(["ConflictResolved"]);
  });
});

describe("a resolution that rejects a committed operation", () => {
  it("says what takes it back, or is refused; the operation stays committed", () => {
    const played = quarrel();
    played.says("bo", "OP_COMMIT", { op_id: "o", target: "a.ts", intent_id: "k", state_ref_after: REF });

    const silent = rejectionOf(resolve(played, { rejected: ["o"] }));
    const empty = rejectionOf(resolve(played, { rejected: ["o"], rollback: "" }));
    const said = resolve(played, { rejected: ["o"], rollback: "not_required" });

    expect([silent.code, empty.code]).toEqual(["message/malformed", "message/malformed"]);
    expect(eventOf(said, "ConflictResolved").outcome).toMatchObject({ rejected: ["o"], rollback: "not_required" });
    expect(gist(said)).toEqual(["ConflictResolved"]);
    expect(played.state.operations.get("o" as OpId)?.state).toBe("COMMITTED");
  });

  it("is judged by authority first", () => {
    const played = quarrel();
    played.says("bo", "OP_COMMIT", { op_id: "o", target: "a.ts", intent_id: "k", state_ref_after: REF });

    expect(gist(resolve(played, { rejected: ["o"] }, {}, "ana"))).toBe("principal/no-authority");
  });

  it("may name what a party did beside any intent, and what the conflict names", () => {
    const played = quarrel();
    played.says("bo", "OP_COMMIT", { op_id: "o", target: "a.ts", state_ref_after: REF });

    expect(gist(resolve(played, { rejected: ["o"], rollback: "o2" }))).toEqual(["ConflictResolved"]);
  });
});

describe("a resolution that rejects a proposal", () => {
  const proposed = (): Play => {
    const played = quarrel();
    played.says("bo", "OP_PROPOSE", { op_id: "p", target: "a.ts", intent_id: "k" });
    return played;
  };

  it("rejects it in the resolver's name", () => {
    const played = proposed();

    const decision = resolve(played, { rejected: ["p"] });

    const rejected = { opIds: ["p"], by: "cy", reason: "resolution_rejected", refersTo: found(played) };
    expect(eventOf(decision, "OperationRejected")).toMatchObject(rejected);
    expect([played.state.operations.get("p" as OpId)?.state, intent(played, "k")?.state]).toEqual(["REJECTED", "ACTIVE"]);
  });

  it("rejects it once when its intent is rejected, too", () => {
    const decision = resolve(proposed(), { rejected: ["p", "k"] });

    expect(acceptedOf(decision).filter(({ type }) => type === "OperationRejected")).toHaveLength(1);
  });
});
