import * as fc from "fast-check";
import { expect, it } from "vitest";
import { type McpCommand, McpEvent } from "../../wire/mcp-sessions.ts";
import { mcp } from "./mcp.ts";
import { closes, expires, opens, play, subscribes, unsubscribes } from "./mcp.test.fixture.ts";
import { initialState } from "./state.ts";

const CAPACITY = 2;

const name = fc.constantFrom("ana", "bo", "cy");
const uri = fc.constantFrom("signalbox://lanes", "signalbox://board", "signalbox://file/a.ts");
const command: fc.Arbitrary<McpCommand> = fc.oneof(
  { weight: 3, arbitrary: name.map(opens) },
  { weight: 3, arbitrary: fc.tuple(name, uri).map(([who, what]) => subscribes(who, what)) },
  { weight: 1, arbitrary: fc.tuple(name, uri).map(([who, what]) => unsubscribes(who, what)) },
  { weight: 1, arbitrary: name.map(closes) },
  { weight: 1, arbitrary: name.map(expires) },
);

it("has no more sessions open than there may be, and nothing of those that are closed, whatever was asked", () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
      const theirs = play({ capacity: CAPACITY });
      for (const one of commands) {
        theirs.says(one);
        expect(theirs.state.sessions.size).toBeLessThanOrEqual(CAPACITY);
      }
      for (const who of ["ana", "bo", "cy"]) theirs.says(closes(who));

      expect(theirs.state.sessions.size).toBe(0);
    }),
  );
});

it("knows of each open session what its client subscribed to and did not give up since", () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
      const theirs = play();
      const expected = new Map<string, Set<string>>();
      for (const one of commands) {
        theirs.says(one);
        if (one.type === "OpenSession" && !expected.has(one.idHash)) expected.set(one.idHash, new Set());
        if (one.type === "Subscribe") expected.get(one.idHash)?.add(one.uri);
        if (one.type === "Unsubscribe") expected.get(one.idHash)?.delete(one.uri);
        if (one.type === "CloseSession") expected.delete(one.idHash);
      }

      expect(new Map([...theirs.state.sessions].map(([id, { subscriptions }]) => [id, subscriptions]))).toEqual(expected);
    }),
  );
});

it("folds what was recorded into the same state again, and every event parses by its schema", () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
      const theirs = play({ capacity: CAPACITY });
      for (const one of commands) theirs.says(one);

      const again = initialState();
      theirs.events.forEach((event, index) => {
        mcp.evolve(again, McpEvent.parse(event), { revision: index + 1, atMs: index + 1 });
      });

      expect(again).toEqual(theirs.state);
    }),
  );
});
