/** Records are closed by a hash over what they say, and a log that was touched is refused with the record named. */
import { createHash } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { session } from "../core/session/session.ts";
import type { StoredRecord } from "../store/store.ts";
import type { Hash } from "../wire/ids.ts";
import type { JsonObject } from "../wire/json.ts";
import { type LogRecord, RECORD_FORMAT, RULES, SELF } from "../wire/record.ts";
import { canonical } from "./canonical.ts";
import { createEngine } from "./engine.ts";
import { logOf, SESSION, storeOf, STREAM, worldWith } from "./engine.test.fixture.ts";
import { silentLog } from "./log.ts";
import { createManualClock } from "./manual-clock.test.fixture.ts";
import { BEFORE_FIRST, hashOf, seal, unseal } from "./seal.ts";

const OPEN: Omit<LogRecord, "hash"> = {
  format: RECORD_FORMAT,
  rules: RULES,
  revision: 1,
  atMs: 5,
  seed: "s",
  facts: {},
  actor: SELF,
  node: "n",
  command: { z: 1, a: "ä\u{1f6a6}" },
  events: [{ type: "Settled" }],
  prevHash: BEFORE_FIRST.hash,
};

/** Closed as `seal` does, whatever it says. */
function sealedText(open: object): string {
  return seal(open as typeof OPEN).text;
}

describe("a sealed record", () => {
  it("carries the SHA-256 of its own canonical text without the hash", () => {
    const { record, text } = seal(OPEN);
    const { hash, ...open } = JSON.parse(text) as LogRecord;

    const sorted = (value: unknown): unknown =>
      typeof value !== "object" || value === null || Array.isArray(value)
        ? value
        : Object.fromEntries(
            Object.entries(value)
              .sort(([a], [b]) => (a < b ? -1 : 1))
              .map(([key, inner]) => [key, sorted(inner)]),
          );
    expect(hash).toBe(
      createHash("sha256")
        .update(JSON.stringify(sorted(open)))
        .digest("hex"),
    );
    expect(record.hash).toBe(hash);
    expect(text.endsWith(`,"hash":"${hash}"}`)).toBe(true);
  });

  it("is read back as it was closed", () => {
    const { record, text } = seal(OPEN);

    expect(unseal(STREAM, { revision: 1, text }, BEFORE_FIRST)).toEqual(record);
  });

  it("is read back with a member that is called as an object's prototype is", () => {
    const named = JSON.parse('{"file_changes":{"__proto__":{"state_ref":null}}}') as JsonObject;
    const { text } = seal({ ...OPEN, command: named, facts: named });

    const { command, facts } = unseal(STREAM, { revision: 1, text }, BEFORE_FIRST);

    expect([JSON.stringify(command), JSON.stringify(facts)]).toEqual([JSON.stringify(named), JSON.stringify(named)]);
  });

  it("has one hash for one content, in whatever order it was put together", () => {
    expect(hashOf({ b: [1, { d: 1, c: 2 }], a: undefined })).toBe(hashOf({ b: [1, { c: 2, d: 1 }] }));
  });

  it("is the same whether its command is put into canonical form with it or was before", () => {
    expect(seal(OPEN, canonical(OPEN.command))).toEqual(seal(OPEN));
  });

  it.each(["\ud800", { a: Number.NaN }, ["ok", "\udc00"]])("cannot hold what JSON text cannot: %j", (command) => {
    expect(() => seal({ ...OPEN, command })).toThrow(RangeError);
  });
});

describe("a log that is not what was written", () => {
  let whole: readonly StoredRecord[] = [];

  beforeAll(async () => {
    await using world = await worldWith(["ana", "bo", "cy"]);
    for await (const stored of world.store.read(STREAM, 0)) whole = [...whole, stored];
  });

  const textAt = (revision: number): string => whole[revision - 1]?.text ?? "";
  const replaced = (revision: number, text: string): StoredRecord[] =>
    whole.map((stored) => (stored.revision === revision ? { revision, text } : stored));
  const resealed = (revision: number, change: object): StoredRecord[] => {
    const { hash: _hash, ...open } = JSON.parse(textAt(revision)) as LogRecord;
    return replaced(revision, sealedText({ ...open, ...change }));
  };
  const open = (records: readonly StoredRecord[]) =>
    createEngine({ store: storeOf(records), log: silentLog, node: "n", clock: createManualClock() }).open(session, SESSION, {});

  it.each<readonly [string, () => readonly StoredRecord[], string]>([
    ["torn", () => replaced(3, textAt(3).slice(0, -20)), "record 3 of s/session is torn"],
    ["empty", () => replaced(3, ""), "record 3 of s/session is torn"],
    ["flipped", () => replaced(2, textAt(2).replace("ana", "bna")), "record 2 of s/session does not have the content its hash says"],
    [
      "flipped in its hash",
      () => replaced(2, `${textAt(2).slice(0, -3)}${textAt(2).at(-3) === "0" ? "1" : "0"}"}`),
      "record 2 of s/session does not have the content",
    ],
    ["missing", () => whole.filter(({ revision }) => revision !== 2), "record 2 of s/session is missing, 3 comes instead"],
    [
      "missing, with the rest moved up",
      () => whole.slice(1).map(({ text }, index) => ({ revision: index + 1, text })),
      "record 1 of s/session says that it is 2",
    ],
    [
      "in another's place",
      () => whole.map(({ revision }) => ({ revision, text: textAt(revision === 2 ? 3 : revision === 3 ? 2 : revision) })),
      "record 2 of s/session says that it is 3",
    ],
    [
      "of another log",
      () => resealed(3, { prevHash: "1".repeat(64) as Hash }),
      "record 3 of s/session does not follow the record before it",
    ],
    ["changed and closed again", () => resealed(2, { node: "somebody" }), "record 3 of s/session does not follow the record before it"],
    ["no record", () => replaced(1, sealedText({ ...OPEN, events: [] })), "record 1 of s/session is no record"],
  ])("because a record is %s is refused", async (_, records, message) => {
    const opening = open(records());

    await expect(opening).rejects.toMatchObject({ code: "log/damaged", stream: STREAM });
    await expect(opening).rejects.toThrow(message);
    await expect(opening).rejects.toThrow("«signalbox store set-aside»");
  });

  it("because a later release wrote it is refused with its format", async () => {
    const opening = open(resealed(1, { format: RECORD_FORMAT + 1, events: "whatever later releases put here" }));

    await expect(opening).rejects.toMatchObject({ code: "log/too-new" });
    await expect(opening).rejects.toThrow(`s/session has record format ${RECORD_FORMAT + 1} and this release reads up to ${RECORD_FORMAT}`);
  });

  it("because it holds an event that this release does not know is refused with its name", async () => {
    const opening = open(resealed(1, { events: [{ type: "LaneClaimed" }] }));

    await expect(opening).rejects.toMatchObject({ code: "log/unknown-event" });
    await expect(opening).rejects.toThrow("«LaneClaimed»");
  });

  it("can be told from one that is whole", async () => {
    await expect(open(whole)).resolves.toMatchObject({ host: { revision: 4 } });
    expect(await logOf(storeOf(whole))).toHaveLength(4);
  });
});
