/** Batches: what is taken of one, and what becomes of those that wait. */
import { describe, expect, it } from "vitest";
import type { BatchId, OpId } from "../../wire/ids.ts";
import type { JsonObject } from "../../wire/json.ts";
import { ANA_TREE, DAY_MS, eventOf, files, gist, type Play, play, rejectionOf, resultOf, signalbox } from "./session.test.fixture.ts";

const PRE_COMMIT: JsonObject = { compliance: "governance", execution_model: "pre_commit" };
const sha = (digit: string): string => `sha256:${digit.repeat(64)}`;
const entry = (id: string, target: string, more: JsonObject = {}): JsonObject => ({
  op_id: id,
  target,
  state_ref_after: sha("1"),
  ...more,
});
const BOTH = [entry("o1", "a.ts"), entry("o2", "b.ts")];
const batch = (more: JsonObject = {}): JsonObject => ({ batch_id: "g", intent_id: "i", operations: BOTH, ...more });

/** ana's intent `i` is over a.ts and b.ts; cy may decide. */
function joined(settings: JsonObject = {}): Play {
  const played = play(settings);
  for (const [principal, roles] of Object.entries({ ana: ["contributor"], bo: ["contributor"], cy: ["owner"] })) {
    played.says(principal, "HELLO", { roles });
  }
  played.says("ana", "INTENT_ANNOUNCE", { intent_id: "i", scope: files("a.ts", "b.ts") });
  return played;
}

const stateOf = ({ state }: Play, id: string): string => state.operations.get(id as OpId)?.state ?? "none";
const statesOf = (played: Play): string[] => ["o1", "o2"].map((id) => stateOf(played, id));

it("is remembered as a whole: what was rejected of it stays so for a repeat while the rest waits, and a day beyond", () => {
  const played = joined(PRE_COMMIT);
  played.says("ana", "INTENT_UPDATE", { intent_id: "i", ttl_sec: (5 * DAY_MS) / 1000 });
  played.says("ana", "OP_BATCH_COMMIT", batch({ atomicity: "best_effort" }));
  played.says("cy", "OP_REJECT", { op_id: "o1" });

  played.pass(2 * DAY_MS);
  expect(gist(played.says("ana", "OP_BATCH_COMMIT", batch({ operations: BOTH.slice(1) })))).toEqual(["OperationCommitted"]);
  expect(gist(played.says("ana", "OP_BATCH_COMMIT", batch({ atomicity: "best_effort" })))).toBe("operation/not-proposed");
  played.pass(DAY_MS);

  expect(statesOf(played)).toEqual(["none", "COMMITTED"]);
  expect(played.state.batches.size).toBe(0);
});

describe("a batch that declares", () => {
  it("is one record of operations that each stand by themselves", () => {
    const played = joined();

    const decision = played.says("ana", "OP_BATCH_COMMIT", batch());

    expect(gist(decision)).toEqual(["BatchOpened", "OperationCommitted", "OperationCommitted"]);
    expect(statesOf(played)).toEqual(["COMMITTED", "COMMITTED"]);
    expect(played.state.operations.get("o1" as OpId)).toMatchObject({ batch: "g", intent: "i" });
    expect(gist(played.says("ana", "OP_SUPERSEDE", { op_id: "o3", supersedes_op_id: "o1", target: "a.ts" }))).toEqual([
      "OperationSuperseded",
    ]);
  });

  it("is answered with the first outcome when it is repeated, and refused when its id is another's", () => {
    const played = joined();
    played.says("ana", "OP_BATCH_COMMIT", batch());

    expect(played.says("ana", "OP_BATCH_COMMIT", batch())).toEqual({ standing: { revision: 6 } });
    expect(gist(played.says("ana", "OP_BATCH_COMMIT", batch({ summary: "other" })))).toBe("id/taken");
    expect(gist(played.says("bo", "OP_BATCH_COMMIT", batch()))).toBe("id/taken");
  });

  it("belongs to the intent that an entry names, when it names none itself", () => {
    const operations = [entry("o1", "a.ts"), entry("o2", "b.ts", { intent_id: "i" })];

    const decision = joined().says("ana", "OP_BATCH_COMMIT", { batch_id: "g", operations });

    expect(eventOf(decision, "BatchOpened").intentId).toBe("i");
  });
});

type Prepared = (played: Play) => JsonObject;

/** Asked for and done, where that is two messages; done and repeated elsewhere. */
function commits(played: Play, payload: JsonObject): void {
  for (let times = 0; times < 2; times += 1) played.says("ana", "OP_COMMIT", { intent_id: "i", ...payload });
}

