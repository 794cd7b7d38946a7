/** What holds for every message: repeats are recognised, the Lamport clock rises, and the log alone says what was. */
import { describe, expect, it } from "vitest";
import type { PrincipalId } from "../../wire/ids.ts";
import type { JsonObject } from "../../wire/json.ts";
import { UnknownEvent } from "../aggregate.ts";
import { session } from "./session.ts";
import { acceptedOf, asStored, eventOf, files, gist, type Play, play, playWith, resultOf, signalbox } from "./session.test.fixture.ts";

const announce = (id: string, requestId: string, path = `${id}.ts`): JsonObject => ({
  intent_id: id,
  scope: files(path),
  ...signalbox({ request_id: requestId }),
});

describe("a request id", () => {
  it("that comes again gets the first result again, without a record", () => {
    const played = playWith(["ana"]);
    const first = played.says("ana", "INTENT_ANNOUNCE", announce("i", "r"));
    const { revision } = played.records.at(-1) ?? { revision: 0 };
    played.says("ana", "INTENT_WITHDRAW", { intent_id: "i" });

    const again = played.says("ana", "INTENT_ANNOUNCE", announce("i", "r"));

    expect(again).toEqual({ standing: { revision, result: resultOf(first) } });
  });

  it("that comes again with other content is refused", () => {
    const played = playWith(["ana"]);
    played.says("ana", "INTENT_ANNOUNCE", announce("i", "r"));

    expect(gist(played.says("ana", "INTENT_ANNOUNCE", announce("k", "r")))).toBe("request/other-content");
    expect(gist(played.says("ana", "INTENT_WITHDRAW", { intent_id: "i", ...signalbox({ request_id: "r" }) }))).toBe(
      "request/other-content",
    );
  });

  it("of another principal is another request", () => {
    const played = playWith(["ana", "bo"]);
    played.says("ana", "INTENT_ANNOUNCE", announce("i", "r"));

    expect(gist(played.says("bo", "INTENT_ANNOUNCE", announce("k", "r")))).toEqual(["IntentAnnounced"]);
  });

  it("of a refused command is not remembered", () => {
    const played = playWith(["ana", "bo"]);
    played.says("ana", "INTENT_ANNOUNCE", announce("i", "r", "x"));
    expect(gist(played.says("bo", "INTENT_ANNOUNCE", announce("k", "s", "x")))).toBe("intent/held");
    played.says("ana", "INTENT_WITHDRAW", { intent_id: "i" });

    expect(gist(played.says("bo", "INTENT_ANNOUNCE", announce("k", "s", "x")))).toEqual(["IntentAnnounced"]);
  });

  it("is recognised when the connection broke after the farewell", () => {
    const played = playWith(["ana"]);
    played.says("ana", "GOODBYE", signalbox({ request_id: "r" }));

    expect(gist(played.says("ana", "GOODBYE", signalbox({ request_id: "r" })))).toBe("standing");
  });

  it("is remembered for the last thousand of each principal", () => {
    const played = playWith(["ana", "bo"]);
    const status = (index: number) => ({ status: `status ${index}`, ...signalbox({ request_id: `r${index}` }) });
    played.says("bo", "HEARTBEAT", status(0));
    for (let index = 0; index <= 1_000; index += 1) played.says("ana", "HEARTBEAT", status(index));

    const requests = (principal: string) => played.state.participants.get(principal as PrincipalId)?.requests;
    expect(requests("ana")?.size).toBe(1_000);
    expect(gist(played.says("ana", "HEARTBEAT", status(1)))).toBe("standing");
    expect(gist(played.says("ana", "HEARTBEAT", status(0)))).toEqual(["ParticipantStatus"]);
    expect(requests("bo")?.size).toBe(1);
  });
});

