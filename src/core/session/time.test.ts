/** What happens because time has passed: expiry, one due item a Tick, the gap after a sleep, and forgetting. */
import { describe, expect, it } from "vitest";
import type { ConflictId, IntentId, OpId, PrincipalId } from "../../wire/ids.ts";
import { session } from "./session.ts";
import { DAY_MS, files, gist, HOUR_MS, type Play, play, playWith, START_MS } from "./session.test.fixture.ts";

const announce = (played: Play, principal: string, id: string, ttlSec = 300, path = `${id}.ts`) =>
  played.says(principal, "INTENT_ANNOUNCE", { intent_id: id, scope: files(path), ttl_sec: ttlSec });
const stateOf = (played: Play, id: string): string | undefined => played.state.intents.get(id as IntentId)?.state;
const due = (played: Play): number | undefined => session.nextDeadline(played.state);

describe("a Tick", () => {
  it("ends an intent at exactly the end of its time, not before", () => {
    const played = playWith(["ana"]);
    announce(played, "ana", "i", 10);

    played.skip(9_999);
    const early = played.gives({ type: "Tick" });
    played.skip(1);
    played.gives({ type: "Tick" });

    expect(gist(early)).toBe("standing");
    expect(played.records.at(-1)?.events[0]).toEqual({
      type: "IntentEnded",
      intentId: "i",
      state: "EXPIRED",
      reason: "ttl",
      dueAtMs: START_MS + 10_000,
    });
  });

  it("decides one due item, the earliest first, ties by id, however late it comes", () => {
    const played = playWith(["ana"]);
    announce(played, "ana", "z", 10);
    announce(played, "ana", "b", 20);
    announce(played, "ana", "a", 20);
    announce(played, "ana", "later", 3_000);
    played.skip(HOUR_MS / 2);

    const ticked = [1, 2, 3].map(() => {
      played.gives({ type: "Tick" });
      return played.records.at(-1)?.events[0];
    });

    expect(ticked).toMatchObject([
      { intentId: "z", dueAtMs: START_MS + 10_000 },
      { intentId: "a", dueAtMs: START_MS + 20_000 },
      { intentId: "b", dueAtMs: START_MS + 20_000 },
    ]);
    expect(due(played)).toBe(START_MS + 3_000_000);
  });

  it("has nothing to decide where nothing is due", () => {
    expect(gist(play().gives({ type: "Tick" }))).toBe("standing");
    expect(due(play())).toBeUndefined();
  });
});

describe("coming back after a gap", () => {
  it("moves what fell into the gap, or into the grace behind it, to the end of the grace", () => {
    const played = playWith(["ana"]);
    for (const [id, ttlSec] of Object.entries({ before: 10, first: 60, inGap: 100, inGrace: 3_689, behind: 3_691 }))
      announce(played, "ana", id, ttlSec);
    played.skip(HOUR_MS);

    played.gives({ type: "Resumed", fromMs: START_MS + 60_000 });

    const graceMs = played.nowMs + 90_000;
    const ends = Object.fromEntries([...played.state.intents.values()].map(({ id, expiresAtMs }) => [id, expiresAtMs]));
    expect(ends).toEqual({ before: START_MS + 10_000, first: graceMs, inGap: graceMs, inGrace: graceMs, behind: START_MS + 3_691_000 });
    expect(due(played)).toBe(START_MS + 10_000);
  });

  it("lets an owner that is back in time go on, and ends what nobody renews", () => {
    const played = playWith(["ana"]);
    announce(played, "ana", "i");
    announce(played, "ana", "k");
    played.skip(HOUR_MS);
    played.gives({ type: "Resumed", fromMs: START_MS });

    played.pass(80_000);
    played.says("ana", "INTENT_UPDATE", { intent_id: "i" });
    played.pass(10_000);

    expect([stateOf(played, "i"), stateOf(played, "k")]).toEqual(["ACTIVE", "EXPIRED"]);
  });
});