const FLAWS: readonly (readonly [what: string, code: string, flawed: Prepared])[] = [
  ["an operation id stands twice", "id/taken", () => entry("o1", "b.ts")],
  ["an operation id is in use", "id/taken", (played) => (commits(played, entry("o2", "x.ts")), entry("o2", "b.ts"))],
  ["an entry names another intent", "message/malformed", () => entry("o2", "b.ts", { intent_id: "other" })],
  ["a path leaves the workspace", "scope/refused", () => entry("o2", "../b.ts")],
  [
    "an entry is stale",
    "operation/stale",
    (played) => {
      commits(played, { op_id: "x", target: "b.ts", file_changes: { "b.ts": { state_ref: sha("9"), blob: "blob" } } });
      return entry("o2", "b.ts", { state_ref_before: sha("0") });
    },
  ],
  ["an entry is stale by an earlier one of its own", "operation/stale", () => entry("o2", "a.ts", { state_ref_before: sha("0") })],
  [
    "a target is frozen",
    "scope/frozen",
    (played) => {
      played.says("ana", "INTENT_UPDATE", { intent_id: "i", ttl_sec: 9_000 });
      played.says("bo", "INTENT_ANNOUNCE", { intent_id: "b", scope: files("c.ts"), ttl_sec: 9_000 });
      played.says("cy", "HELLO");
      played.says("cy", "INTENT_ANNOUNCE", { intent_id: "y", scope: files("y.ts"), ttl_sec: 9_000 });
      played.says("bo", "CONFLICT_REPORT", { conflict_id: "c", related_intents: ["b", "y"] });
      played.pass(301_000);
      return entry("o2", "c.ts");
    },
  ],
];

describe.each([
  ["declares", { governance: { resolution_timeout_sec: 300 } }, "OperationCommitted"],
  ["asks", PRE_COMMIT, "OperationProposed"],
] as const)("a batch that %s", (_, settings, taken) => {
  it.each(FLAWS)("when %s, is refused as a whole under all_or_nothing, and nothing of it stands", (__, code, flawed) => {
    const played = joined(settings);
    const second = flawed(played);
    const operations = [entry("o1", "a.ts"), second];
    const before = stateOf(played, "o2");

    const { code: refusal, details } = rejectionOf(played.says("ana", "OP_BATCH_COMMIT", batch({ operations })));

    expect(refusal).toBe(code);
    expect(details?.["op_reject"]).toEqual({ op_id: "g", reason: "batch_validation_failed", rejected_ops: [second["op_id"]] });
    expect([stateOf(played, "o1"), stateOf(played, "o2"), played.state.batches.size]).toEqual(["none", before, 0]);
  });

  it.each(FLAWS)("when %s, is taken but for that under best_effort, and says so", (__, code, flawed) => {
    const played = joined(settings);
    const second = flawed(played);
    const before = stateOf(played, "o2");

    const decision = played.says("ana", "OP_BATCH_COMMIT", batch({ atomicity: "best_effort", operations: [entry("o1", "a.ts"), second] }));

    expect(gist(decision).slice(0, 3)).toEqual(["BatchOpened", taken, "OperationRejected"]);
    expect(eventOf(decision, "BatchOpened").opIds).toEqual(["o1"]);
    expect(eventOf(decision, "OperationRejected")).toMatchObject({
      opIds: [],
      batchId: "g",
      reason: "batch_validation_failed",
      refused: [{ opId: second["op_id"], refusal: code }],
    });
    expect(stateOf(played, "o2")).toBe(before);
  });
});

it("is refused as a whole when nothing of it can be taken, and when nobody knows its atomicity, and may be sent again", () => {
  const played = joined();
  const bad = [entry("o1", "../a.ts"), entry("o2", "b.ts")];

  const none = played.says("ana", "OP_BATCH_COMMIT", batch({ atomicity: "best_effort", operations: bad.slice(0, 1) }));
  const unknown = played.says("ana", "OP_BATCH_COMMIT", batch({ atomicity: "mostly", operations: bad }));

  expect([gist(none), gist(unknown)]).toEqual(["scope/refused", "scope/refused"]);
  expect(gist(played.says("ana", "OP_BATCH_COMMIT", batch()))).toEqual(["BatchOpened", "OperationCommitted", "OperationCommitted"]);
});

it("is compared entry by entry with what the entries before it leave", () => {
  const operations = [
    entry("o1", "a.ts", { state_ref_before: sha("0") }),
    entry("o2", "./a.ts", { state_ref_before: sha("1"), state_ref_after: sha("2") }),
  ];
  const played = joined();

  const decision = played.says("ana", "OP_BATCH_COMMIT", batch({ operations }), {}, { bases: { "a.ts": sha("0") } });

  expect(gist(decision)).toEqual(["BatchOpened", "OperationCommitted", "OperationCommitted"]);
  expect(played.state.virtualTree.get("a.ts")?.stateRef).toBe(sha("2"));
});

