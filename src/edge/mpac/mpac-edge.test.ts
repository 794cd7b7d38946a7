import { describe, expect, it } from "vitest";
import { of, scope, serveSession, type TestClient } from "./mpac-edge.test.fixture.ts";

const ours = { extensions: { signalbox: {} } };

async function join(client: TestClient, payload: object = {}) {
  client.send("HELLO", { display_name: "x", roles: [], capabilities: [], ...payload });
  return client.next(of("SESSION_INFO"));
}

describe("joining", () => {
  it("is answered with the session before anything else", async () => {
    await using served = await serveSession();
    using ana = await served.connect("ana");

    const info = await join(ana, { roles: ["contributor"] });

    expect(info.payload).toMatchObject({
      session_id: "s",
      execution_model: "post_commit",
      granted_roles: ["contributor"],
      participant_count: 1,
    });
  });

  it("under a connected name is refused with the next free one, on the same connection", async () => {
    await using served = await serveSession();
    using ana = await served.connect("ana", "1");
    using other = await served.connect("ana", "2");
    await join(ana);
    other.send("HELLO", {});

    const refused = await other.next(of("PROTOCOL_ERROR"));

    expect(refused.payload).toMatchObject({ error_code: "AUTHORIZATION_FAILED", extensions: { signalbox: { suggested: "ana#2" } } });
  });

  it("at once under one name lets exactly one through", async () => {
    await using served = await serveSession();
    const clients = await Promise.all(["1", "2", "3"].map((instance) => served.connect("ana", instance)));
    for (const client of clients) client.send("HELLO", {});

    const answers = await Promise.all(
      clients.map((client) => client.next((frame) => of("SESSION_INFO")(frame) || of("PROTOCOL_ERROR")(frame))),
    );

    expect(answers.filter(of("SESSION_INFO"))).toHaveLength(1);
    for (const client of clients) client[Symbol.dispose]();
  });

  it("finds the intents of a holder that is gone", async () => {
    await using served = await serveSession();
    const before = await served.connect("ana", "1");
    await join(before, ours);
    before.send("INTENT_ANNOUNCE", { intent_id: "i", objective: "o", scope: scope("a"), ...ours });
    await before.next(of("INTENT_ANNOUNCE"));
    before[Symbol.dispose]();
    using after = await served.connect("ana", "2");

    // The server hears of the broken connection in its own time; until then the name is taken.
    let info;
    do {
      after.send("HELLO", ours);
      info = await after.next((frame) => of("SESSION_INFO")(frame) || of("PROTOCOL_ERROR")(frame));
    } while (info.message_type !== "SESSION_INFO");

    expect(info.payload.extensions?.signalbox?.["intents"]).toMatchObject([{ intent_id: "i", state: "ACTIVE", fence: 1 }]);
  });

  it("that is refused hears nothing of the session", async () => {
    await using served = await serveSession();
    using ana = await served.connect("ana", "1");
    using refused = await served.connect("ana", "2");
    await join(ana);
    refused.send("HELLO", {});
    await refused.next(of("PROTOCOL_ERROR"));

    ana.send("INTENT_ANNOUNCE", { intent_id: "i", objective: "o", scope: scope("a") });
    await ana.next(of("INTENT_ANNOUNCE"));

    expect(await refused.sofar()).toEqual([]);
  });
});

