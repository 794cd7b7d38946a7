/** What holds for every session, whatever its people and its clock do. */
import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { IntentId, OpId } from "../../wire/ids.ts";
import { SessionEvent, type SessionEventOf } from "../../wire/session.ts";
import { overlaps } from "../scope/resource.ts";
import type { ScopeIndex } from "../scope/scope-index.ts";
import { derivedFrom, derivedIn, drain, dumpOf } from "./dump.test.fixture.ts";
import { meetsScope } from "./scope-relations.ts";
import { anyDay, perform, politeDay, type Step } from "./script.test.fixture.ts";
import { session } from "./session.ts";
import { DAY_MS, momentOf, type Play, play } from "./session.test.fixture.ts";
import type { SessionState } from "./state.ts";
import { type Conflict, isOpen } from "./state/conflicts.ts";
import { type Intent, isLive } from "./state/intents.ts";
import { isPending, isStanding, type Operation } from "./state/operations.ts";

/**
 * What only an intent's owner may bring about. A resolution may end the intents that it rejects, who approves a claim the
 * one that it transfers, and who closes the session all of them.
 */
const CHANGES: ReadonlySet<string> = new Set(["IntentUpdated", "IntentEnded", "IntentSuspended", "IntentRestored"]);

const RUNS = { numRuns: 80 };

function live(steps: readonly Step[], decide?: typeof session.decide): Play {
  const liveness = { backend_health_policy: { enabled: true, on_down: "suspend_and_claim" } };
  const played = play({ governance: { resolution_timeout_sec: 60 }, liveness }, decide);
  for (const step of steps) perform(played, step);
  return played;
}

function refuseToChange(): never {
  throw new Error("a decision changed the state");
}

function closedIndex(index: Pick<ScopeIndex, "size" | "nodes" | "overlapping">) {
  const { size, nodes } = index;
  const overlapping: ScopeIndex["overlapping"] = (...about) => index.overlapping(...about);
  return { size, nodes, add: refuseToChange, remove: refuseToChange, overlapping };
}

/** The state with its derived parts closed to changes. */
function closed(state: Readonly<SessionState>): SessionState {
  const { index, impacts, waitingIndex, deadlines } = state;
  return {
    ...state,
    index: { ...closedIndex(index), meeting: (asked) => index.meeting(asked) },
    impacts: closedIndex(impacts),
    waitingIndex: { ...closedIndex(waitingIndex), meeting: (asked) => waitingIndex.meeting(asked) },
    deadlines: { size: deadlines.size, set: refuseToChange, first: () => deadlines.first() },
  };
}

function freeze<Value>(value: Value): Value {
  if (typeof value === "object" && value !== null) Object.values(Object.freeze(value)).forEach(freeze);
  return value;
}

it("decides without throwing and without touching the state, the command or the facts", () => {
  fc.assert(
    fc.property(anyDay, (steps) => {
      const dumps: (readonly [before: string, after: string])[] = [];
      live(steps, (state, command, at) => {
        const before = dumpOf(state);
        freeze(at.facts);
        const decision = session.decide(closed(state), freeze(command), at);
        dumps.push([before, dumpOf(state)]);
        return decision;
      });

      expect(dumps.filter(([before, after]) => before !== after)).toEqual([]);
    }),
    RUNS,
  );
});

it("accepts only events that their schema takes and JSON gives back", () => {
  fc.assert(
    fc.property(anyDay, (steps) => {
      live(steps, (state, command, at) => {
        const decision = session.decide(state, command, at);
        const events = "accepted" in decision ? decision.accepted : [];
        expect(events.map((event) => SessionEvent.parse(JSON.parse(JSON.stringify(event))))).toEqual(events);
        return decision;
      });
    }),
    RUNS,
  );
});

it("is its log folded, and the log is its commands decided again", () => {
  fc.assert(
    fc.property(anyDay, (steps) => {
      const { state, records } = live(steps);
      const again = session.initial();

      for (const { command, seed, facts, atMs, revision, events } of records) {
        expect(session.decide(again, command, momentOf(atMs, seed, facts))).toEqual({ accepted: events });
        for (const event of events) session.evolve(again, event, { revision, atMs });
      }

      expect(dumpOf(again)).toBe(dumpOf(state));
      expect(drain(again.deadlines)).toEqual(drain(state.deadlines));
    }),
    RUNS,
  );
});

