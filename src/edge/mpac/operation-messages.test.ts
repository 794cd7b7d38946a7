/** Proposals, authorizations, batches and rejections as clients send and hear them. */
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../wire/json.ts";
import { of, scope, serveSession, type Received, type TestClient } from "./mpac-edge.test.fixture.ts";

const PRE_COMMIT: JsonObject = { compliance: "governance", execution_model: "pre_commit" };
const sha = (digit: string): string => `sha256:${digit.repeat(64)}`;
const types = (frames: readonly Received[]): unknown[] => frames.map((frame) => frame.message_type ?? frame.type);

async function join(client: TestClient, payload: object = {}): Promise<void> {
  client.send("HELLO", { display_name: "x", roles: [], capabilities: [], ...payload });
  await client.next(of("SESSION_INFO"));
}

/** ana has an intent over a.ts and b.ts, bo listens, cy may turn down. */
async function three(settings: JsonObject = {}) {
  const served = await serveSession({ settings });
  const [ana, bo, cy] = [await served.connect("ana"), await served.connect("bo"), await served.connect("cy")] as const;
  await join(ana);
  await join(bo);
  await join(cy, { roles: ["reviewer"] });
  ana.send("INTENT_ANNOUNCE", { intent_id: "i", objective: "o", scope: scope("a.ts", "b.ts") });
  for (const client of [ana, bo, cy]) await client.next(of("INTENT_ANNOUNCE"));
  return {
    served,
    ana,
    bo,
    cy,
    async [Symbol.asyncDispose]() {
      for (const client of [ana, bo, cy]) client[Symbol.dispose]();
      await served[Symbol.asyncDispose]();
    },
  };
}

const change = (more: object = {}) => ({ op_id: "o", target: "a.ts", op_kind: "replace", intent_id: "i", ...more });

describe("a proposal", () => {
  it("is shown to the others, and its rejection to everybody", async () => {
    await using room = await three();
    room.ana.send("OP_PROPOSE", change({ summary: "more" }));
    const shown = await room.bo.next(of("OP_PROPOSE"));

    room.cy.send("OP_REJECT", { op_id: "o", reason: "not_now" });

    expect(shown.payload).toMatchObject({ op_id: "o", target: "a.ts", summary: "more" });
    for (const client of [room.ana, room.bo, room.cy]) {
      const rejected = await client.next(of("OP_REJECT"));
      expect([rejected.sender?.principal_id, rejected.payload]).toEqual(["cy", { op_id: "o", reason: "not_now" }]);
    }
    expect(await room.ana.sofar()).toEqual([]);
  });

  it("under an intent that has ended is turned down in both words", async () => {
    await using room = await three();
    room.ana.send("INTENT_WITHDRAW", { intent_id: "i" });
    await room.ana.next(of("INTENT_WITHDRAW"));
    const id = room.ana.send("OP_PROPOSE", change());

    const said = await room.ana.sofar();

    expect(said.map(({ message_type, payload }) => [message_type, payload])).toEqual([
      ["OP_REJECT", { op_id: "o", reason: "intent_terminated", refers_to: "i" }],
      ["PROTOCOL_ERROR", expect.objectContaining({ error_code: "INVALID_REFERENCE", refers_to: id })],
    ]);
    expect(types(await room.bo.sofar())).toEqual(["INTENT_WITHDRAW"]);
  });

  it("that waits under an intent which ends hears of it, by the message that the intent was announced or changed with last", async () => {
    await using room = await three();
    const updated = room.ana.send("INTENT_UPDATE", { intent_id: "i", objective: "more" });
    room.ana.send("INTENT_ANNOUNCE", { intent_id: "i2", objective: "o", scope: scope("c.ts") });
    await room.ana.next((frame) => of("INTENT_ANNOUNCE")(frame));
    room.bo.send("OP_PROPOSE", change());
    await room.ana.next(of("OP_PROPOSE"));

    room.ana.send("INTENT_WITHDRAW", { intent_id: "i" });

    const rejected = await room.bo.next(of("OP_REJECT"));
    expect(rejected.payload).toEqual({ op_id: "o", reason: "intent_terminated", refers_to: updated });
  });
});

