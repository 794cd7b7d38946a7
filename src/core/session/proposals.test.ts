/** Under what an operation may be proposed, and what its commit says of it later. */
import { describe, expect, it } from "vitest";
import type { OpId, PrincipalId } from "../../wire/ids.ts";
import type { JsonObject } from "../../wire/json.ts";
import { MAX_PENDING } from "./proposals.ts";
import { ANA_TREE, eventOf, files, gist, HOUR_MS, type Play, play, rejectionOf, signalbox } from "./session.test.fixture.ts";

const GOVERNANCE: JsonObject = { compliance: "governance" };
const PRE_COMMIT: JsonObject = { ...GOVERNANCE, execution_model: "pre_commit" };
const sha = (digit: string): string => `sha256:${digit.repeat(64)}`;
const change = (more: JsonObject = {}): JsonObject => ({ op_id: "o", target: "a.ts", ...more });

type Named = "none" | "ACTIVE" | "SUSPENDED" | "WITHDRAWN" | "bo's" | "bo's, suspended" | "bo's, ended" | "unknown";

function playNaming(state: Named, settings: JsonObject = {}): Play {
  const played = play(settings);
  for (const principal of ["ana", "bo"]) played.says(principal, "HELLO", {});
  const owner = state.startsWith("bo's") ? "bo" : "ana";
  if (state !== "unknown" && state !== "none") played.says(owner, "INTENT_ANNOUNCE", { intent_id: "i", scope: files("a.ts") });
  if (state === "WITHDRAWN" || state === "bo's, ended") played.says(owner, "INTENT_WITHDRAW", { intent_id: "i" });
  if (state === "SUSPENDED" || state === "bo's, suspended") played.gives({ type: "ParticipantLapsed", principal: owner, lastHeardAtMs: 0 });
  return played;
}

describe("an intent that is", () => {
  const proposed = ["OperationProposed"];
  const committed = ["OperationCommitted"];
  const rows: readonly (readonly [state: Named, core: unknown, governance: unknown, coreCommit: unknown, governanceCommit: unknown])[] = [
    ["none", proposed, "operation/intent-needed", committed, "operation/intent-needed"],
    ["ACTIVE", proposed, proposed, committed, committed],
    ["SUSPENDED", "intent/suspended", "intent/suspended", "intent/suspended", "intent/suspended"],
    ["WITHDRAWN", "intent/ended", "intent/ended", committed, "intent/ended"],
    ["bo's", proposed, "intent/not-owner", "intent/not-owner", "intent/not-owner"],
    ["bo's, suspended", "intent/suspended", "intent/not-owner", "intent/not-owner", "intent/not-owner"],
    ["bo's, ended", "intent/ended", "intent/not-owner", "intent/not-owner", "intent/not-owner"],
    ["unknown", "intent/unknown", "intent/unknown", committed, "intent/unknown"],
  ];

  it.each(rows)("%s gives a proposal %s, in a governance session %s", (state, core, governance) => {
    const named = state === "none" ? {} : { intent_id: "i" };

    expect(gist(playNaming(state).says("ana", "OP_PROPOSE", change(named)))).toEqual(core);
    expect(gist(playNaming(state, GOVERNANCE).says("ana", "OP_PROPOSE", change(named)))).toEqual(governance);
  });

  it.each(rows)("%s decides over a commit and a batch in the same way, in either session", (state, _, __, core, governance) => {
    const named = state === "none" ? {} : { intent_id: "i" };
    const batch = { batch_id: "b", operations: [change()], ...named };
    const ofBatch = (gives: unknown) => (Array.isArray(gives) ? ["BatchOpened", ...(gives as string[])] : gives);

    expect(gist(playNaming(state).says("ana", "OP_COMMIT", change(named)))).toEqual(core);
    expect(gist(playNaming(state, GOVERNANCE).says("ana", "OP_COMMIT", change(named)))).toEqual(governance);
    expect(gist(playNaming(state).says("ana", "OP_BATCH_COMMIT", batch))).toEqual(ofBatch(core));
    expect(gist(playNaming(state, GOVERNANCE).says("ana", "OP_BATCH_COMMIT", batch))).toEqual(ofBatch(governance));
  });
});