it("says of every freeze that the fold lets go without a decision that it is over, and of no other", () => {
  fc.assert(
    fc.property(anyDay, (steps) => {
      const again = session.initial();
      for (const { revision, atMs, events } of live(steps).records) {
        const before = [...again.frozen];
        for (const event of events) session.evolve(again, event, { revision, atMs });

        const gone = before.filter((id) => !again.frozen.has(id) && isOpen(again.conflicts.get(id) as Conflict));
        const settled = events.at(-1) as SessionEventOf<"Settled">;
        expect((settled.thawed ?? []).toSorted()).toEqual(gone.toSorted());
      }
    }),
    RUNS,
  );
});

it("keeps beside the facts what follows from them", () => {
  fc.assert(
    fc.property(anyDay, (steps) => {
      const { state } = live(steps);

      const suspended = [...state.intents.values()].filter((intent) => intent.state === "SUSPENDED");
      const isAbleToWork = ({ principal }: Intent): boolean => {
        const owner = state.participants.get(principal);
        return owner?.presence === "available" && owner.backend?.status !== "down";
      };
      expect(suspended.filter(isAbleToWork)).toEqual([]);
      expect(derivedIn(state)).toEqual(derivedFrom(state));
    }),
    RUNS,
  );
});

it("moves its revision, its time, its Lamport clock and its fence forwards only", () => {
  fc.assert(
    fc.property(anyDay, (steps) => {
      const { records } = live(steps);
      const lamports = records.map(({ events }) => (events.at(-1) as { readonly lamport: number }).lamport);
      const fences = records.flatMap(({ events }) => events.flatMap((event) => ("fence" in event ? [Number(event.fence)] : [])));
      const times = records.map(({ atMs }) => atMs);

      expect(lamports.every((value, index) => value % 1_024 === 0 && value > (lamports[index - 1] ?? 0))).toBe(true);
      expect(fences.every((value, index) => value > (fences[index - 1] ?? 0))).toBe(true);
      expect(times.every((value, index) => value >= (times[index - 1] ?? 0))).toBe(true);
    }),
    RUNS,
  );
});

it("never lets a command end or change another's intent", () => {
  fc.assert(
    fc.property(anyDay, (steps) => {
      const meddled: unknown[] = [];
      live(steps, (state, command, at) => {
        const decision = session.decide(state, command, at);
        const events = "message_type" in command && "accepted" in decision ? decision.accepted : [];
        const sender = "message_type" in command ? command.sender.principal_id : undefined;
        const rejected = events.flatMap((event) => (event.type === "ConflictResolved" ? event.outcome.rejected : []));
        const isClosed = events.some(({ type }) => type === "SessionClosed");
        const approved = events.flatMap((event) =>
          event.type === "ClaimDecided" && event.decision === "approved" ? [event.intentId] : [],
        );
        const isApproved = (event: SessionEventOf<"IntentEnded">): boolean =>
          event.state === "TRANSFERRED" && approved.includes(event.intentId);
        meddled.push(
          ...events
            .filter((event) => event.type !== "IntentEnded" || !(rejected.includes(event.intentId) || isClosed || isApproved(event)))
            .filter(
              (event) => CHANGES.has(event.type) && state.intents.get((event as { intentId: IntentId }).intentId)?.principal !== sender,
            ),
        );
        return decision;
      });

      expect(meddled).toEqual([]);
    }),
    RUNS,
  );
});

const overFiles = (one: Intent, other: Intent): boolean => one.resources.some((a) => other.resources.some((b) => overlaps(a, b)));

/** Pairs of live intents of different principals that meet in this way. */
function meetingPairs(state: SessionState, meets: (one: Intent, other: Intent) => boolean): (readonly [Intent, Intent])[] {
  const intents = [...state.intents.values()].filter(isLive);
  return intents.flatMap((one, index) =>
    intents
      .slice(index + 1)
      .filter((other) => one.principal !== other.principal)
      .filter((other) => meets(one, other))
      .map((other) => [one, other] as const),
  );
}