describe("a sender", () => {
  it("is bound to its connection", async () => {
    await using served = await serveSession();
    using ana = await served.connect("ana");
    await join(ana);
    ana.raw(JSON.stringify({ message_type: "GOODBYE", message_id: "forged", sender: { principal_id: "bo" }, payload: {} }));

    const refused = await ana.next(of("PROTOCOL_ERROR"));

    expect(refused.payload).toMatchObject({ error_code: "AUTHORIZATION_FAILED", refers_to: "forged" });
  });

  it.each([
    { type: "INTENT_ANNOUNCE", payload: { intent_id: "i", scope: scope("a") }, name: "says a message" },
    { type: "INTENT_ANNOUNCE", payload: {}, name: "says one without its members" },
    { type: "COORDINATOR_STATUS", payload: { event: "heartbeat" }, name: "speaks as the coordinator does" },
    { type: "FUTURE_TYPE", payload: {}, name: "says what nobody knows" },
  ])("that has not joined is told to when it $name", async ({ type, payload }) => {
    await using served = await serveSession();
    using ana = await served.connect("ana");
    const id = ana.send(type, payload);

    const refused = await ana.next(of("PROTOCOL_ERROR"));

    expect(refused.payload).toMatchObject({ error_code: "INVALID_REFERENCE", refers_to: id });
  });

  it("is told what is wrong with a HELLO", async () => {
    await using served = await serveSession();
    using ana = await served.connect("ana");
    const id = ana.send("HELLO", { roles: "contributor" });

    expect((await ana.next(of("PROTOCOL_ERROR"))).payload).toMatchObject({ error_code: "MALFORMED_MESSAGE", refers_to: id });
  });

  it("is carried in the order it spoke, also when it does not wait for its welcome", async () => {
    await using served = await serveSession();
    using ana = await served.connect("ana");
    ana.send("HELLO", {});
    ana.send("INTENT_ANNOUNCE", { intent_id: "i", scope: scope("a") });
    ana.send("INTENT_WITHDRAW", { intent_id: "i" });

    const withdrawn = await ana.next(of("INTENT_WITHDRAW"));

    expect(withdrawn.payload["intent_id"]).toBe("i");
  });
});

describe("an accepted message", () => {
  it("comes back as it was sent to a client that speaks plain MPAC", async () => {
    await using served = await serveSession();
    using ana = await served.connect("ana");
    await join(ana);
    const payload = {
      intent_id: "i",
      objective: "o",
      scope: { ...scope("./src//a.ts"), extensions: { impact: ["b"] } },
      assumptions: ["none"],
    };
    const id = ana.send("INTENT_ANNOUNCE", payload);

    const echo = await ana.next(of("INTENT_ANNOUNCE"));

    expect(echo).toMatchObject({ message_id: id, payload });
    expect(echo.payload.extensions).toBeUndefined();
  });

  it.each([
    { type: "HEARTBEAT", payload: { status: "working" } },
    { type: "INTENT_ANNOUNCE", payload: { intent_id: "i", scope: scope("a") } },
    { type: "GOODBYE", payload: {} },
  ])("$type is acknowledged to a client of ours, once", async ({ type, payload }) => {
    await using served = await serveSession();
    using ana = await served.connect("ana");
    await join(ana, ours);
    const id = ana.send(type, { ...payload, ...ours });

    const ack = await ana.next((frame) => frame.message_id === id);

    expect(ack.payload.extensions?.signalbox?.["ack"]).toMatchObject({ revision: 3 });
  });

  it("is acknowledged again when it is repeated, with the first outcome", async () => {
    await using served = await serveSession();
    using ana = await served.connect("ana");
    await join(ana, ours);
    const announce = { intent_id: "i", scope: scope("a"), extensions: { signalbox: { request_id: "r" } } };
    const first = ana.send("INTENT_ANNOUNCE", announce);
    const firstAck = await ana.next((frame) => frame.message_id === first);
    const second = ana.send("INTENT_ANNOUNCE", announce);

    const secondAck = await ana.next((frame) => frame.message_id === second);

    expect(secondAck.payload.extensions?.signalbox?.["ack"]).toEqual(firstAck.payload.extensions?.signalbox?.["ack"]);
    expect(served.stream.host.revision).toBe(3);
  });

  it("ends with the connection of ours after GOODBYE", async () => {
    await using served = await serveSession();
    using ana = await served.connect("ana");
    await join(ana, ours);

    ana.send("GOODBYE", { reason: "user_exit" });

    expect(await ana.closed).toBe(1000);
  });
});

