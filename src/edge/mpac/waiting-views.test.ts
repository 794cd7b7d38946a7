/** Who waits, as a summary shows it. */
import { expect, it } from "vitest";
import { files, type Play, playWith, signalbox, START_MS } from "../../core/session/session.test.fixture.ts";
import { viewRow } from "./waiting-views.ts";

const ROOM = { items: 2, bytes: 10_000 };

const wait = (played: Play, principal: string, id: string, priority: string): void =>
  void played.says(principal, "INTENT_ANNOUNCE", {
    intent_id: id,
    objective: `do ${id}`,
    scope: files("a.ts"),
    priority,
    ...signalbox({ on_overlap: "wait" }),
  });

it("names the first in the row and counts them all; nothing where nobody waits", () => {
  const played = playWith(["ana", "bo", "cy", "dee"]);
  played.says("ana", "INTENT_ANNOUNCE", { intent_id: "a", scope: files("a.ts") });
  const before = viewRow(played.state, ROOM);
  wait(played, "bo", "b", "low");
  played.pass(1_000);
  wait(played, "cy", "c", "high");
  wait(played, "dee", "d", "normal");

  expect(before).toEqual({});
  expect(viewRow(played.state, ROOM)).toEqual({
    waiting: [
      { principal_id: "cy", objective: "do c", resources: ["a.ts"], priority: "high", since: new Date(START_MS + 1_000).toISOString() },
      { principal_id: "dee", objective: "do d", resources: ["a.ts"], priority: "normal", since: new Date(START_MS + 1_000).toISOString() },
    ],
    waiting_count: 3,
  });
});

it("shows few of many files, and says how many there are", () => {
  const played = playWith(["ana", "bo"]);
  played.says("ana", "INTENT_ANNOUNCE", { intent_id: "a", scope: files("src") });
  const many = Array.from({ length: 150 }, (_, index) => `src/${index}.ts`);
  played.says("bo", "INTENT_ANNOUNCE", { intent_id: "b", scope: files(...many), ...signalbox({ on_overlap: "wait" }) });

  const [view] = viewRow(played.state, ROOM).waiting ?? [];

  expect([view?.resources.length, view?.resource_count]).toEqual([100, 150]);
});
