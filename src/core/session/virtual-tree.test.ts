/** The rule about references: on a worktree's disk, and on the virtual tree. */
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../wire/json.ts";
import { ANA_TREE, eventOf, gist, type Play, play, playWith, rejectionOf, signalbox } from "./session.test.fixture.ts";

const sha = (digit: string, digits = 64): string => `sha256:${digit.repeat(digits)}`;
const commit = (more: JsonObject = {}): JsonObject => ({ op_id: "o", target: "a.ts", state_ref_after: sha("1"), ...more });
const takesItBack = (more: JsonObject = {}): JsonObject => ({
  op_id: "o2",
  supersedes_op_id: "o",
  target: "a.ts",
  state_ref_after: sha("2"),
  ...more,
});

describe("in a worktree", () => {
  function playInTree(): Play {
    const played = play();
    played.says("ana", "HELLO", signalbox({ worktree: { id: ANA_TREE, path: "/w/ana" } }));
    return played;
  }

  it.each([
    ["is what the disk says", sha("a"), sha("a"), ["OperationCommitted"]],
    ["begins what the disk says", sha("a", 16), sha("a"), ["OperationCommitted"]],
    ["is not what the disk says", sha("a"), sha("b"), "operation/stale"],
    ["is of a file that is gone", sha("a"), null, "operation/stale"],
    ["is not said", null, sha("b"), ["OperationCommitted"]],
    ["is said and nothing was read", sha("a"), undefined, ["OperationCommitted"]],
  ])("a reference that %s is judged by the disk alone", (_, before, observed, gives) => {
    const extension = observed === undefined ? {} : signalbox({ observed });

    const decision = playInTree().says("ana", "OP_COMMIT", commit({ state_ref_before: before, ...extension }));

    expect(gist(decision)).toEqual(gives);
  });

  it("a refusal says what the file is now", () => {
    const { message, details } = rejectionOf(
      playInTree().says("ana", "OP_COMMIT", commit({ state_ref_before: sha("a"), ...signalbox({ observed: sha("b") }) })),
    );

    expect(message).toBe(`a.ts is ${sha("b")}, not ${sha("a")}; read it again and build on what it says now`);
    expect(details).toEqual({ path: "a.ts", current_state_ref: sha("b") });
  });

  it("nothing is written to the virtual tree, and both references are recorded", () => {
    const played = playInTree();

    const decision = played.says("ana", "OP_COMMIT", commit({ state_ref_before: sha("a", 16), ...signalbox({ observed: sha("a") }) }));

    expect(eventOf(decision, "OperationCommitted")).toMatchObject({
      tree: ANA_TREE,
      stateRefBefore: sha("a", 16),
      observed: sha("a"),
      files: [],
    });
    expect(played.state.virtualTree.size).toBe(0);
  });
});

