/** That a log says of each thing only what the specification's tables let become of it, on every kind of day. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isLawful } from "./lawful-event.test.fixture.ts";
import { beginReviewed, move, reviewedDay } from "./reviewed-day.test.fixture.ts";
import { anyDay, perform, waitingDay } from "./script.test.fixture.ts";
import { session } from "./session.ts";
import { type Play, play } from "./session.test.fixture.ts";
import { pendingClaims, type SessionState } from "./state.ts";
import { isPending, type Operation } from "./state/operations.ts";

const RUNS = { numRuns: 100 };
const IMPATIENT = {
  governance: { resolution_timeout_sec: 60 },
  liveness: { backend_health_policy: { enabled: true, on_down: "suspend_and_claim" } },
};

/** Whether it waits while its intent is active, and is frozen while that is suspended. */
function followsItsIntent({ intents }: SessionState, { intent, state }: Operation): boolean {
  if (intent === undefined) return state === "PROPOSED";
  return intents.get(intent)?.state === (state === "PROPOSED" ? "ACTIVE" : "SUSPENDED");
}

function hold<Deed>(days: fc.Arbitrary<readonly Deed[]>, begin: () => Play, act: (played: Play, deed: Deed) => void): void {
  it("says of each thing only what can become of it", () => {
    fc.assert(
      fc.property(days, (deeds) => {
        const played = begin();
        for (const deed of deeds) act(played, deed);

        const state = session.initial();
        const unlawful: unknown[] = [];
        for (const { revision, atMs, events } of played.records) {
          for (const event of events) {
            if (!isLawful(state, event)) unlawful.push(event);
            session.evolve(state, event, { revision, atMs });
          }
        }
        expect(unlawful).toEqual([]);
      }),
      RUNS,
    );
  });

  it("leaves every proposal as its intent is, and none, and no claim, of somebody who has left", () => {
    fc.assert(
      fc.property(days, (deeds) => {
        const played = begin();
        const { state } = played;
        const hasLeft = ({ principal }: Pick<Operation, "principal">): boolean =>
          (state.participants.get(principal)?.presence ?? "left") === "left";
        for (const deed of deeds) {
          act(played, deed);

          const pending = [...state.operations.values()].filter(isPending);
          expect(pending.filter((operation) => !followsItsIntent(state, operation))).toEqual([]);
          expect([...pending, ...pendingClaims(state)].filter(hasLeft)).toEqual([]);
        }
      }),
      RUNS,
    );
  });
}

describe("a day on which anything may happen", () => {
  hold(anyDay, () => play(IMPATIENT), perform);
});

describe("a day of much waiting", () => {
  hold(waitingDay, () => play(), perform);
});

describe("a day on which changes are authorized first", () => {
  hold(reviewedDay, beginReviewed, move);
});
