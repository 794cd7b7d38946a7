/** What is asked by path, where a scope says files by other names. */
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../wire/json.ts";
import { coversTarget, intentsOver, undeclaredIn } from "./read.ts";
import { ANA_TREE, eventOf, files, type Play, play, signalbox } from "./session.test.fixture.ts";

const resource_registry = {
  mappings: [
    {
      canonical_uri: "u:auth",
      aliases: [
        { kind: "resource_path", value: "src/auth.*" },
        { kind: "entity_set", value: "api.auth" },
      ],
    },
  ],
};

function heldByAna(scope: JsonObject): Play {
  const played = play({ resource_registry });
  played.says("ana", "HELLO", signalbox({ worktree: { id: ANA_TREE, path: "/w/ana" } }));
  played.says("ana", "INTENT_ANNOUNCE", { intent_id: "i", objective: "work", scope });
  return played;
}

describe.each([
  { name: "files", scope: files("src"), holds: true },
  { name: "a pattern", scope: { kind: "resource_path", pattern: "src/*" }, holds: true },
  { name: "an alias of the registry", scope: { kind: "entity_set", entities: ["api.auth"] }, holds: true },
  { name: "a URI of the registry", scope: { kind: "task_set", task_ids: [], canonical_uris: ["u:auth"] }, holds: true },
  { name: "an entity that only names the file", scope: { kind: "entity_set", entities: ["src/auth.ts::login"] }, holds: false },
  { name: "other files", scope: files("lib"), holds: false },
])("an intent over $name", ({ scope, holds }) => {
  it(`is ${holds ? "" : "not "}over the file, and covers ${holds ? "" : "no "}operation on it`, () => {
    const { state } = heldByAna(scope);

    const [intent] = [...state.intents.values()];
    expect(intentsOver(state, ["src/auth.ts", "../no/path"]).map((meeting) => meeting.intent.id)).toEqual(holds ? ["i"] : []);
    expect(intent !== undefined && coversTarget(state, intent, "src/auth.ts")).toBe(holds);
  });

  it(`leaves an edit of the file ${holds ? "declared" : "undeclared"}, and a commit ${holds ? "" : "un"}coordinated`, () => {
    const played = heldByAna(scope);

    expect(undeclaredIn(played.state, ANA_TREE, ["src/auth.ts"])).toEqual(holds ? [] : ["src/auth.ts"]);
    const committed = played.says("ana", "OP_COMMIT", { op_id: "o", intent_id: "i", target: "src/auth.ts" });
    expect(eventOf(committed, "OperationCommitted").uncoordinated).toBe(!holds);
  });
});