it("turns a proposal under an ended intent down in the words that clients wait for, too", () => {
  const { details } = rejectionOf(playNaming("WITHDRAWN").says("ana", "OP_PROPOSE", change({ intent_id: "i" })));

  expect(details?.["op_reject"]).toEqual({ op_id: "o", reason: "intent_terminated", refers_to: "i" });
});

it.each([
  ["OP_PROPOSE", { fence: 2 }, "intent/fence-passed"],
  ["OP_PROPOSE", { fence: 1 }, ["OperationProposed"]],
] as const)("%s is held to the token that it presents", (type, extension, gives) => {
  expect(gist(playNaming("ACTIVE").says("ana", type, change({ intent_id: "i", ...signalbox(extension) })))).toEqual(gives);
});

describe("the commit of a proposal", () => {
  function proposed(settings: JsonObject = {}): Play {
    const played = playNaming("ACTIVE", settings);
    played.says("ana", "OP_PROPOSE", change({ intent_id: "i", state_ref_before: sha("0"), state_ref_after: sha("1") }));
    return played;
  }

  it("says what is true of it: its references, and that it was done now", () => {
    const played = proposed();
    played.skip(1_000);

    played.says("ana", "OP_COMMIT", change({ state_ref_before: sha("2"), state_ref_after: sha("3") }));

    expect(played.state.operations.get("o" as OpId)).toMatchObject({
      state: "COMMITTED",
      intent: "i",
      stateRefBefore: sha("2"),
      stateRefAfter: sha("3"),
      committedAtMs: played.nowMs,
    });
    expect(played.state.virtualTree.get("a.ts")?.stateRef).toBe(sha("3"));
  });

  it.each([
    ["another target", { target: "b.ts" }, "message/malformed"],
    ["another intent", { intent_id: "j" }, "message/malformed"],
    ["a fence that has passed", signalbox({ fence: 9 }), "intent/fence-passed"],
    ["a path outside the workspace", { target: "../x" }, "scope/refused"],
  ])("is refused with %s", (_, more, code) => {
    const played = proposed();

    expect(gist(played.says("ana", "OP_COMMIT", change(more)))).toBe(code);
    expect(played.state.operations.get("o" as OpId)?.state).toBe("PROPOSED");
  });

  it("is compared with what the file is then, and not what it was when it was proposed", () => {
    const played = proposed();
    played.says("bo", "OP_COMMIT", { op_id: "p", target: "a.ts", file_changes: { "a.ts": { state_ref: sha("9"), blob: "blob" } } });

    expect(gist(played.says("ana", "OP_COMMIT", change({ state_ref_before: sha("0") })))).toBe("operation/stale");
    expect(gist(played.says("ana", "OP_COMMIT", change({ state_ref_before: sha("9") })))).toEqual(["OperationCommitted"]);
  });

  it("is recorded with the branch that its author has checked out then", () => {
    const played = play();
    const at = (branch: string) => signalbox({ worktree: { id: ANA_TREE, path: "/w", branch } });
    played.says("ana", "HELLO", at("main"));
    played.says("ana", "OP_PROPOSE", change());
    played.says("ana", "HEARTBEAT", { status: "working", ...at("topic") });

    played.says("ana", "OP_COMMIT", change());

    expect(played.state.operations.get("o" as OpId)?.branch).toBe("topic");
  });
});