describe("peers", () => {
  it("hear of joins, announcements, replacements and leaves", async () => {
    await using served = await serveSession();
    using ana = await served.connect("ana");
    await join(ana);
    using bo = await served.connect("bo");
    await join(bo);
    bo.send("INTENT_ANNOUNCE", { intent_id: "i1", scope: scope("src") });
    bo.send("INTENT_ANNOUNCE", { intent_id: "i2", scope: scope("src/a.ts") });
    bo.send("GOODBYE", {});
    await bo.next((frame) => frame.message_type === "INTENT_WITHDRAW" && frame.payload["reason"] === "owner_left");

    const heard = await ana.sofar();

    expect(
      heard.map((frame) => [frame.message_type, frame.payload["intent_id"], frame.payload["reason"]].filter(Boolean).join(" ")),
    ).toEqual([
      "HELLO",
      "INTENT_ANNOUNCE i1",
      "INTENT_ANNOUNCE i2",
      "INTENT_WITHDRAW i1 superseded",
      "GOODBYE",
      "INTENT_WITHDRAW i2 owner_left",
    ]);
  });

  it("are told of a conflict they are part of, and nobody else is", async () => {
    await using served = await serveSession();
    using ana = await served.connect("ana");
    using bo = await served.connect("bo");
    using cy = await served.connect("cy");
    for (const client of [ana, bo, cy]) await join(client);
    ana.send("INTENT_ANNOUNCE", { intent_id: "i1", scope: scope("a") });
    await bo.next(of("INTENT_ANNOUNCE"));
    bo.send("INTENT_ANNOUNCE", { intent_id: "i2", scope: scope("a"), extensions: { signalbox: { on_overlap: "proceed" } } });

    const [toAna, toBo] = await Promise.all([ana.next(of("CONFLICT_REPORT")), bo.next(of("CONFLICT_REPORT"))]);

    expect(toAna.payload).toMatchObject({
      intent_a: "i2",
      intent_b: "i1",
      related_intents: ["i2", "i1"],
      category: "scope_overlap",
      severity: "medium",
    });
    expect(toBo.message_id).toBe(toAna.message_id);
    expect((await cy.sofar()).some(of("CONFLICT_REPORT"))).toBe(false);
  });

  it("never see file contents, and neither does the log", async () => {
    await using served = await serveSession();
    using ana = await served.connect("ana");
    using bo = await served.connect("bo");
    for (const client of [ana, bo]) await join(client, { credential: { type: "bearer_token", value: "s3cret" } });
    ana.send("OP_COMMIT", {
      op_id: "o",
      target: "a",
      state_ref_before: null,
      file_changes: { a: { content: "top secret text", state_ref_before: null } },
    });

    const relayed = await bo.next(of("OP_COMMIT"));
    const updated = await bo.next(of("FILE_UPDATED"));

    expect(relayed.payload).not.toHaveProperty("file_changes");
    expect(updated).toMatchObject({ path: "a", updated_by: "ana", state_ref: expect.stringMatching(/^sha256:[0-9a-f]{16}$/) });
    const log = [];
    for await (const { text } of served.store.read(served.stream.host.stream, 0)) log.push(text);
    expect(log.join("\n")).not.toMatch(/top secret text|s3cret/);
    bo.raw(JSON.stringify({ type: "FILE_READ", path: "./a" }));
    expect(await bo.next(of("FILE_CONTENT"))).toMatchObject({ content: "top secret text" });
  });
});

describe("the virtual tree", () => {
  it("refuses what rests on another state than the one that was written last", async () => {
    await using served = await serveSession({ files: { reference: () => Promise.resolve(`sha256:${"a".repeat(64)}`) } });
    using ana = await served.connect("ana");
    await join(ana);
    const commit = (opId: string, before: string) =>
      ana.send("OP_COMMIT", {
        op_id: opId,
        target: "a",
        state_ref_before: before,
        file_changes: { a: { content: opId, state_ref_before: before } },
      });
    commit("o1", `sha256:${"a".repeat(16)}`);
    await ana.next(of("OP_COMMIT"));
    const stale = commit("o2", `sha256:${"a".repeat(16)}`);

    const refused = await ana.next(of("PROTOCOL_ERROR"));

    expect(refused.payload).toMatchObject({ error_code: "STALE_STATE_REF", refers_to: stale });
  });
});