describe("the Lamport clock", () => {
  const lamportsOf = (played: Play): number[] =>
    played.records.map(({ events }) => (events.at(-1) as { readonly lamport: number }).lamport);
  const seen = (value: unknown, kind = "lamport_clock", more: JsonObject = {}) => ({ watermark: { kind, value, ...more } as JsonObject });

  it("rises with each record in steps of 1,024", () => {
    const played = playWith(["ana", "bo", "cy"]);

    expect(lamportsOf(played)).toEqual([1_024, 2_048, 3_072, 4_096]);
  });

  it("leaves room for more messages than a step holds", () => {
    const played = playWith(["ana", "bo"]);
    const count = 1_500;
    for (let index = 0; index < count; index += 1)
      played.says("ana", "INTENT_ANNOUNCE", { intent_id: `i${index}`, scope: files(`d/${index}`) });
    const wide = played.says("ana", "GOODBYE");

    const next = played.says("bo", "HEARTBEAT", { status: "working" });

    const messages = acceptedOf(wide).length;
    expect(messages).toBeGreaterThan(count);
    expect(eventOf(next, "Settled").lamport).toBeGreaterThan(eventOf(wide, "Settled").lamport + messages);
  });

  it.each([
    ["a value ahead of it", seen(5_000), 5_120],
    ["a value at a step", seen(5_120), 6_144],
    ["a value behind it", seen(7), 3_072],
    ["a value 2^32 ahead", seen(2_050 + 2 ** 32), 2 ** 32 + 3_072],
    ["a value more than 2^32 ahead, which it ignores", seen(2_050 + 2 ** 32 + 1), 3_072],
    ["a broken value", seen(5_000.5), 5_120],
    ["a negative value", seen(-1), 3_072],
    ["a value that is no number", seen("5000"), 3_072],
    ["another kind of watermark", seen(5_000, "opaque"), 3_072],
    ["another kind that says its Lamport value, too", seen([1], "vector_clock", { lamport_value: 5_000 }), 5_120],
  ])("goes on above what was received: %s", (_, more, lamport) => {
    const played = playWith(["ana"]);
    expect(played.state.clock).toBe(2_050);

    const decision = played.says("ana", "HEARTBEAT", { status: "working" }, more);

    expect(eventOf(decision, "Settled").lamport).toBe(lamport);
  });

  it("is rebuilt from the log alone", () => {
    const played = playWith(["ana"]);
    played.says("ana", "INTENT_ANNOUNCE", announce("i", "r"), seen(9_999));
    const folded = session.initial();

    for (const { events, revision, atMs } of played.records)
      for (const event of events) session.evolve(folded, asStored(event), { revision, atMs });

    expect(folded.clock).toBe(played.state.clock);
  });
});

describe("opening", () => {
  it("begins the session and raises the epoch with each process, keeping the settings that a later one does not name", () => {
    const played = play({ intent_ttl_sec: 900 });

    played.gives({ type: "Opened", session: "another", settings: { race_lock: false } });

    expect(played.state).toMatchObject({ id: "s", epoch: 2, settings: { intent_ttl_sec: 900, race_lock: false } });
  });
});

it("somebody may be silent for as long as the policy says, and as ever once it says nothing of that", () => {
  const played = playWith(["ana"], { liveness: { unavailability_timeout_sec: 20 } });
  const maySilent = (): readonly number[] => Array.from(session.present(played.state), ({ maySilentMs }) => maySilentMs);
  const before = maySilent();

  played.gives({ type: "Opened", session: "s", settings: { liveness: {} } });

  expect([before, maySilent()]).toEqual([[20_000], [90_000]]);
});

describe("an event that was stored", () => {
  it("keeps members that this release does not know", () => {
    const stored = { type: "ParticipantLeft", principalId: "ana", reason: "", later: 1 };

    expect(session.readEvent(stored)).toEqual(stored);
  });

  it.each([{ type: "LaneClaimed" }, {}, null, "text", { type: "ParticipantLeft" }])("and is not known stops the reading: %j", (stored) => {
    expect(() => session.readEvent(stored)).toThrow(UnknownEvent);
  });
});