it("takes no entry that was built on what an entry before it has changed, though the disk still says so", () => {
  const operations = [entry("o1", "a.ts", { state_ref_before: sha("0") }), entry("o2", "a.ts", { state_ref_before: sha("0") })];

  const decision = joined().says("ana", "OP_BATCH_COMMIT", batch({ operations }), {}, { bases: { "a.ts": sha("0") } });

  expect(gist(decision)).toBe("operation/stale");
});

it("is compared with what each entry has read from the disk, in a worktree", () => {
  const played = joined();
  played.says("ana", "HELLO", signalbox({ worktree: { id: ANA_TREE, path: "/w" } }));
  const read = (observed: string) => [entry("o1", "a.ts", { state_ref_before: sha("0"), ...signalbox({ observed }) })];

  expect(gist(played.says("ana", "OP_BATCH_COMMIT", batch({ operations: read(sha("9")) })))).toBe("operation/stale");
  expect(gist(played.says("ana", "OP_BATCH_COMMIT", batch({ operations: read(sha("0")) })))).toEqual(["BatchOpened", "OperationCommitted"]);
});

describe("a batch that asks first", () => {
  /** bo is over b.ts as well. */
  function asked(atomicity: string, contested: boolean): Play {
    const played = joined(PRE_COMMIT);
    if (contested) {
      played.says("bo", "INTENT_ANNOUNCE", { intent_id: "b", scope: files("b.ts"), ...signalbox({ on_overlap: "proceed" }) });
    }
    played.says("ana", "OP_BATCH_COMMIT", batch({ atomicity }));
    return played;
  }

  const authorized = ({ state }: Play): string[] =>
    [...state.operations.values()].filter(({ authorizedBy }) => authorizedBy !== undefined).map(({ id }) => id);
  const resolve = (played: Play) =>
    played.says("cy", "RESOLUTION", { conflict_id: [...played.state.liveConflicts][0] ?? "", decision: "approved" });

  it.each([
    ["all_or_nothing", false, ["o1", "o2"]],
    ["all_or_nothing", true, []],
    ["best_effort", false, ["o1", "o2"]],
    ["best_effort", true, ["o1"]],
  ])("under %s, with somebody in the way of one: %s, is authorized for %j", (atomicity, contested, ids) => {
    const played = asked(atomicity, contested);

    expect(authorized(played)).toEqual(ids);
    if (!contested) return;
    expect(eventOf(resolve(played), "OperationAuthorized")).toMatchObject({ batchId: "g" });
    expect(authorized(played)).toEqual(["o1", "o2"]);
  });

  it("is completed by the same message, once", () => {
    const played = asked("all_or_nothing", false);

    expect(gist(played.says("ana", "OP_BATCH_COMMIT", batch()))).toEqual(["OperationCommitted", "OperationCommitted"]);
    expect(statesOf(played)).toEqual(["COMMITTED", "COMMITTED"]);
    expect(gist(played.says("ana", "OP_BATCH_COMMIT", batch()))).toBe("standing");
    expect(gist(played.says("ana", "OP_BATCH_COMMIT", batch({ summary: "other" })))).toBe("id/taken");
  });

  it("is completed with what was done, and that is what a repeat must say", () => {
    const played = asked("all_or_nothing", false);
    const done = batch({ operations: BOTH.map((one) => ({ ...one, state_ref_after: sha("7") })) });
    played.says("ana", "OP_BATCH_COMMIT", done);

    expect(played.state.operations.get("o2" as OpId)).toMatchObject({ state: "COMMITTED", stateRefAfter: sha("7") });
    expect(gist(played.says("ana", "OP_BATCH_COMMIT", done))).toBe("standing");
  });

  const refusals: readonly (readonly [string, string, JsonObject, string])[] = [
    ["a part of one that goes as a whole", "all_or_nothing", batch({ operations: BOTH.slice(0, 1) }), "message/malformed"],
    ["an operation that does not belong to it", "best_effort", batch({ operations: [entry("o9", "a.ts")] }), "operation/unknown"],
    ["an operation twice", "best_effort", batch({ operations: [BOTH[0] ?? {}, BOTH[0] ?? {}] }), "message/malformed"],
    ["another target", "best_effort", batch({ operations: [entry("o1", "b.ts")] }), "message/malformed"],
    ["another intent", "best_effort", batch({ intent_id: "j", operations: BOTH }), "message/malformed"],
    ["a fence that has passed", "all_or_nothing", batch(signalbox({ fence: 9 })), "intent/fence-passed"],
  ];
  it.each(refusals)("is not completed by %s", (_, atomicity, message, code) => {
    const played = asked(atomicity, false);

    expect(gist(played.says("ana", "OP_BATCH_COMMIT", message))).toBe(code);
    expect(statesOf(played)).toEqual(["PROPOSED", "PROPOSED"]);
  });

  it("is not completed before it is authorized, in whole or in part", () => {
    const whole = asked("all_or_nothing", true);
    const part = asked("best_effort", true);

    expect(gist(whole.says("ana", "OP_BATCH_COMMIT", batch()))).toBe("operation/not-authorized");
    const early = rejectionOf(part.says("ana", "OP_BATCH_COMMIT", batch()));
    expect([early.code, early.message]).toEqual([
      "operation/not-authorized",
      expect.stringContaining("; o1 of this batch may be carried out"),
    ]);
    expect(gist(part.says("ana", "OP_BATCH_COMMIT", batch({ operations: BOTH.slice(0, 1) })))).toEqual(["OperationCommitted"]);
    resolve(part);
    expect(gist(part.says("ana", "OP_BATCH_COMMIT", batch()))).toEqual(["OperationCommitted"]);
  });

  it("lets a single OP_COMMIT complete an operation only where the batch need not go as a whole", () => {
    expect(gist(asked("all_or_nothing", false).says("ana", "OP_COMMIT", entry("o1", "a.ts")))).toBe("message/malformed");
    expect(gist(asked("best_effort", false).says("ana", "OP_COMMIT", entry("o1", "a.ts")))).toEqual(["OperationCommitted"]);
  });

  it("tells which conflicts keep it waiting", () => {
    const played = joined(PRE_COMMIT);
    played.says("bo", "INTENT_ANNOUNCE", { intent_id: "b", scope: files("b.ts"), ...signalbox({ on_overlap: "proceed" }) });

    const decision = played.says("ana", "OP_BATCH_COMMIT", batch());

    expect(resultOf(decision)).toEqual({ conflicts: [...played.state.liveConflicts] });
  });

  it("is remembered for as long as any of it waits, and a day longer", () => {
    const played = asked("all_or_nothing", true);
    played.says("ana", "INTENT_UPDATE", { intent_id: "i", ttl_sec: 9 * 86_400 });
    played.says("bo", "INTENT_UPDATE", { intent_id: "b", ttl_sec: 9 * 86_400 });
    played.pass(3 * DAY_MS);
    expect(played.state.batches.has("g" as BatchId)).toBe(true);

    played.says("ana", "INTENT_WITHDRAW", { intent_id: "i" });
    played.pass(DAY_MS + 1);

    expect(played.state.batches.size).toBe(0);
  });
});

