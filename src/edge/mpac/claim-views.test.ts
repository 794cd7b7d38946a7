/** Whose claim waits for a word, as a summary shows it. */
import { expect, it } from "vitest";
import { files, type Play, playWith, signalbox, START_MS } from "../../core/session/session.test.fixture.ts";
import { viewClaims } from "./claim-views.ts";

const ROOM = { items: 1, bytes: 10_000 };
const GOVERNANCE = { compliance: "governance" };

/** ana has left three tasks behind. */
function left(settings = {}, resources = ["a.ts"]): Play {
  const played = playWith(["ana", "bo", "cy"], settings);
  for (const id of ["i", "k", "m"])
    played.says("ana", "INTENT_ANNOUNCE", { intent_id: id, objective: "o", scope: files(...resources.map((path) => `${id}/${path}`)) });
  played.says("ana", "GOODBYE", { intent_disposition: "transfer" });
  return played;
}

const claim = (played: Play, principal: string, id: string): void =>
  void played.says(principal, "INTENT_CLAIM", {
    claim_id: `of ${id}`,
    original_intent_id: id,
    new_intent_id: `new ${id}`,
    objective: "go on",
  });

it("names the earliest and counts them all; nothing where nobody claims", () => {
  const played = left(GOVERNANCE);
  const before = viewClaims(played.state, ROOM);
  claim(played, "bo", "k");
  played.pass(1_000);
  claim(played, "cy", "i");

  expect(before).toEqual({});
  expect(viewClaims(played.state, ROOM)).toEqual({
    claims: [
      {
        claim_id: "of k",
        intent_id: "k",
        intent_principal_id: "ana",
        principal_id: "bo",
        new_intent_id: "new k",
        objective: "go on",
        resources: ["k/a.ts"],
        since: new Date(START_MS).toISOString(),
      },
    ],
    claim_count: 2,
  });
});

it("says when one is approved by itself, and names none that is decided", () => {
  const played = left();
  played.says("dee", "HELLO", { roles: ["owner"] });
  claim(played, "bo", "k");
  claim(played, "cy", "i");
  played.says("dee", "INTENT_CLAIM", { claim_id: "of k", ...signalbox({ decision: "rejected" }) });

  const { claims = [], claim_count } = viewClaims(played.state, ROOM);

  expect(claims.map(({ claim_id, due_at }) => [claim_id, due_at])).toEqual([["of i", new Date(START_MS + 2_000).toISOString()]]);
  expect(claim_count).toBe(1);
});

it("shows few of many files, and says how many there are", () => {
  const played = left(
    GOVERNANCE,
    Array.from({ length: 150 }, (_, index) => `${index}.ts`),
  );
  claim(played, "bo", "m");

  const [view] = viewClaims(played.state, ROOM).claims ?? [];

  expect([view?.resources.length, view?.resource_count]).toEqual([100, 150]);
});