describe("on the virtual tree", () => {
  const change = (path: string, before: string | null, after: string | null): JsonObject => ({
    file_changes: { [path]: { state_ref_before: before, state_ref: after, ...(after === null ? {} : { blob: "blob" }) } },
  });
  const based = (bases: JsonObject) => ({ bases: bases as Record<string, string | null> });

  it.each([
    ["is the main worktree's", sha("a"), { "a.ts": sha("a") }, ["OperationCommitted"]],
    ["begins the main worktree's", sha("a", 16), { "a.ts": sha("a") }, ["OperationCommitted"]],
    ["is not the main worktree's", sha("b"), { "a.ts": sha("a") }, "operation/stale"],
    ["is of a path that is not there", sha("b"), { "a.ts": null }, ["OperationCommitted"]],
    ["is not said", null, { "a.ts": sha("a") }, ["OperationCommitted"]],
    ["is in another format", "v1", { "a.ts": sha("a") }, ["OperationCommitted"]],
  ])("a first reference that %s is compared with the main worktree", (_, before, bases, gives) => {
    const played = playWith(["ana"]);

    const decision = played.says("ana", "OP_COMMIT", commit({ state_ref_before: before }), {}, based(bases));

    expect(gist(decision)).toEqual(gives);
  });

  it("the last recorded reference decides, whatever the disk says", () => {
    const played = playWith(["ana", "bo"]);
    played.says("ana", "OP_COMMIT", commit(change("a.ts", null, sha("1"))));

    const stale = played.says(
      "bo",
      "OP_COMMIT",
      commit({ op_id: "p", ...change("a.ts", sha("9"), sha("2")) }),
      {},
      based({ "a.ts": sha("9") }),
    );
    const built = played.says("bo", "OP_COMMIT", commit({ op_id: "p", ...change("./a.ts", sha("1", 16), sha("2")) }));

    expect(rejectionOf(stale)).toMatchObject({ code: "operation/stale", details: { path: "a.ts", current_state_ref: sha("1") } });
    expect(gist(built)).toEqual(["OperationCommitted"]);
    expect(played.state.virtualTree.get("a.ts")).toEqual({ stateRef: sha("2"), blob: "blob", by: "bo" });
  });

  it("a reference in another format brings no content over a file that is there", () => {
    const brings = commit({ state_ref_before: "v1", file_changes: { "a.ts": { state_ref: sha("1"), blob: "blob" } } });

    expect(gist(playWith(["ana"]).says("ana", "OP_COMMIT", brings, {}, based({ "a.ts": sha("a") })))).toBe("operation/stale");
  });

  it.each([{ file_changes: { "a.ts": { state_ref: null } } }, { op_kind: "delete", state_ref_after: null }])(
    "a reference in another format takes no file away that is there: %j",
    (deletes) => {
      const deleting = commit({ state_ref_before: "v1", ...deletes });

      expect(gist(playWith(["ana"]).says("ana", "OP_COMMIT", deleting, {}, based({ "a.ts": sha("a") })))).toBe("operation/stale");
    },
  );

  it("a reference in another format is compared with what others recorded", () => {
    const played = playWith(["ana", "bo"]);
    const bases = based({ "a.ts": sha("a") });
    played.says("ana", "OP_COMMIT", commit({ state_ref_before: "v1", state_ref_after: "v2" }), {}, bases);

    expect(gist(played.says("bo", "OP_COMMIT", commit({ op_id: "p", state_ref_before: "v1" }), {}, bases))).toBe("operation/stale");
    expect(gist(played.says("bo", "OP_COMMIT", commit({ op_id: "p", state_ref_before: "v2" }), {}, bases))).toEqual(["OperationCommitted"]);
  });

  it("a file that an operation deleted passes whatever is built on it", () => {
    const played = playWith(["ana"]);
    played.says("ana", "OP_COMMIT", commit(change("a.ts", null, null)));

    expect(played.state.virtualTree.get("a.ts")?.stateRef).toBeNull();
    expect(gist(played.says("ana", "OP_COMMIT", commit({ op_id: "p", ...change("a.ts", sha("9"), sha("2")) })))).toEqual([
      "OperationCommitted",
    ]);
  });

  it("one stale file among several refuses them all", () => {
    const played = playWith(["ana"]);
    const both = {
      file_changes: {
        "a.ts": { state_ref_before: sha("a"), state_ref: sha("1") },
        "b.ts": { state_ref_before: sha("b"), state_ref: sha("2") },
      },
    };

    const decision = played.says("ana", "OP_COMMIT", commit(both), {}, based({ "a.ts": sha("a"), "b.ts": sha("c") }));

    expect(rejectionOf(decision).details).toEqual({ path: "b.ts", current_state_ref: sha("c") });
    expect(played.state.virtualTree.size).toBe(0);
  });

  it("the operation's own reference is its target's and no other file's", () => {
    const bases = based({ "a.ts": sha("a"), "b.ts": sha("b") });
    const both = (before: string) =>
      commit({ state_ref_before: before, file_changes: { "a.ts": { state_ref: sha("1") }, "b.ts": { state_ref: sha("2") } } });

    expect(gist(playWith(["ana"]).says("ana", "OP_COMMIT", both(sha("a")), {}, bases))).toEqual(["OperationCommitted"]);
    expect(gist(playWith(["ana"]).says("ana", "OP_COMMIT", both(sha("b")), {}, bases))).toBe("operation/stale");
  });

  it("what the changes say of the target goes before the operation's own reference", () => {
    const played = playWith(["ana"]);
    played.says("ana", "OP_COMMIT", commit(change("a.ts", null, sha("1"))));

    const decision = played.says(
      "ana",
      "OP_COMMIT",
      commit({ op_id: "p", state_ref_before: sha("9"), ...change("a.ts", sha("1"), sha("2")) }),
    );

    expect(gist(decision)).toEqual(["OperationCommitted"]);
  });

  it("the target is compared even when the changes do not name it", () => {
    const played = playWith(["ana"]);
    played.says("ana", "OP_COMMIT", commit(change("a.ts", null, sha("1"))));

    const decision = played.says("ana", "OP_COMMIT", commit({ op_id: "p", state_ref_before: sha("9"), ...change("b.ts", null, sha("2")) }));

    expect(gist(decision)).toBe("operation/stale");
  });

  it.each([
    ["says the target's new reference", {}, { stateRef: sha("1"), blob: undefined, by: "ana" }],
    ["deletes", { op_kind: "delete", state_ref_after: null }, { stateRef: null, blob: undefined, by: "ana" }],
    ["says nothing of the content", { state_ref_after: null }, undefined],
  ])("a commit without changes that %s leaves that", (_, more, left) => {
    const played = playWith(["ana"]);

    played.says("ana", "OP_COMMIT", commit(more));

    expect(played.state.virtualTree.get("a.ts")).toEqual(left);
  });

  it("a superseding operation leaves the reference it brings, and none when it brings none", () => {
    const played = playWith(["ana"]);
    played.says("ana", "OP_COMMIT", commit());

    played.says("ana", "OP_SUPERSEDE", takesItBack());
    played.says("ana", "OP_SUPERSEDE", takesItBack({ op_id: "o3", supersedes_op_id: "o2", state_ref_after: null }));

    expect(played.state.virtualTree.get("a.ts")?.stateRef).toBe(sha("2"));
  });

  it.each(["__proto__", "constructor"])("a file called %s is a file like any other", (path) => {
    const decision = playWith(["ana"]).says("ana", "OP_COMMIT", commit({ target: path, state_ref_before: sha("a") }), {}, based({}));

    expect(gist(decision)).toEqual(["OperationCommitted"]);
  });

  it.each([{ target: "../x" }, { file_changes: { "../x": { state_ref: sha("1") } } }])(
    "a path outside the workspace is refused",
    (more) => {
      expect(gist(playWith(["ana"]).says("ana", "OP_COMMIT", commit(more)))).toBe("scope/refused");
    },
  );
});
