/** What an intent may be changed to, and how long it lives then. */
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../wire/json.ts";
import { eventOf, files, gist, type Play, playWith, resultOf, signalbox, START_MS } from "./session.test.fixture.ts";

const intent = (id: string, path: string, more: JsonObject = {}): JsonObject => ({ intent_id: id, scope: files(path), ...more });

it("lives as long as it says in milliseconds, where it does not in seconds", () => {
  const played = playWith(["ana"]);

  const announced = played.says("ana", "INTENT_ANNOUNCE", intent("i", "a.ts", { expiry_ms: 1_500, ttl_sec: null }));
  const updated = played.says("ana", "INTENT_UPDATE", { intent_id: "i", expiry_ms: 60_000 });
  const both = played.says("ana", "INTENT_UPDATE", { intent_id: "i", expiry_ms: 60_000, ttl_sec: 5 });

  expect(eventOf(announced, "IntentAnnounced")).toMatchObject({ ttlSec: 1.5, expiresAtMs: START_MS + 1_500 });
  expect([updated, both].map((decision) => eventOf(decision, "IntentUpdated").ttlSec)).toEqual([60, 5]);
});

describe("an update over a frozen scope", () => {
  /** ana and bo are in conflict over src/a.ts, which nobody has resolved in time; cy works elsewhere. */
  function frozen(): Play {
    const played = playWith(["ana", "bo", "cy"], { governance: { resolution_timeout_sec: 10 } });
    const proceeds = { ttl_sec: 7_000, ...signalbox({ on_overlap: "proceed" }) };
    for (const who of ["ana", "bo"]) played.says(who, "INTENT_ANNOUNCE", intent(`of-${who}`, "src/a.ts", proceeds));
    played.says("cy", "INTENT_ANNOUNCE", intent("of-cy", "x.ts", proceeds));
    played.pass(10_000);
    return played;
  }
  const update = (played: Play, who: string, ...paths: string[]) =>
    played.says(who, "INTENT_UPDATE", { intent_id: `of-${who}`, scope: files(...paths) });

  it("may not add what is frozen, and is warned of a part of it", () => {
    const played = frozen();
    const [conflict] = played.state.frozen;

    expect(gist(update(played, "cy", "x.ts", "src/a.ts"))).toBe("scope/frozen");
    expect(resultOf(update(played, "cy", "x.ts", "src/a.ts", "y.ts"))).toMatchObject({ frozen: [conflict] });
  });

  it("is not barred by what it has already", () => {
    const decision = update(frozen(), "ana", "src/a.ts", "y.ts");

    expect([gist(decision), resultOf(decision)["frozen"]]).toEqual([["IntentUpdated"], undefined]);
  });
});
