import { expect, it } from "vitest";
import { type Holder, holding } from "./holders.ts";

const NOW_MS = Date.parse("2026-11-21T14:00:00Z");

const holder: Holder = {
  intent_id: "intent-bo",
  principal_id: "bo",
  objective: "refactor",
  state: "ACTIVE",
  scope: { kind: "file_set", resources: ["src/a.ts"] },
  paths: ["src/a.ts"],
  announced_at: "2026-11-21T13:56:00Z",
  expires_at: "2026-11-21T14:56:00Z",
};

it.each([
  ["what is held, when that is what was asked for", holder, "bo holds src/a.ts since"],
  [
    "what is held and what it meets, when that is another name",
    { ...holder, paths: ["src"] },
    "bo holds src/a.ts, which meets your src, since",
  ],
  [
    "what was asked for, when nobody says what is held",
    { ...holder, scope: { kind: "file_set", resources: [] } },
    "bo holds src/a.ts since",
  ],
  ["that the holder waits, too", { ...holder, waits_for_you: true }, "(56 min left) while it waits for a task of yours: "],
  ["that the holder is away", { ...holder, state: "SUSPENDED" }, "bo, whose client is away, holds src/a.ts"],
])("says %s", (_, held, says) => {
  expect(holding(held, NOW_MS)).toContain(says);
});
