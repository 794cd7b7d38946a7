import { describe, expect, it } from "vitest";
import { schemaOracle } from "../../../smoke/support/mpac-schema.ts";
import { session } from "../../core/session/session.ts";
import { initialState } from "../../core/session/state.ts";
import { keptStreams } from "../../engine/golden.test.fixture.ts";
import type { LogRecord } from "../../wire/record.ts";
import { of, type Received, scope, serveSession, type TestClient } from "./mpac-edge.test.fixture.ts";
import { createTranscript } from "./transcript.ts";

const AT_MS = Date.UTC(2026, 10, 21, 10);
const proceed = { extensions: { signalbox: { on_overlap: "proceed" } } };

interface Document {
  readonly session_id: string;
  readonly exported_at: string;
  readonly security_profile: string;
  readonly participants: readonly Readonly<Record<string, unknown>>[];
  readonly messages: readonly Received[];
  readonly final_snapshot: Readonly<Record<string, unknown>> & { readonly anti_replay: Readonly<Record<string, unknown>> };
  readonly extensions: {
    readonly signalbox: { readonly records: number; readonly last_hash: string; readonly lamport: readonly number[] };
  };
}

/** The transcript of a log, as somebody reads it who has nothing else. */
function transcriptOf(log: readonly string[]): { readonly document: Document; readonly text: string } {
  const transcript = createTranscript("s", AT_MS);
  const state = initialState();
  let text = transcript.begin();
  for (const line of log) {
    const record = JSON.parse(line) as LogRecord;
    for (const event of record.events) session.evolve(state, session.readEvent(event), record);
    text += transcript.add(record, state);
  }
  text += transcript.end(state);
  return { document: JSON.parse(text) as Document, text };
}

const hello = { display_name: "x", roles: ["contributor"], capabilities: ["op.commit"] };

async function join(client: TestClient, payload: object = hello): Promise<void> {
  client.send("HELLO", payload);
  await client.next(of("SESSION_INFO"));
}

const isCoordinators = (message: Received): boolean => message.sender?.principal_id.startsWith("service:coordinator-") === true;
const typesOf = (messages: readonly Received[]): unknown[] => messages.map(({ message_type: type }) => type);

/** Ana and bo meet over a file, bo yields, and cy, who only listens, hears all of it. */
async function meeting() {
  const served = await serveSession();
  const cy = await served.connect("cy");
  await join(cy);
  const [ana, bo] = [await served.connect("ana"), await served.connect("bo")];
  await join(ana);
  await join(bo);
  ana.send("INTENT_ANNOUNCE", { intent_id: "i1", objective: "o", scope: scope("a"), ttl_sec: 60, ...proceed });
  await ana.next(of("INTENT_ANNOUNCE"));
  bo.send("INTENT_ANNOUNCE", { intent_id: "i2", objective: "o", scope: scope("a", "b"), ...proceed });
  const report = await bo.next(of("CONFLICT_REPORT"));
  bo.send("INTENT_ANNOUNCE", { intent_id: "i3", objective: "o", scope: scope("c"), supersedes_intent_id: "i2", ...proceed });
  await bo.next(of("INTENT_WITHDRAW"));
  ana.send("INTENT_WITHDRAW", { intent_id: "i1", reason: "yielded" });
  await bo.next(of("RESOLUTION"));
  bo.send("GOODBYE", { reason: "user_exit" });
  await cy.next((frame) => of("GOODBYE")(frame) && frame.sender?.principal_id === "bo");
  const log = await served.log();
  await served[Symbol.asyncDispose]();
  return { report, ...transcriptOf(log), log };
}