describe("what is turned down of a batch that asks first", () => {
  function asked(atomicity: string): Play {
    const played = joined(PRE_COMMIT);
    played.says("ana", "OP_BATCH_COMMIT", batch({ atomicity }));
    return played;
  }

  it.each([
    ["all_or_nothing", { op_id: "g" }, ["REJECTED", "REJECTED"]],
    ["all_or_nothing", { op_id: "o1" }, ["REJECTED", "REJECTED"]],
    ["all_or_nothing", { op_id: "g", rejected_ops: ["o1"] }, ["REJECTED", "REJECTED"]],
    ["best_effort", { op_id: "g" }, ["REJECTED", "REJECTED"]],
    ["best_effort", { op_id: "o1" }, ["REJECTED", "PROPOSED"]],
    ["best_effort", { op_id: "g", rejected_ops: ["o1"] }, ["REJECTED", "PROPOSED"]],
  ])("under %s, by %j, leaves %j", (atomicity, payload, states) => {
    const played = asked(atomicity);

    played.says("cy", "OP_REJECT", { reason: "no", ...payload });

    expect(statesOf(played)).toEqual(states);
  });

  it("says of the rest that it fell with it, for the same reason", () => {
    const decision = asked("all_or_nothing").says("cy", "OP_REJECT", { op_id: "o1", reason: "no" });

    expect("accepted" in decision ? decision.accepted.slice(0, 2) : decision).toEqual([
      { type: "OperationRejected", opIds: ["o1"], by: "cy", reason: "no" },
      { type: "OperationRejected", opIds: ["o2"], batchId: "g", reason: "no", refersTo: "o1" },
    ]);
  });

  it("is not carried out any more, nor asked for again under its ids", () => {
    const played = asked("all_or_nothing");
    played.says("cy", "OP_REJECT", { op_id: "g", reason: "no" });

    expect(gist(played.says("ana", "OP_BATCH_COMMIT", batch()))).toBe("operation/not-proposed");
    expect(gist(played.says("cy", "OP_REJECT", { op_id: "g", reason: "no" }))).toBe("operation/not-proposed");
  });

  it("falls whole when a resolution rejects a part of it", () => {
    const played = asked("all_or_nothing");
    played.says("bo", "CONFLICT_REPORT", { conflict_id: "c", related_ops: ["o1"], related_intents: ["i"] });

    played.says("cy", "RESOLUTION", { conflict_id: "c", decision: "rejected", outcome: { rejected: ["o1"] } });

    expect(statesOf(played)).toEqual(["REJECTED", "REJECTED"]);
  });
});