describe("a question without HELLO", () => {
  it.each([
    { peer: "same-user", asks: "SESSION_SUMMARY", answered: "SESSION_SUMMARY_RESPONSE" },
    { peer: "same-user", asks: "FILE_LIST", answered: "FILE_LIST_RESPONSE" },
    { peer: "unknown", asks: "SESSION_SUMMARY", answered: "SESSION_SUMMARY_RESPONSE" },
    { peer: "unknown", asks: "FILE_LIST", answered: "PROTOCOL_ERROR" },
    { peer: "other-user", asks: "SESSION_SUMMARY", answered: "PROTOCOL_ERROR" },
    { peer: "other-user", asks: "FILE_LIST", answered: "PROTOCOL_ERROR" },
  ] as const)("by $peer for $asks is answered with $answered", async ({ peer, asks, answered }) => {
    await using served = await serveSession({ peer });
    using ana = await served.connect("ana");
    ana.raw(JSON.stringify({ type: asks }));

    expect(await ana.next(() => true)).toSatisfy(of(answered));
  });

  it("by whoever the system does not tell of is answered after HELLO", async () => {
    await using served = await serveSession({ peer: "unknown" });
    using ana = await served.connect("ana");
    await join(ana);
    ana.raw(JSON.stringify({ type: "SESSION_SUMMARY" }));

    const summary = await ana.next(of("SESSION_SUMMARY_RESPONSE"));

    expect(summary["session"]).toMatchObject({ participant_count: 1, active_intent_count: 0 });
  });
});

describe("the coordinator's Lamport values", () => {
  it("rise on every connection, whatever they belong to", async () => {
    await using served = await serveSession();
    using ana = await served.connect("ana");
    using bo = await served.connect("bo");
    await join(ana);
    await join(bo);
    ana.send("INTENT_ANNOUNCE", { intent_id: "i1", scope: scope("a") }, { watermark: { kind: "lamport_clock", value: 9000 } });
    await bo.next(of("INTENT_ANNOUNCE"));
    for (let count = 0; count < 5; count += 1) bo.send("INTENT_ANNOUNCE", { intent_id: `b${count}`, scope: scope("a") });
    bo.send("INTENT_ANNOUNCE", { intent_id: "b9", scope: scope("a"), extensions: { signalbox: { on_overlap: "proceed" } } });
    bo.send("INTENT_ANNOUNCE", { intent_id: "b10", scope: scope("a/b") });

    const fromCoordinator = (await bo.sofar()).filter((frame) => frame.sender?.principal_id.startsWith("service:") === true);
    const values = fromCoordinator.map((frame) => frame.watermark?.value ?? 0);

    expect(values.length).toBeGreaterThan(6);
    expect(values).toEqual([...new Set(values)].toSorted((a, b) => a - b));
    expect(values.at(-1)).toBeGreaterThan(9000);
  });

  it.each([
    ["a Lamport value", { kind: "lamport_clock", value: 9000 }],
    ["one of another kind", { kind: "vector_clock", value: [1], lamport_value: 9000 }],
  ])("lie above what a client says that it has seen, in %s, also where nothing is recorded", async (_kind, watermark) => {
    await using served = await serveSession();
    using ana = await served.connect("ana");
    await join(ana);
    ana.send("INTENT_WITHDRAW", { intent_id: "none" }, { watermark });

    const refused = await ana.next(of("PROTOCOL_ERROR"));

    expect(refused.watermark?.value).toBeGreaterThan(9000);
  });
});