describe("a transcript", () => {
  it("has the specification's members", async () => {
    const { document, log } = await meeting();

    expect(document).toMatchObject({
      session_id: "s",
      protocol_version: "0.1.15",
      exported_at: "2026-11-21T10:00:00.000Z",
      security_profile: "open",
      final_snapshot: { snapshot_version: 2, session_id: "s", captured_at: "2026-11-21T10:00:00.000Z" },
      extensions: { signalbox: { records: log.length, last_hash: (JSON.parse(log.at(-1) ?? "") as LogRecord).hash } },
    });
  });

  it("tells of everybody who took part, those who left among them", async () => {
    const { document } = await meeting();

    const principal = (id: string) => ({ principal_id: id, principal_type: "agent", ...hello });
    expect(document.participants).toEqual(["cy", "ana", "bo"].map(principal));
  });

  it("has the coordinator's messages as those heard them who were there", async () => {
    const { document, report } = await meeting();

    const said = document.messages.filter(isCoordinators);
    expect(said.filter(of("CONFLICT_REPORT"))).toEqual([report]);
    expect(typesOf(said)).toEqual(expect.arrayContaining(["CONFLICT_REPORT", "INTENT_WITHDRAW", "RESOLUTION"]));
    expect(new Set(document.messages.map(({ message_id: id }) => id)).size).toBe(document.messages.length);
  });

  it("is made of whole envelopes, also where a sender left something out", async () => {
    const { document } = await meeting();
    const check = schemaOracle();

    expect(document.messages.flatMap((message) => check(message))).toEqual([]);
  });

  it("is in the order of the session's own Lamport clock, in which no answer comes before its question", async () => {
    const { document } = await meeting();
    const { lamport } = document.extensions.signalbox;
    const at = (fits: (message: Received) => boolean): number => document.messages.findIndex(fits);
    const announced = (id: string) => at((message) => of("INTENT_ANNOUNCE")(message) && message.payload["intent_id"] === id);

    expect(lamport).toHaveLength(document.messages.length);
    expect(lamport).toEqual([...new Set(lamport)].sort((a, b) => a - b));
    expect(announced("i2")).toBeGreaterThan(announced("i1"));
    expect(at(of("CONFLICT_REPORT"))).toBeGreaterThan(announced("i2"));
    expect(at(of("INTENT_WITHDRAW"))).toBeGreaterThan(announced("i3"));
    expect(at(of("RESOLUTION"))).toBeGreaterThan(at((message) => of("INTENT_WITHDRAW")(message) && !isCoordinators(message)));
    const own = document.messages.map((message, index) => (isCoordinators(message) ? message.watermark?.value : lamport[index]));
    expect(own).toEqual(lamport);
  });

  it("is the same whenever it is made of the same log", async () => {
    const { log, text } = await meeting();

    expect(transcriptOf(log).text).toBe(text);
  });
});

it.each(keptStreams())("of the log of $name is one document, each message of it told apart and in its place", ({ texts }) => {
  const { document } = transcriptOf(texts);

  const ids = document.messages.filter(isCoordinators).map(({ message_id: id }) => id);
  const { lamport } = document.extensions.signalbox;
  expect(document.messages.length).toBeGreaterThan(texts.length / 2);
  expect(new Set(ids).size).toBe(ids.length);
  expect(lamport).toEqual([...lamport].sort((a, b) => a - b));
  expect(document.final_snapshot).toMatchObject({ snapshot_version: 2 });
});

describe("what a transcript does not have", () => {
  it("is a credential or the content of a file, wherever a client put it", async () => {
    await using served = await serveSession();
    using ana = await served.connect("ana");
    const secret = "only-for-the-edge";
    await join(ana, { ...hello, credential: { type: "bearer_token", value: secret }, extensions: { other: { token: secret } } });
    const content = "what only the file says";
    ana.send("OP_COMMIT", {
      op_id: "op",
      target: "a",
      op_kind: "insert",
      state_ref_before: null,
      state_ref_after: null,
      file_changes: { a: { content, state_ref_before: null } },
    });
    await ana.next(of("OP_COMMIT"));

    const { document, text } = transcriptOf(await served.log());

    expect(text).not.toContain(secret);
    expect(text).not.toContain(content);
    const commit = document.messages.find(of("OP_COMMIT"));
    expect(commit?.payload["file_changes"]).toEqual({
      a: { blob: expect.any(String) as string, state_ref: expect.stringMatching(/^sha256:/) as string, state_ref_before: null },
    });
  });

  it("is the content that a log should not have had", () => {
    const changes = { file_changes: { a: { content: "leaked", state_ref: "r" } } };
    const payload = { ...changes, operations: [{ op_id: "op", ...changes }, "nonsense"] };
    const command = { message_type: "OP_BATCH_COMMIT", message_id: "m", sender: { principal_id: "ana" }, payload };
    const record = { revision: 1, atMs: AT_MS, command, events: [{ type: "Settled", lamport: 1024 }] };

    const { document, text } = transcriptOf([JSON.stringify(record)]);

    expect(text).not.toContain("leaked");
    expect(document.messages[0]?.payload).toEqual({
      file_changes: { a: { state_ref: "r" } },
      operations: [{ op_id: "op", file_changes: { a: { state_ref: "r" } } }, "nonsense"],
    });
  });

  it("is what was refused", async () => {
    await using served = await serveSession();
    using ana = await served.connect("ana");
    await join(ana);
    ana.send("INTENT_WITHDRAW", { intent_id: "nobodys" });
    await ana.next(of("PROTOCOL_ERROR"));

    expect(typesOf(transcriptOf(await served.log()).document.messages)).toEqual(["HELLO"]);
  });
});
