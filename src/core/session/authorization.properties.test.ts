/** What holds for operations that wait, whatever is proposed, argued about, resolved and left. */
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { blockersOf } from "./authorization.ts";
import { beginReviewed, move, reviewedDay } from "./reviewed-day.test.fixture.ts";
import type { Play } from "./session.test.fixture.ts";
import { isPending, type Operation } from "./state/operations.ts";

const RUNS = { numRuns: 150 };

/** Looks at the session after each of its records. */
function eachDay(look: (played: Play) => void): void {
  fc.assert(
    fc.property(reviewedDay, (moves) => {
      const played = beginReviewed();
      for (const each of moves) {
        move(played, each);
        look(played);
      }
    }),
    RUNS,
  );
}

const operations = ({ state }: Play): Operation[] => [...state.operations.values()];

/** What waits together with it. */
function unitOf(played: Play, operation: Operation): Operation[] {
  const batch = operation.batch === undefined ? undefined : played.state.batches.get(operation.batch);
  if (batch?.atomicity !== "all_or_nothing") return [operation];
  return operations(played).filter((one) => one.batch === batch.id && isPending(one));
}

it("leaves nothing waiting that nobody is in the way of, and nothing goes on before", () => {
  eachDay((played) => {
    const idle = operations(played)
      .filter(({ state, authorizedBy }) => state === "PROPOSED" && authorizedBy === undefined)
      .filter((operation) => unitOf(played, operation).every((one) => blockersOf(played.state, one).length === 0));

    expect(idle).toEqual([]);
  });
});

it("authorizes only what nobody is in the way of, and carries out only what is authorized", () => {
  const authorized = new WeakSet<Operation>();
  eachDay((played) => {
    const fresh = operations(played).filter((operation) => operation.authorizedBy !== undefined && !authorized.has(operation));
    for (const operation of fresh) authorized.add(operation);
    const early = fresh.filter((operation) => operation.state === "PROPOSED" && blockersOf(played.state, operation).length > 0);
    const unasked = operations(played).filter(
      ({ state, authorizedBy, completionHash }) => state === "COMMITTED" && completionHash !== undefined && authorizedBy === undefined,
    );

    expect([early, unasked]).toEqual([[], []]);
  });
});

it("lets the operations of a batch that goes as a whole share one fate", () => {
  eachDay((played) => {
    for (const batch of played.state.batches.values()) {
      if (batch.atomicity !== "all_or_nothing") continue;
      const states = batch.operations.flatMap((id) => played.state.operations.get(id)?.state ?? []);
      expect(new Set(states.map((state) => (state === "SUPERSEDED" ? "COMMITTED" : state))).size).toBeLessThanOrEqual(1);
    }
  });
});
