import { beforeAll, describe, expect, it } from "vitest";
import { blobsOf } from "../core/session/blobs.ts";
import { session } from "../core/session/session.ts";
import { StoreCorrupt, StoreUnavailable } from "../store/errors.ts";
import { memoryStore } from "../store/memory.ts";
import type { StoredRecord } from "../store/store.ts";
import type { Hash, StreamId } from "../wire/ids.ts";
import type { JsonObject } from "../wire/json.ts";
import { RECORD_FORMAT, RULES, SELF } from "../wire/record.ts";
import type { SessionEvent } from "../wire/session.ts";
import { BEFORE_FIRST, hashOfBytes, seal, sha256 } from "./seal.ts";
import { type KeptLog, type StreamReport, verifyLog } from "./verify.ts";

const STREAM = "s/session" as StreamId;
const CONTENT = Buffer.from("the content of a file");
const READING = { readEvent: (stored: unknown) => session.readEvent(stored), blobsOf: (event: object) => blobsOf(event as SessionEvent) };

const joined = (principalId: string) => ({
  type: "ParticipantJoined",
  principalId,
  principalType: "agent",
  instanceId: "1",
  displayName: principalId,
  roles: [],
  extended: false,
});
const committed = (blob: Hash) => ({
  type: "OperationCommitted",
  opId: "op",
  principalId: "ana",
  target: "a",
  opKind: "replace",
  tree: "virtual",
  stateRefBefore: null,
  stateRefAfter: null,
  uncoordinated: true,
  files: [{ path: "a", stateRef: null, blob }],
  contentHash: "",
});
/** What each record of the log below answers, and its first event. */
const HAPPENED: readonly (readonly [JsonObject, { readonly type: string }])[] = [
  [{ message_type: "HELLO" }, joined("ana")],
  [{ message_type: "HELLO" }, joined("bo")],
  [{ message_type: "OP_COMMIT" }, committed(hashOfBytes(CONTENT))],
  [{ type: "ParticipantLapsed" }, { type: "ParticipantLapsed", principalId: "bo", lastHeardAtMs: 0 } as { type: string }],
];

/** Seals what happened, one record a second; `change` may make one of them another. */
function chain(change: (revision: number) => object = () => ({})): StoredRecord[] {
  const records: StoredRecord[] = [];
  let previous = BEFORE_FIRST;
  for (const [index, [command, event]] of HAPPENED.entries()) {
    const revision = index + 1;
    const fixed = { format: RECORD_FORMAT, rules: RULES, seed: "seed", facts: {}, actor: SELF, node: "n", command };
    const events = [event, { type: "Settled", lamport: 1024 * revision }];
    const open = { ...fixed, revision, atMs: 1_000 * revision, events, prevHash: previous.hash, ...change(revision) };
    const { record, text } = seal(open);
    records.push({ revision, text });
    previous = record;
  }
  return records;
}

interface Keeper {
  readonly records: readonly StoredRecord[];
  readonly head?: number;
  readonly blobs?: ReadonlyMap<string, Uint8Array>;
  readonly fails?: Error;
}

/** Whoever keeps a log hands over what it likes. */
function handedOver({ records, head = records.length, blobs = new Map([[hashOfBytes(CONTENT), CONTENT]]), fails }: Keeper): KeptLog {
  return {
    streams: () => Promise.resolve([{ stream: STREAM, head }]),
    async *read() {
      yield* records;
      if (fails !== undefined) throw fails;
    },
    getBlob: (hash) => Promise.resolve(blobs.get(hash)),
  };
}

async function judged(keeper: Keeper): Promise<StreamReport> {
  const [report] = await verifyLog(handedOver(keeper), () => READING);
  if (report === undefined) throw new Error("there is no report");
  return report;
}

describe("a log that is whole", () => {
  it("is told with its ends, its time and what its records answer", async () => {
    const records = chain();

    const { span, kinds, blobs, flaw } = await judged({ records });

    const hashOf = (revision: number): string => (JSON.parse(records[revision - 1]?.text ?? "") as { hash: string }).hash;
    const point = (revision: number) => ({ revision, hash: hashOf(revision), atMs: 1_000 * revision });
    expect(flaw).toBeUndefined();
    expect(span).toEqual({ records: 4, first: point(1), last: point(4) });
    expect(Object.fromEntries(kinds)).toEqual({
      HELLO: { records: 2, first: point(1), last: point(2) },
      OP_COMMIT: { records: 1, first: point(3), last: point(3) },
      ParticipantLapsed: { records: 1, first: point(4), last: point(4) },
    });
    expect(blobs).toBe(1);
  });

  it("may have grown since its keeper was asked how long it is", async () => {
    expect(await judged({ records: chain(), head: 3 })).toMatchObject({ span: { records: 3 }, flaw: undefined });
  });

  it("has nothing in it when there is no stream", async () => {
    await using store = memoryStore();

    expect(await verifyLog(store, () => READING)).toEqual([]);
  });

  it("is counted as it is read", async () => {
    const seen: (readonly [number, number])[] = [];

    await verifyLog(
      handedOver({ records: chain() }),
      () => READING,
      (...counts) => seen.push(counts),
    );

    expect(seen).toEqual([1, 2, 3, 4].map((read) => [read, 4]));
  });
});