describe("where changes are authorized first", () => {
  it("the authorization goes to everybody and names the operation, and the commit is one only afterwards", async () => {
    await using room = await three(PRE_COMMIT);
    room.ana.send("OP_COMMIT", change({ file_changes: { "a.ts": { content: "x" } } }));
    const authorized = await room.bo.next(of("COORDINATOR_STATUS"));
    const before = await room.bo.sofar();
    room.ana.send("OP_COMMIT", change({ file_changes: { "a.ts": { content: "x" } } }));

    expect(authorized.payload).toMatchObject({
      event: "authorization",
      authorized_op_id: "o",
      authorized_by: "service:coordinator-s",
      coordinator_id: "service:coordinator-s",
    });
    expect(before).toEqual([]);
    expect((await room.bo.next(of("FILE_UPDATED")))["path"]).toBe("a.ts");
  });

  it("each operation of a batch has its own word, under an id of its own", async () => {
    await using room = await three(PRE_COMMIT);
    room.ana.send("OP_BATCH_COMMIT", {
      batch_id: "g",
      atomicity: "all_or_nothing",
      intent_id: "i",
      operations: [change(), change({ op_id: "p", target: "b.ts" })],
    });

    const words = (await room.ana.sofar()).filter(of("COORDINATOR_STATUS"));

    expect(words.map(({ payload }) => [payload["authorized_op_id"], payload["authorized_batch_id"]])).toEqual([
      ["o", "g"],
      ["p", "g"],
    ]);
    expect(new Set(words.map(({ message_id }) => message_id)).size).toBe(2);
  });
});

describe("a batch", () => {
  const operations = [
    change({ file_changes: { "a.ts": { content: "one" } } }),
    change({ op_id: "p", target: "b.ts", file_changes: { "b.ts": { content: "two" } } }),
  ];

  it("is shown to the others without its contents, which they read afterwards", async () => {
    await using room = await three();
    room.ana.send("OP_BATCH_COMMIT", { batch_id: "g", atomicity: "all_or_nothing", operations });

    const heard = [
      await room.bo.next(of("OP_BATCH_COMMIT")),
      await room.bo.next(of("FILE_UPDATED")),
      await room.bo.next(of("FILE_UPDATED")),
    ];
    room.bo.raw(JSON.stringify({ type: "FILE_READ", path: "b.ts" }));

    expect(JSON.stringify(heard[0]?.payload)).not.toContain("file_changes");
    expect(heard.slice(1).map((frame) => frame["path"])).toEqual(["a.ts", "b.ts"]);
    expect((await room.bo.next(of("FILE_CONTENT")))["content"]).toBe("two");
    expect((await room.served.log()).join("\n")).not.toContain('"two"');
  });

  it("that is refused as a whole is heard of by its sender alone, in both words", async () => {
    await using room = await three();
    const stale = change({ op_id: "p", target: "a.ts", state_ref_before: sha("0") });
    const id = room.ana.send("OP_BATCH_COMMIT", { batch_id: "g", atomicity: "all_or_nothing", operations: [operations[0], stale] });

    const said = await room.ana.sofar();

    expect(said.map(({ message_type, payload }) => [message_type, payload])).toEqual([
      ["OP_REJECT", { op_id: "g", reason: "batch_validation_failed", rejected_ops: ["p"] }],
      ["PROTOCOL_ERROR", expect.objectContaining({ error_code: "STALE_STATE_REF", refers_to: id })],
    ]);
    expect(await room.bo.sofar()).toEqual([]);
  });

  it("of which a part is taken says to everybody which was not, and why", async () => {
    await using room = await three();
    room.ana.send("OP_BATCH_COMMIT", {
      batch_id: "g",
      atomicity: "best_effort",
      operations: [operations[0], change({ op_id: "p", target: "../p" })],
    });

    const { payload } = await room.bo.next(of("OP_REJECT"));

    expect(payload).toMatchObject({ op_id: "g", reason: "batch_validation_failed", rejected_ops: ["p"] });
    expect(payload.extensions?.signalbox?.["refused"]).toMatchObject([{ op_id: "p", refusal: "scope/refused" }]);
  });

  it("is compared with the main worktree's files, entry by entry", async () => {
    const reference = (path: string) => Promise.resolve(path === "b.ts" ? sha("b") : null);
    await using served = await serveSession({ files: { reference } });
    using ana = await served.connect("ana");
    await join(ana);
    const stale = change({ op_id: "p", target: "b.ts", intent_id: null, state_ref_before: sha("0") });
    ana.send("OP_BATCH_COMMIT", { batch_id: "g", operations: [change({ intent_id: null }), stale] });

    const refused = await ana.next(of("PROTOCOL_ERROR"));

    expect(refused.payload["error_code"]).toBe("STALE_STATE_REF");
  });

  it("with a content that is none is refused before anything is kept", async () => {
    await using room = await three();
    room.ana.send("OP_BATCH_COMMIT", { batch_id: "g", operations: [change({ file_changes: { "a.ts": { content: 7 } } })] });

    expect((await room.ana.next(of("PROTOCOL_ERROR"))).payload["error_code"]).toBe("MALFORMED_MESSAGE");
  });

  it("leaves no secret of an entry in the log", async () => {
    await using room = await three();
    const secret = { token: "hush-1", extensions: { other: { api_key: "hush-2" } } };
    room.ana.send("OP_BATCH_COMMIT", { batch_id: "g", operations: [change(secret)] });
    await room.bo.next(of("OP_BATCH_COMMIT"));

    expect((await room.served.log()).join("\n")).not.toContain("hush");
  });
});