describe("where changes are authorized first", () => {
  const virtual = { bases: { "a.ts": sha("a") } };

  it.each([
    ["OP_PROPOSE", sha("a"), ["OperationProposed", "OperationAuthorized"]],
    ["OP_PROPOSE", sha("b"), "operation/stale"],
    ["OP_COMMIT", sha("a"), ["OperationProposed", "OperationAuthorized"]],
    ["OP_COMMIT", sha("b"), "operation/stale"],
  ] as const)("%s is asked on what the file is", (type, before, gives) => {
    const played = playNaming("ACTIVE", PRE_COMMIT);

    expect(gist(played.says("ana", type, change({ intent_id: "i", state_ref_before: before }), {}, virtual))).toEqual(gives);
  });

  it("nothing is written by asking", () => {
    const played = playNaming("ACTIVE", PRE_COMMIT);
    const brought = { file_changes: { "a.ts": { state_ref: sha("1"), blob: "blob" } }, intent_id: "i" };

    played.says("ana", "OP_COMMIT", change(brought));
    expect(played.state.virtualTree.size).toBe(0);
    played.says("ana", "OP_COMMIT", change(brought));

    expect(played.state.virtualTree.get("a.ts")?.stateRef).toBe(sha("1"));
  });

  it("a request with an id of its own is not done twice by being sent twice", () => {
    const played = playNaming("ACTIVE", PRE_COMMIT);
    const request = change({ intent_id: "i", ...signalbox({ request_id: "r" }) });

    played.says("ana", "OP_COMMIT", request);

    expect(gist(played.says("ana", "OP_COMMIT", request))).toBe("standing");
    expect(played.state.operations.get("o" as OpId)?.state).toBe("PROPOSED");
  });
});

it("takes so many proposals of one principal, and as many under one intent, until some are settled", () => {
  const played = playNaming("ACTIVE");
  for (let id = 0; id < MAX_PENDING; id += 1) played.says("ana", "OP_PROPOSE", change({ op_id: `o${id}`, intent_id: "i" }));

  expect(gist(played.says("ana", "OP_PROPOSE", change({ op_id: "more" })))).toBe("operation/too-many");
  expect(gist(played.says("bo", "OP_PROPOSE", change({ op_id: "more", intent_id: "i" })))).toBe("operation/too-many");
  played.says("ana", "OP_COMMIT", change({ op_id: "o0" }));
  expect(gist(played.says("ana", "OP_PROPOSE", change({ op_id: "more", intent_id: "i" })))).toEqual(["OperationProposed"]);
});

it("forgets whoever left what waited behind, a day after it was abandoned", () => {
  const played = playNaming("none");
  played.says("ana", "OP_PROPOSE", change());
  played.gives({ type: "ParticipantLapsed", principal: "ana", lastHeardAtMs: 0 });

  played.pass(25 * HOUR_MS);

  expect([played.state.operations.size, played.state.participants.has("ana" as PrincipalId)]).toEqual([0, false]);
});

it("forgets nobody whose proposal waits, however long nothing else was heard", () => {
  const played = playNaming("none");
  played.says("bo", "HELLO", { roles: ["reviewer"] });
  played.gives({ type: "ParticipantLapsed", principal: "ana", lastHeardAtMs: 0 });
  played.says("ana", "OP_PROPOSE", change());
  played.pass(25 * HOUR_MS);
  expect(played.state.participants.has("ana" as PrincipalId)).toBe(true);

  played.says("bo", "OP_REJECT", { op_id: "o", reason: "too late" });
  played.pass(25 * HOUR_MS);

  expect(played.state.participants.has("ana" as PrincipalId)).toBe(false);
});

it.each([
  ["is turned down", (played: Play) => played.says("bo", "OP_REJECT", { op_id: "o" })],
  ["is abandoned", (played: Play) => played.gives({ type: "ParticipantLapsed", principal: "ana", lastHeardAtMs: 0 })],
])("a conflict about nothing but a proposal ends when that %s", (_, then) => {
  const played = playNaming("none");
  played.says("bo", "HELLO", { roles: ["reviewer"] });
  played.says("ana", "OP_PROPOSE", change());
  expect(gist(played.says("bo", "CONFLICT_REPORT", { conflict_id: "c", related_ops: ["o"] }))).toEqual(["ConflictOpened"]);

  const decision = then(played);

  expect(eventOf(decision, "ConflictDismissed").conflictId).toBe("c");
});