describe("a day after nothing live refers to it", () => {
  it("an intent is forgotten with its operations, and its id is free again", () => {
    const played = playWith(["ana"]);
    announce(played, "ana", "i");
    played.says("ana", "OP_COMMIT", { op_id: "o", target: "i.ts", intent_id: "i" });
    played.says("ana", "INTENT_WITHDRAW", { intent_id: "i" });

    played.pass(DAY_MS - 1);
    expect(gist(announce(played, "ana", "i"))).toBe("id/taken");
    played.pass(1);

    expect([played.state.intents.size, played.state.operations.size]).toEqual([0, 0]);
    expect(gist(announce(played, "ana", "i"))).toEqual(["IntentAnnounced"]);
  });

  it("an operation under no live intent is forgotten by itself", () => {
    const played = playWith(["ana"]);
    announce(played, "ana", "i");
    played.says("ana", "INTENT_WITHDRAW", { intent_id: "i" });
    played.pass(HOUR_MS);
    played.says("ana", "OP_COMMIT", { op_id: "o", target: "i.ts", intent_id: "i" });
    played.says("ana", "OP_COMMIT", { op_id: "p", target: "i.ts" });

    played.pass(DAY_MS - HOUR_MS);
    expect([...played.state.operations.keys()]).toEqual(["o", "p"]);
    played.pass(HOUR_MS);

    expect(played.state.operations.size).toBe(0);
  });

  it("an operation that was never carried out is forgotten, however long its intent lives", () => {
    const played = playWith(["bo"]);
    played.says("ana", "HELLO", { roles: ["reviewer"] });
    played.says("ana", "INTENT_ANNOUNCE", { intent_id: "i", scope: files("i.ts"), ttl_sec: (3 * DAY_MS) / 1000 });
    for (const id of ["o", "p"]) played.says("bo", "OP_PROPOSE", { op_id: id, target: "i.ts", intent_id: "i" });
    played.says("ana", "OP_REJECT", { op_id: "o" });
    played.says("bo", "GOODBYE");

    played.pass(DAY_MS - 1);
    expect([...played.state.operations.keys()]).toEqual(["o", "p"]);
    played.pass(1);

    expect([stateOf(played, "i"), played.state.operations.size]).toEqual(["ACTIVE", 0]);
  });

  it("a participant that left is forgotten with its requests, and not while it owns something live", () => {
    const played = playWith(["ana", "bo", "cy"]);
    announce(played, "bo", "i", DAY_MS / 1_000);
    played.says("ana", "GOODBYE");
    played.says("bo", "GOODBYE", { intent_disposition: "expire" });

    played.pass(DAY_MS);
    expect([...played.state.participants.keys()]).toEqual(["bo", "cy"]);
    played.pass(DAY_MS);

    expect([...played.state.participants.keys()]).toEqual(["cy"]);
  });

  it("a participant is remembered when it is back in time, whichever way", () => {
    const played = playWith(["ana", "bo", "cy"]);
    for (const principal of ["ana", "bo", "cy"]) played.gives({ type: "ParticipantLapsed", principal, lastHeardAtMs: 0 });
    played.pass(HOUR_MS);
    played.says("ana", "HELLO");
    played.says("bo", "HEARTBEAT");
    announce(played, "cy", "i", (2 * DAY_MS) / 1_000);

    played.pass(DAY_MS);

    expect([...played.state.participants.keys()]).toEqual(["ana", "bo", "cy"]);
  });

  it("a dismissed conflict is forgotten, and an intent that a live one names is not", () => {
    const played = playWith(["ana", "bo"]);
    announce(played, "ana", "i");
    announce(played, "bo", "k", (3 * DAY_MS) / 1_000);
    played.says("ana", "CONFLICT_REPORT", { conflict_id: "c", related_intents: ["i", "k"] });
    played.pass(2 * DAY_MS);
    expect(stateOf(played, "i")).toBe("EXPIRED");

    played.says("bo", "INTENT_WITHDRAW", { intent_id: "k" });
    played.pass(DAY_MS - 1);
    expect([stateOf(played, "i"), played.state.conflicts.size]).toEqual(["EXPIRED", 1]);
    played.pass(1);

    expect([played.state.intents.size, played.state.conflicts.size]).toEqual([0, 0]);
  });

  it("an ended intent that is reported again is kept as long as that conflict lives", () => {
    const played = playWith(["ana", "bo"]);
    announce(played, "ana", "i");
    announce(played, "bo", "k", (3 * DAY_MS) / 1_000);
    played.says("ana", "INTENT_WITHDRAW", { intent_id: "i" });

    played.says("bo", "CONFLICT_REPORT", { conflict_id: "c", related_intents: ["i", "k"] });
    played.pass(2 * DAY_MS);

    expect(stateOf(played, "i")).toBe("WITHDRAWN");
  });

  it("an operation that two conflicts name is kept until the second is over", () => {
    const played = playWith(["ana", "bo"]);
    announce(played, "ana", "i");
    announce(played, "bo", "k", (3 * DAY_MS) / 1_000);
    played.says("ana", "OP_COMMIT", { op_id: "o", target: "x.ts" });
    played.says("ana", "CONFLICT_REPORT", { conflict_id: "c", related_intents: ["i"], related_ops: ["o"] });
    played.says("bo", "CONFLICT_REPORT", { conflict_id: "d", related_intents: ["k"], related_ops: ["o"] });
    played.says("ana", "OP_SUPERSEDE", { op_id: "o2", supersedes_op_id: "o", target: "x.ts" });

    played.pass(2 * DAY_MS);
    expect(played.state.conflicts.has("c" as ConflictId)).toBe(false);
    expect(played.state.operations.has("o" as OpId)).toBe(true);
    played.pass(3 * DAY_MS);

    expect([played.state.operations.size, played.state.conflicts.size, played.state.intents.size]).toEqual([0, 0, 0]);
  });

  it("an intent is kept while a conflict names one of its operations", () => {
    const played = playWith(["ana", "bo"]);
    announce(played, "ana", "i");
    played.says("ana", "OP_COMMIT", { op_id: "o", target: "i.ts", intent_id: "i" });
    played.says("bo", "CONFLICT_REPORT", { conflict_id: "c", related_ops: ["o"] });
    played.says("ana", "INTENT_WITHDRAW", { intent_id: "i" });
    played.pass(2 * DAY_MS);
    expect(stateOf(played, "i")).toBe("WITHDRAWN");

    played.says("ana", "OP_SUPERSEDE", { op_id: "o2", supersedes_op_id: "o", target: "i.ts" });
    played.pass(DAY_MS);

    expect([played.state.operations.size, played.state.conflicts.size, played.state.intents.size]).toEqual([0, 0, 0]);
  });

  it("nothing at all is left of a session that everybody has left", () => {
    const played = playWith(["ana", "bo", "cy"]);
    announce(played, "ana", "i");
    played.says("bo", "INTENT_ANNOUNCE", {
      intent_id: "k",
      scope: files("i.ts", "lib/**"),
      extensions: { signalbox: { on_overlap: "proceed" } },
    });
    played.says("bo", "OP_COMMIT", { op_id: "o", target: "lib/x.ts", intent_id: "k", extensions: { signalbox: { request_id: "r" } } });
    played.says("ana", "OP_COMMIT", { op_id: "p", target: "free.ts" });
    played.says("cy", "CONFLICT_REPORT", { conflict_id: "c", related_intents: ["i", "k"] });
    played.says("bo", "GOODBYE", { intent_disposition: "transfer" });
    played.gives({ type: "ParticipantLapsed", principal: "cy", lastHeardAtMs: 0 });
    played.says("ana", "GOODBYE");

    played.pass(2 * DAY_MS);

    const { participants, intents, operations, conflicts, liveConflicts, liveIntents, index, deadlines, spread } = played.state;
    const sizes = [participants, intents, operations, conflicts, liveConflicts, liveIntents, index, deadlines].map(({ size }) => size);
    expect(sizes).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    expect([index.nodes, spread]).toEqual([0, 0]);
  });
});

it("keeps the participants that are there, whatever happened long ago", () => {
  const played = playWith(["ana"]);

  played.pass(3 * DAY_MS);

  expect(played.state.participants.has("ana" as PrincipalId)).toBe(true);
});
