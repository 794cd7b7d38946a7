import { expect, it } from "vitest";
import { workingIn } from "./session-view.ts";

const who = (principal_id: string) => ({ principal_id }) as never;
const task = (intent_id: string, principal_id: string) => ({ intent_id, principal_id }) as never;

it("lists a line for each task under its owner, then whoever has none", () => {
  const lines = workingIn({
    participants: [who("ana"), who("bo"), who("cy")],
    active_intents: [task("1", "bo"), task("2", "cy"), task("3", "gone"), task("4", "bo")],
  });

  expect(lines.map(({ who: named, principal, intent }) => [named?.principal_id, principal, intent?.intent_id])).toEqual([
    ["bo", "bo", "1"],
    [undefined, "bo", "4"],
    ["cy", "cy", "2"],
    [undefined, "gone", "3"],
    ["ana", "ana", undefined],
  ]);
});
