/** What they are told who wait for each other. */
import { describe, expect, it } from "vitest";
import { files, gist, type Play, playWith, resultOf, signalbox } from "./session.test.fixture.ts";

const announce = (played: Play, principal: string, id: string, path: string) =>
  played.says(principal, "INTENT_ANNOUNCE", { intent_id: id, scope: files(path) });
const wait = (played: Play, principal: string, id: string, ...paths: string[]) =>
  played.says(principal, "INTENT_ANNOUNCE", { intent_id: id, scope: files(...paths), ...signalbox({ on_overlap: "wait" }) });

/** ana, bo and cy each hold a file that is called like them. */
function playHolding(): Play {
  const played = playWith(["ana", "bo", "cy"]);
  for (const principal of ["ana", "bo", "cy"]) announce(played, principal, principal, `${principal}.ts`);
  return played;
}

/** Of whom somebody who asks for a place is told that they wait for it. */
function told(decision: ReturnType<typeof wait>): string[] {
  const { holders } = resultOf(decision)["waiting"] as { readonly holders: readonly { principal_id: string; waits_for_you?: boolean }[] };
  return holders.filter((holder) => holder.waits_for_you === true).map((holder) => holder.principal_id);
}

describe("whoever asks for a place is told which holder waits for its own work", () => {
  it("the second of two, and the first when it asks again", () => {
    const played = playHolding();

    expect(told(wait(played, "ana", "a2", "bo.ts"))).toEqual([]);
    expect(told(wait(played, "bo", "b2", "ana.ts", "cy.ts"))).toEqual(["ana"]);
    expect(told(wait(played, "ana", "a2", "bo.ts"))).toEqual(["bo"]);
  });

  it("also behind another", () => {
    const played = playHolding();
    wait(played, "ana", "a2", "bo.ts");
    wait(played, "bo", "b2", "cy.ts");

    expect(told(wait(played, "cy", "c2", "ana.ts"))).toEqual(["ana"]);
  });

  it.each<[name: string, elsewhere: (played: Play) => unknown]>([
    ["waits for somebody else", (played) => wait(played, "ana", "a2", "cy.ts")],
    [
      "only defers",
      (played) => {
        wait(played, "cy", "c2", "bo.ts");
        played.says("ana", "INTENT_DEFERRED", { deferral_id: "d", scope: files("bo.ts"), observed_intent_ids: ["bo"] });
      },
    ],
    [
      "has given up its place",
      (played) => {
        wait(played, "ana", "a2", "bo.ts");
        played.says("ana", "INTENT_WITHDRAW", { intent_id: "a2" });
      },
    ],
  ])("and of none who %s", (_, elsewhere) => {
    const played = playHolding();
    elsewhere(played);

    expect(told(wait(played, "bo", "b2", "ana.ts"))).toEqual([]);
  });

  it("and both begin as soon as one of them is done", () => {
    const played = playHolding();
    wait(played, "ana", "a2", "bo.ts");
    expect(gist(wait(played, "bo", "b2", "ana.ts"))).toEqual(["IntentDeferred"]);

    played.says("ana", "INTENT_WITHDRAW", { intent_id: "ana" });
    played.pass(0);
    const begun = played.records.at(-1)?.events.map(({ type }) => type);
    played.says("bo", "INTENT_WITHDRAW", { intent_id: "bo" });
    played.pass(0);

    expect(begun).toEqual(["DeferralEnded", "IntentAnnounced", "Settled"]);
    expect([...played.state.liveIntents]).toEqual(["cy", "b2", "a2"]);
  });
});
