/** What holds for everybody who waits, whatever people and clocks do. */
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { bondOf } from "../scope/footprint.ts";
import { footprintIn } from "./scopes.ts";
import { perform, waitingDay } from "./script.test.fixture.ts";
import { session } from "./session.ts";
import { play } from "./session.test.fixture.ts";
import type { SessionState } from "./state.ts";
import type { Deferral } from "./state/deferrals.ts";
import type { Intent } from "./state/intents.ts";

const RUNS = { numRuns: 120 };
const RANKS: Readonly<Record<string, number>> = { low: 0, high: 2, critical: 3 };

type Held = Pick<Intent, "principal" | "scope">;

/** Whether one may lock the other out: by a file of both, or one URI of both. */
const meets = ({ settings }: SessionState, one: Held, other: Held): boolean =>
  one.principal !== other.principal && bondOf(footprintIn(one.scope, settings), footprintIn(other.scope, settings)) === "resource";

/** When it would have come, had it been of low priority; ties go to who was first. */
const cameMs = ({ deferredAtMs, waiting }: Deferral): number => deferredAtMs - (RANKS[waiting?.priority ?? ""] ?? 1) * 60_000;

const rowOf = (state: SessionState): Deferral[] => [...state.deferrals.values()].filter(({ waiting }) => waiting !== undefined);

const isBefore = (one: Deferral, other: Deferral): boolean =>
  cameMs(one) < cameMs(other) || (cameMs(one) === cameMs(other) && one.deferredAt < other.deferredAt);

const isAway = ({ participants }: SessionState, { principal }: Deferral): boolean => participants.get(principal)?.away === true;

/**
 * Everybody who is in the way of one that waits: at work over its files, or before it in the row, there to take its turn, and not
 * waiting for it.
 */
function inTheWay(state: SessionState, one: Deferral): unknown[] {
  const atWork = (held: Held) => [...state.intents.values()].filter((intent) => intent.state === "ACTIVE" && meets(state, held, intent));
  const before = rowOf(state).filter((other) => meets(state, one, other) && isBefore(other, one) && !isAway(state, other));
  return [...atWork(one), ...before.filter((other) => !atWork(other).some(({ principal }) => principal === one.principal))];
}

it("begins only when nobody is in its way, and never past a better place", () => {
  fc.assert(
    fc.property(waitingDay, (steps) => {
      const wrong: unknown[] = [];
      const played = play({}, (state, command, at) => {
        const decision = session.decide(state, command, at);
        const events = "accepted" in decision && "type" in command && command.type === "Tick" ? decision.accepted : [];
        for (const event of events) {
          if (event.type !== "IntentAnnounced" || event.deferralId === undefined) continue;
          const deferral = state.deferrals.get(event.deferralId);
          wrong.push(...(deferral === undefined || isAway(state, deferral) ? [event] : inTheWay(state, deferral)));
        }
        return decision;
      });
      for (const step of steps) perform(played, step);

      expect(wrong).toEqual([]);
    }),
    RUNS,
  );
});

it("waits only while somebody is in its way, or nobody is there to take its turn", () => {
  fc.assert(
    fc.property(waitingDay, (steps) => {
      const played = play();
      for (const step of steps) {
        perform(played, step);
        played.pass(0);
        const idle = rowOf(played.state).filter((one) => !isAway(played.state, one) && inTheWay(played.state, one).length === 0);
        expect(idle).toEqual([]);
      }
    }),
    RUNS,
  );
});
