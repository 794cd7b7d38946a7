import * as fc from "fast-check";
import { expect, it } from "vitest";
import { keyOfCopy, type MailCommand } from "../../wire/mail.ts";
import type { EngineCommand } from "../aggregate.ts";
import { mail } from "./mail.ts";
import { acknowledge, broadcast, DAY_MS, deliver, leave, play, type Play, register, send, waitingIn } from "./mail.test.fixture.ts";
import { initialState, type MailState } from "./state.ts";

const NAMES = ["ana", "bo", "cy"];
const name = fc.constantFrom(...NAMES);
const id = fc.constantFrom("1", "2", "3", "4", "5", "6");
const connection = fc.constantFrom("x", "y");
const key = fc.oneof(
  id,
  fc.tuple(id, name).map(([one, other]) => `${one}|${other}`),
);

type Step = { readonly does: MailCommand | EngineCommand } | { readonly passMs: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(name, connection).map(([who, over]) => ({ does: register(who, { connection: over }) })) },
  { weight: 1, arbitrary: name.map((who) => ({ does: register(who, { token: "two", connection: "z" }) })) },
  { weight: 2, arbitrary: fc.tuple(name, connection).map(([who, over]) => ({ does: leave(who, over) })) },
  { weight: 6, arbitrary: fc.tuple(name, name, id).map(([from, to, as]) => ({ does: send(from, to, as) })) },
  { weight: 3, arbitrary: fc.tuple(name, id).map(([from, as]) => ({ does: broadcast(from, as) })) },
  { weight: 4, arbitrary: fc.tuple(name, key).map(([who, what]) => ({ does: acknowledge(who, what) })) },
  { weight: 2, arbitrary: fc.tuple(name, key).map(([who, what]) => ({ does: deliver(who, what) })) },
  { weight: 1, arbitrary: fc.constant({ does: { type: "Opened" as const, session: "s", settings: {} } }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 40 }).map((days) => ({ passMs: days * DAY_MS })) },
);

function take(theirs: Play, one: Step): string {
  return "does" in one ? theirs.says(one.does) : theirs.pass(one.passMs).join(" ");
}

/** What should wait for whom, told by nothing but what was sent and acknowledged. */
type Expected = Map<string, string[]>;

function expectStep(expected: Expected, does: MailCommand | EngineCommand, gives: string, state: MailState): void {
  if (gives === "MailSent" && does.type === "Send") {
    const isBroadcast = does.to === "*";
    const recipients = isBroadcast ? [...state.connected].filter((who) => who !== does.name) : [does.to];
    for (const recipient of recipients)
      expected.set(recipient, [...(expected.get(recipient) ?? []), keyOfCopy(does.id, recipient, isBroadcast)]);
  }
  if (does.type === "Acknowledge")
    expected.set(
      does.name,
      (expected.get(does.name) ?? []).filter((waiting) => waiting !== does.key),
    );
}

it("keeps for each peer what was sent to it and it has not acknowledged, in the order in which it was sent, whatever happens", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const theirs = play();
      const expected: Expected = new Map();
      for (const one of steps) {
        const gives = take(theirs, one);
        if ("does" in one) expectStep(expected, one.does, gives, theirs.state);

        const waiting = Object.entries(waitingIn(theirs.state)).filter(([, keys]) => keys.length > 0);
        expect(Object.fromEntries(waiting)).toEqual(Object.fromEntries([...expected].filter(([, keys]) => keys.length > 0)));
        expect(theirs.state.waiting).toBe(waiting.reduce((sum, [, keys]) => sum + keys.length, 0));
      }
    }),
    { numRuns: 300 },
  );
});

it("lets a name go from one credential to another only after its peer was forgotten", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const theirs = play();
      for (const one of steps) take(theirs, one);

      const holders = new Map<string, string>();
      for (const event of theirs.events) {
        if (event.type === "PeerForgotten") holders.delete(event.name);
        if (event.type !== "PeerConnected") continue;
        expect(holders.get(event.name) ?? event.fingerprint).toBe(event.fingerprint);
        holders.set(event.name, event.fingerprint);
      }
    }),
    { numRuns: 200 },
  );
});

it("holds nothing any more of peers that are gone and mail that was acknowledged, once it is old", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const theirs = play();
      for (const one of steps) take(theirs, one);
      for (const [who, keys] of Object.entries(waitingIn(theirs.state))) for (const one of keys) theirs.says(acknowledge(who, one));
      theirs.says({ type: "Opened", session: "s", settings: {} });

      theirs.pass(100 * DAY_MS);

      const { peers, connected, ids, waiting, deadlines } = theirs.state;
      expect([peers.size, connected.size, ids.size, waiting, deadlines.size]).toEqual([0, 0, 0, 0, 0]);
      expect(mail.nextDeadline(theirs.state)).toBe(mail.nextDeadline(initialState()));
    }),
    { numRuns: 200 },
  );
});
