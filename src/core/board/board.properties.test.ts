/** What holds of lanes whatever is asked of them, over restarts and over backups that are put back. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BoardEvent } from "../../wire/board.ts";
import { board } from "./board.ts";
import { type BoardPlay, LANE, MINUTE, momentOf, playBoard, type PlayedRecord, SECOND } from "./board.test.fixture.ts";
import type { BoardState } from "./state.ts";

type Step =
  | {
      readonly do: "claim" | "wait" | "renew" | "release";
      readonly owner: string;
      readonly lane: string;
      readonly sec: number;
      readonly priority?: string;
    }
  | { readonly do: "pass" | "sleep"; readonly sec: number }
  | { readonly do: "restart" | "backup" | "restore" };

const owner = fc.constantFrom("ana", "bo", "cy");
const lane = fc.constantFrom(LANE, "other");
const priority = fc.constantFrom("low", "normal", "high");
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom("claim", "wait", "renew", "release"),
      owner,
      lane,
      sec: fc.integer({ min: 1, max: 200 }),
      priority,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("pass", "sleep"), sec: fc.integer({ min: 0, max: 150 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("restart", "backup", "restore") }) },
);

/** Plays the steps and shows every record as it is made, with the state before it; restores begin a history of their own. */
function playSteps(steps: readonly Step[], onEvent: (event: BoardEvent, before: BoardState, atMs: number) => void): BoardPlay {
  let play = playBoard();
  let backup: readonly PlayedRecord[] = [];
  let seen = 0;
  let shown = board.initial();

  const show = (): void => {
    for (const { events, atMs } of play.records.slice(seen)) {
      seen += 1;
      for (const event of events) {
        onEvent(event, shown, atMs);
        board.evolve(shown, event, { revision: seen, atMs });
      }
    }
  };
  const reopen = (records: readonly PlayedRecord[]): void => {
    const nowMs = play.nowMs + SECOND;
    shown = board.initial();
    for (const [index, { events, atMs }] of records.entries())
      for (const event of events) board.evolve(shown, event, { revision: index + 1, atMs });
    seen = records.length;
    play = playBoard(records, nowMs);
  };

  show();
  for (const taken of steps) {
    switch (taken.do) {
      case "claim":
        play.claim(taken.owner, { lane: taken.lane, leaseMs: taken.sec * SECOND });
        break;
      case "wait":
        play.claim(taken.owner, { lane: taken.lane, leaseMs: taken.sec * SECOND, wait: { priority: taken.priority } });
        break;
      case "renew":
        play.gives({ type: "RenewLane", lane: taken.lane, owner: taken.owner, leaseMs: taken.sec * SECOND });
        break;
      case "release":
        play.gives({ type: "ReleaseLane", lane: taken.lane, owner: taken.owner });
        break;
      case "pass":
        play.pass(taken.sec * SECOND);
        break;
      case "sleep":
        play.skip(taken.sec * SECOND);
        break;
      case "restart":
        reopen([...play.records]);
        break;
      case "backup":
        backup = [...play.records];
        break;
      case "restore":
        reopen(backup);
        break;
    }
    show();
  }
  return play;
}

const plays = (check: (steps: readonly Step[]) => void): void =>
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), check), { numRuns: 300 });

describe("whatever is asked of lanes", () => {
  it("nobody becomes the holder of one that another still holds", () => {
    plays((steps) => {
      playSteps(steps, (event, before, atMs) => {
        if (event.type !== "LaneClaimed") return;
        const held = before.lanes.get(event.lane);
        expect(held === undefined || held.state === "expired" || held.expiresAtMs <= atMs).toBe(true);
      });
    });
  });

  it("a lease ends when it said, not before and not unseen", () => {
    plays((steps) => {
      playSteps(steps, (event, before, atMs) => {
        if (event.type !== "LaneExpired") return;
        expect(before.lanes.get(event.lane)).toMatchObject({ state: "held", expiresAtMs: event.dueAtMs });
        expect(atMs).toBeGreaterThanOrEqual(event.dueAtMs);
      });
    });
  });

  it("each holder's token is above every token given before, also those that a backup does not know of", () => {
    plays((steps) => {
      let highest = 0;
      playSteps(steps, (event) => {
        if (event.type !== "LaneClaimed") return;
        expect(event.fence).toBeGreaterThan(highest);
        expect(Number.isSafeInteger(event.fence)).toBe(true);
        highest = event.fence;
      });
    });
  });

  it("nobody waits for a lane that is free, twice in one row, or for what is one's own", () => {
    plays((steps) => {
      const { state } = playSteps(steps, () => undefined);
      for (const [name, row] of state.rows) {
        const owners = row.map(({ owner: waiter }) => waiter);
        expect(state.lanes.get(name)?.state).toBe("held");
        expect(new Set(owners).size).toBe(owners.length);
        expect(owners).not.toContain(state.lanes.get(name)?.owner);
      }
      expect(state.places.size).toBe([...state.rows.values()].flat().length);
    });
  });

  it("its log folds into the same, and would be decided the same once more", () => {
    plays((steps) => {
      const { records, state } = playSteps(steps, () => undefined);
      const again = board.initial();

      for (const [index, record] of records.entries()) {
        const decision = board.decide(again, record.command, momentOf(record));
        expect(decision).toEqual({ accepted: record.events });
        for (const event of record.events) board.evolve(again, event, { revision: index + 1, atMs: record.atMs });
      }

      const { deadlines: _heap, ...facts } = state;
      const { deadlines: _other, ...folded } = again;
      expect(folded).toEqual(facts);
    });
  });

  it("what is left behind is forgotten", () => {
    plays((steps) => {
      const play = playSteps(steps, () => undefined);

      play.pass(8 * 24 * 60 * MINUTE);

      const { lanes, orphans, rows, places, deadlines } = play.state;
      expect([lanes.size, orphans.size, rows.size, places.size, deadlines.size]).toEqual([0, 0, 0, 0, 0]);
    });
  });
});
