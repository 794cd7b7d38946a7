/** A log is decided once more the same, and the first record that is not is named. */
import { beforeAll, describe, expect, it } from "vitest";
import { session } from "../core/session/session.ts";
import { type LogRecord, RULES } from "../wire/record.ts";
import { intent, logOf, worldWith } from "./engine.test.fixture.ts";
import { DecidedOtherwise, redecide } from "./redecide.ts";

let records: readonly LogRecord[] = [];

beforeAll(async () => {
  await using world = await worldWith(["ana", "bo"]);
  await world.says("ana", "INTENT_ANNOUNCE", intent("a", { ttl_sec: 10 }));
  const over = { ...intent("b", { extensions: { signalbox: { on_overlap: "proceed" } } }), scope: intent("a")["scope"] };
  await world.says("bo", "INTENT_ANNOUNCE", over as ReturnType<typeof intent>);
  await world.pass(15_000);
  records = await logOf(world.store);
});

/** The log with one record changed. */
function changed(revision: number, change: (record: LogRecord) => Partial<LogRecord>): LogRecord[] {
  return records.map((record) => (record.revision === revision ? { ...record, ...change(record) } : record));
}

describe("deciding again", () => {
  it("gives the same records", () => {
    expect(() => redecide(session, records)).not.toThrow();
    expect(records).toHaveLength(6);
  });

  it.each<readonly [string, (record: LogRecord) => Partial<LogRecord>]>([
    ["another seed", () => ({ seed: "other" })],
    ["another time", ({ atMs }) => ({ atMs: atMs + 1 })],
    ["another fact", () => ({ facts: {} })],
    ["another sender", ({ command }) => ({ command: { ...(command as object), sender: { principal_id: "ana" } } })],
    ["events that were touched", ({ events }) => ({ events: events.slice(1) })],
    ["a command that is refused", () => ({ command: { type: "Tick" } })],
  ])("with %s names the record", (_, change) => {
    expect(() => redecide(session, changed(5, change))).toThrow(DecidedOtherwise);
    expect(() => redecide(session, changed(5, change))).toThrow("record 5 says");
  });

  it("passes over a record of other rules, and folds it", () => {
    const older = changed(5, () => ({ rules: RULES + 1, seed: "other" }));

    expect(() => redecide(session, older)).not.toThrow();
  });
});

it("draws different ids for what one decision makes", async () => {
  await using world = await worldWith(["ana", "bo"]);
  await world.says("ana", "INTENT_ANNOUNCE", intent("a"));
  await world.says("ana", "INTENT_ANNOUNCE", intent("b"));
  const over = { kind: "file_set", resources: ["a.ts", "b.ts"] };

  await world.says("bo", "INTENT_ANNOUNCE", { intent_id: "c", scope: over, extensions: { signalbox: { on_overlap: "proceed" } } });

  expect(await world.stream.host.query(({ conflicts }) => conflicts.size)).toBe(2);
});