describe("a log that is not what was written", () => {
  let records: StoredRecord[] = [];
  beforeAll(() => {
    records = chain();
  });
  const textAt = (revision: number): string => records[revision - 1]?.text ?? "";
  const replaced = (revision: number, text: string) =>
    records.map((stored) => (stored.revision === revision ? { revision, text } : stored));
  /** Members in another order, with the hash that fits them. */
  const reordered = (text: string): string => {
    const { node, hash: _hash, ...rest } = JSON.parse(text) as JsonObject;
    const body = JSON.stringify({ node, ...rest });
    return `${body.slice(0, -1)},"hash":"${sha256(body)}"}`;
  };

  it.each<{ name: string; keeper: () => Keeper; revision: number; what: string; expected: RegExp; found: RegExp }>([
    {
      name: "a changed word",
      keeper: () => ({ records: replaced(2, textAt(2).replace('"bo"', '"cy"')) }),
      revision: 2,
      what: "does not have the content its hash says",
      expected: /^hash [0-9a-f]{64}$/,
      found: /^hash [0-9a-f]{64}$/,
    },
    {
      name: "a torn record",
      keeper: () => ({ records: replaced(3, textAt(3).slice(0, -5)) }),
      revision: 3,
      what: "is torn",
      expected: /ends with its hash/,
      found: /ends with "/,
    },
    {
      name: "a missing record",
      keeper: () => ({ records: records.filter(({ revision }) => revision !== 2), head: 4 }),
      revision: 2,
      what: "is missing, 3 comes instead",
      expected: /^revision 2$/,
      found: /^revision 3$/,
    },
    {
      name: "a lost end",
      keeper: () => ({ records: records.slice(0, 2), head: 4 }),
      revision: 3,
      what: "is missing",
      expected: /up to revision 4/,
      found: /none behind 2/,
    },
    {
      name: "nothing at all",
      keeper: () => ({ records: [], head: 4 }),
      revision: 1,
      what: "is missing",
      expected: /up to revision 4/,
      found: /none behind 0/,
    },
    {
      name: "a record that was changed and closed again",
      keeper: () => ({ records: replaced(1, chain((revision) => (revision === 1 ? { node: "other" } : {}))[0]?.text ?? "") }),
      revision: 2,
      what: "does not follow the record before it",
      expected: /^prevHash [0-9a-f]{64}$/,
      found: /^prevHash [0-9a-f]{64}$/,
    },
    {
      name: "another spelling, with the hash of that",
      keeper: () => ({ records: replaced(4, reordered(textAt(4))) }),
      revision: 4,
      what: "is not in canonical form",
      expected: /"\{\\"actor\\".* at character 3$/,
      found: /"\{\\"node\\".* at character 3$/,
    },
    {
      name: "time that runs backwards",
      keeper: () => ({ records: chain((revision) => (revision === 3 ? { atMs: 1_999 } : {})) }),
      revision: 3,
      what: "is earlier than the record before it",
      expected: /2000 ms/,
      found: /1999 ms/,
    },
    {
      name: "lost content",
      keeper: () => ({ records, blobs: new Map() }),
      revision: 3,
      what: "names bytes that are not kept",
      expected: /^bytes with the hash/,
      found: /^nothing$/,
    },
    {
      name: "other content",
      keeper: () => ({ records, blobs: new Map([[hashOfBytes(CONTENT), Buffer.from("other")]]) }),
      revision: 3,
      what: "names bytes that are not kept",
      expected: new RegExp(hashOfBytes(CONTENT)),
      found: new RegExp(hashOfBytes(Buffer.from("other"))),
    },
    {
      name: "a page that its store cannot read",
      keeper: () => ({ records: records.slice(0, 1), head: 4, fails: new StoreCorrupt("log.db", "revision 2 of stream s is missing") }),
      revision: 2,
      what: "cannot be judged",
      expected: /what was stored/,
      found: /revision 2 of stream s is missing/,
    },
  ])("because of $name is told by its first flaw", async ({ keeper, revision, what, expected, found }) => {
    const { span, flaw } = await judged(keeper());

    expect(flaw).toMatchObject({ revision, what });
    expect(flaw?.code).toMatch(/^(log\/damaged|store\/corrupt)$/);
    expect(flaw?.expected).toMatch(expected);
    expect(flaw?.found).toMatch(found);
    expect(flaw?.expected).not.toBe(flaw?.found);
    expect(span?.records ?? 0).toBe(revision - 1);
  });

  it.each([
    { name: "an unknown event", change: { events: [{ type: "LaneClaimed" }] }, code: "log/unknown-event" },
    { name: "a later format", change: { format: RECORD_FORMAT + 1 }, code: "log/too-new" },
  ])("by a later release with $name cannot be judged by this one", async ({ change, code }) => {
    const later = chain((revision) => (revision === 2 ? change : {}));

    expect((await judged({ records: later })).flaw).toMatchObject({ code, revision: 2, what: "cannot be judged" });
  });
});

it("is a fault and no judgement when the log cannot be reached", async () => {
  const away = handedOver({ records: chain().slice(0, 1), head: 4, fails: new StoreUnavailable("the sidecar went away") });

  await expect(verifyLog(away, () => READING)).rejects.toThrow("the sidecar went away");
});

it("is given up where whoever counts has had enough", async () => {
  const stop = (read: number): void => {
    if (read === 2) throw new Error("interrupted");
  };

  await expect(verifyLog(handedOver({ records: chain() }), () => READING, stop)).rejects.toThrow("interrupted");
});
