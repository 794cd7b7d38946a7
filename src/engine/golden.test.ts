import { describe, expect, it } from "vitest";
import { session } from "../core/session/session.ts";
import { streamOf, type SessionId } from "../wire/ids.ts";
import { type LogRecord, RECORD_FORMAT, RULES } from "../wire/record.ts";
import { REFUSALS } from "../wire/refusals.ts";
import { SessionEvent } from "../wire/session.ts";
import { IntentEnd } from "../wire/session/intents.ts";
import { foldOf, type GoldenStream, keptStreams, PRESENT_RELEASE, sayingOf } from "./golden.test.fixture.ts";
import { momentOf } from "./moment.ts";
import { redecide } from "./redecide.ts";
import { BEFORE_FIRST, unseal } from "./seal.ts";

const STREAM = streamOf("golden" as SessionId, "session");

/** The records, each checked as it is when a log is opened. */
function recordsOf({ texts }: GoldenStream): LogRecord[] {
  const records: LogRecord[] = [];
  for (const [index, text] of texts.entries()) {
    records.push(unseal(STREAM, { revision: index + 1, text }, records.at(-1) ?? BEFORE_FIRST));
  }
  return records;
}

const kept = keptStreams();

describe.each(kept)("the stream of $name", (stream) => {
  it("is whole, and each record follows the one before", () => {
    expect(recordsOf(stream)).toHaveLength(stream.texts.length);
  });

  it("folds into the state that it folded into then", () => {
    expect(sayingOf(foldOf(recordsOf(stream)))).toMatchObject(stream.state as object);
  });

  it("is decided once more the same, as far as its rules are those of today", () => {
    expect(() => redecide(session, recordsOf(stream))).not.toThrow();
  });

  it.runIf(recordsOf(stream).every(({ rules }) => rules === RULES))("is refused the same again", () => {
    const records = recordsOf(stream);

    const again = stream.refusals.map(({ after, atMs, facts, command }) => {
      const decision = session.decide(foldOf(records.slice(0, after)), command, momentOf({ atMs, seed: "again", facts }));
      return "rejected" in decision ? decision.rejected.code : "not refused";
    });

    expect(again).toEqual(stream.refusals.map(({ code }) => code));
  });
});

/** What only the engine, the store or an edge refuses. */
const NOT_OF_A_SESSION = [
  "message/unsupported",
  "session/other-sender",
  "session/profile-unsupported",
  "credential/rejected",
  "peer/other-user",
  "store/unavailable",
  "store/contended",
  "lane/held",
  "lane/not-held",
  "lane/no-place",
  "lane/too-many",
  "board/no-message",
  "board/not-flagged",
  "mail/name-claimed",
  "mail/not-registered",
  "mail/malformed",
  "mail/other-sender",
  "mail/unknown-peer",
  "mail/too-large",
  "mcp/too-many-sessions",
  "mcp/too-many-subscriptions",
  "mcp/unknown-session",
];

describe("the stream of this release", () => {
  const present = kept.find(({ name }) => name === PRESENT_RELEASE);
  const records = present === undefined ? [] : recordsOf(present);
  const events = records.flatMap((record) => record.events as readonly SessionEvent[]);

  it("is kept, in today's format and by today's rules: if it is not, `npm run golden` writes it", () => {
    expect(records.length).toBeGreaterThan(0);
    expect(new Set(records.map(({ format, rules }) => `format ${format}, rules ${rules}`))).toEqual(
      new Set([`format ${RECORD_FORMAT}, rules ${RULES}`]),
    );
  });

  it.each(SessionEvent.options.map(({ shape }) => [shape.type.value, Object.keys(shape)] as const))(
    "holds %s with every member that it may have",
    (type, members) => {
      const seen = new Set(events.filter((event) => event.type === type).flatMap((event) => Object.keys(event)));

      expect(members.filter((member) => !seen.has(member))).toEqual([]);
    },
  );

  it("ends intents and is refused in every way there is", () => {
    const ends = new Set(events.flatMap((event) => (event.type === "IntentEnded" ? [event.state] : [])));
    const codes = new Set(present?.refusals.map(({ code }) => code));

    expect(IntentEnd.options.filter((end) => !ends.has(end))).toEqual([]);
    expect(Object.keys(REFUSALS).filter((code) => !codes.has(code) && !NOT_OF_A_SESSION.includes(code))).toEqual([]);
  });
});
