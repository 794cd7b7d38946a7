import { expect, it } from "vitest";
import { namedIn } from "./named-in.ts";

it.each([
  [{ kind: "file_set", resources: ["a.ts", "b.ts"] }, ["a.ts", "b.ts"]],
  [{ kind: "resource_path", pattern: "src/**" }, ["src/**"]],
  [{ kind: "entity_set", entities: ["auth.login"] }, ["entity auth.login"]],
  [{ kind: "task_set", task_ids: ["T-1", "T-2"] }, ["task T-1", "task T-2"]],
  [{ kind: "query", expression: "calls login", language: "words" }, ["query calls login"]],
  [{ kind: "custom" }, []],
  [{ kind: "custom", entities: 7, resources: undefined }, []],
] as const)("of %j is said as %j", (scope, says) => {
  expect(namedIn(scope as Parameters<typeof namedIn>[0])).toEqual(says);
});