it("lets no two people hold one file while everybody asks to be blocked", () => {
  fc.assert(
    fc.property(politeDay, (steps) => {
      const played = play();
      for (const step of steps) {
        perform(played, step);
        expect(meetingPairs(played.state, overFiles)).toEqual([]);
      }
    }),
    RUNS,
  );
});

function isDecided({ conflicts }: SessionState, one: Intent, other: Intent): boolean {
  return [...conflicts.values()].some(
    ({ resolution, intents }) => resolution !== undefined && [one, other].every(({ id }) => intents.includes(id)),
  );
}

it("leaves no conflict open that nothing is left of", () => {
  fc.assert(
    fc.property(anyDay, (steps) => {
      const { state } = live(steps);
      const stands = ({ intents, operations }: Conflict) =>
        intents.some((id) => state.intents.get(id)?.state === "ACTIVE" || state.intents.get(id)?.state === "SUSPENDED") ||
        operations.some((id) => ["COMMITTED", "PROPOSED", "FROZEN"].includes(state.operations.get(id)?.state ?? ""));

      expect([...state.conflicts.values()].filter((conflict) => isOpen(conflict) && !stands(conflict))).toEqual([]);
      const frozen = [...state.conflicts.values()].filter((conflict) => conflict.frozen !== undefined);
      expect([...state.frozen].sort()).toEqual(frozen.map(({ id }) => id).sort());
      expect(frozen.filter((conflict) => !isOpen(conflict))).toEqual([]);
    }),
    RUNS,
  );
});

it("has a conflict between any two people whose live intents meet, open until somebody has had the last word", () => {
  fc.assert(
    fc.property(anyDay, (steps) => {
      const played = play();
      for (const step of steps) {
        perform(played, step);
        const surely = (one: Intent, other: Intent) => meetsScope(played.state, one.scope, other.scope) === "certain";
        for (const [one, other] of meetingPairs(played.state, surely))
          expect([...one.conflicts].some((id) => other.conflicts.has(id)) || isDecided(played.state, one, other)).toBe(true);
      }
    }),
    RUNS,
  );
});

it("forgets all but the people who are there, after two quiet days", () => {
  fc.assert(
    fc.property(anyDay, (steps) => {
      const played = live(steps);
      const { state } = played;

      played.pass(2 * DAY_MS + 1);

      const open = [...state.conflicts.values()];
      const stands = (id: OpId): boolean => {
        const operation = state.operations.get(id);
        return operation !== undefined && isStanding(operation);
      };
      expect(open.filter(({ operations }) => !operations.some(stands))).toEqual([]);
      const intents = [...state.intents.values()].filter(
        ({ conflicts, operations }) => conflicts.size === 0 && operations.every((id) => state.operations.get(id)?.conflicts.size === 0),
      );
      const goesWithIntent = ({ intent }: Operation): boolean => intent !== undefined && state.intents.has(intent);
      const operations = [...state.operations.values()].filter(
        (operation) => operation.conflicts.size === 0 && !goesWithIntent(operation) && !isPending(operation),
      );
      const gone = [...state.participants.values()].filter(({ presence, proposals }) => presence !== "available" && proposals.size === 0);
      const waits = (id: OpId): boolean => {
        const operation = state.operations.get(id);
        return operation !== undefined && isPending(operation);
      };
      const batches = [...state.batches.values()].filter((batch) => !batch.operations.some(waits));
      expect([intents, operations, batches, gone, [...state.liveIntents], [...state.backoffs]]).toEqual([[], [], [], [], [], []]);
      expect([state.liveConflicts.size, state.deadlines.size, state.index.size, state.index.nodes, state.spread]).toEqual([
        open.length,
        0,
        0,
        0,
        0,
      ]);
      const { deferrals, observers, waiting, waitingIndex, claims } = state;
      expect([deferrals, observers, waiting, waitingIndex, claims].map(({ size }) => size)).toEqual([0, 0, 0, 0, 0]);
      expect(waitingIndex.nodes).toBe(0);
    }),
    RUNS,
  );
});
