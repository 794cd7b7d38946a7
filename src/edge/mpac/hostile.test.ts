/** What a peer may try, by ill will or by accident, and who must not notice. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { of, scope, serveSession, type TestClient } from "./mpac-edge.test.fixture.ts";

const ours = { extensions: { signalbox: {} } };

async function join(client: TestClient, payload: object = {}) {
  client.send("HELLO", { display_name: "x", roles: [], capabilities: [], ...payload });
  return client.next(of("SESSION_INFO"));
}

describe("a bystander is still served", () => {
  it("after a number that no log could hold", async () => {
    await using served = await serveSession();
    using ana = await served.connect("ana");
    using bo = await served.connect("bo");
    await join(ana);
    await join(bo);
    ana.raw(
      '{"message_type":"INTENT_ANNOUNCE","message_id":"m","sender":{"principal_id":"ana"},"payload":{"intent_id":"i","scope":{"kind":"file_set","resources":["a"]},"x":1e999}}',
    );

    expect((await ana.next(of("PROTOCOL_ERROR"))).payload).toMatchObject({ error_code: "MALFORMED_MESSAGE", refers_to: "m" });
    expect(await bo.sofar()).toEqual([]);
  });

  it("after a question whose answer broke", async () => {
    await using served = await serveSession({ files: { list: () => Promise.reject(new Error("git is gone")) } });
    using ana = await served.connect("ana");
    await join(ana);
    ana.raw(JSON.stringify({ type: "FILE_LIST" }));

    expect((await ana.next(of("PROTOCOL_ERROR"))).payload).toMatchObject({ error_code: "MALFORMED_MESSAGE" });
    expect(await ana.sofar()).toEqual([]);
  });

  it("after an upgrade of a path that is no path", async () => {
    await using served = await serveSession();
    using ana = await served.connect("ana");
    await join(ana);
    const socket = connect(served.port, "127.0.0.1");
    socket.write(
      "GET // HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    );
    await once(socket, "data");
    socket.destroy();

    expect(await ana.sofar()).toEqual([]);
  });
});

describe("a connection that closes while it joins", () => {
  it("holds no name and is not there", async () => {
    await using served = await serveSession();
    const gone = await served.connect("ana", "1");
    gone.send("HELLO", ours);
    gone[Symbol.dispose]();
    await gone.closed;
    using ana = await served.connect("ana", "2");

    // The server hears of the close in its own time; a name that stayed taken would never be given.
    let answer;
    do {
      ana.send("HELLO", ours);
      answer = await ana.next((frame) => of("SESSION_INFO")(frame) || of("PROTOCOL_ERROR")(frame));
    } while (answer.message_type !== "SESSION_INFO");

    expect(answer.payload["participant_count"]).toBe(1);
  });
});

describe("joining", () => {
  it("many times at once under one name gives it to the first", async () => {
    await using served = await serveSession();
    const clients = await Promise.all(["1", "2", "3", "4"].map((instance) => served.connect("ana", instance)));
    for (const client of clients) client.send("HELLO", {});

    const answers = await Promise.all(
      clients.map((client) => client.next((frame) => of("SESSION_INFO")(frame) || of("PROTOCOL_ERROR")(frame))),
    );

    expect(answers.filter(of("SESSION_INFO"))).toHaveLength(1);
    for (const client of clients) client[Symbol.dispose]();
  });

  it("right behind a GOODBYE on the same connection stays joined", async () => {
    await using served = await serveSession();
    using ana = await served.connect("ana");
    await join(ana);
    ana.send("GOODBYE", {});
    ana.send("HELLO", {});
    await ana.next(of("SESSION_INFO"));
    ana.send("INTENT_ANNOUNCE", { intent_id: "i", scope: scope("a") });

    expect((await ana.next((frame) => of("INTENT_ANNOUNCE")(frame) || of("PROTOCOL_ERROR")(frame))).message_type).toBe("INTENT_ANNOUNCE");
  });

  it("is answered with a Lamport value above everything the session has used", async () => {
    await using served = await serveSession();
    using ana = await served.connect("ana");
    await join(ana);
    for (const id of ["i1", "i2"]) ana.send("INTENT_ANNOUNCE", { intent_id: id, scope: scope(id) });
    await ana.sofar();
    using bo = await served.connect("bo");

    const info = await join(bo);

    expect(info.watermark?.value).toBeGreaterThan(served.stream.host.view.clock - 1);
  });
});

describe("the log and the peers", () => {
  const secret = "s3cr3t-value";
  const hidden = {
    credential: { value: secret },
    headers: { Authorization: secret },
    extensions: { auth: { token: secret }, signalbox: {} },
  };

  it.each([
    ["HELLO", {}],
    ["HEARTBEAT", { status: "working" }],
    ["INTENT_ANNOUNCE", { intent_id: "i", scope: scope("a") }],
    ["OP_COMMIT", { op_id: "o", target: "a", file_changes: { a: { content: secret, state_ref_before: null, new_content: secret } } }],
    ["OP_COMMIT", { op_id: "o", target: "a", file_changes: { b: { content: secret } } }],
    ["OP_SUPERSEDE", { op_id: "o2", supersedes_op_id: "o1", target: "a", file_changes: { a: { content: secret } } }],
    ["GOODBYE", {}],
  ])("hold nothing that %s carried for the edge alone", async (type, payload) => {
    await using served = await serveSession();
    using bo = await served.connect("bo");
    await join(bo);
    for (const worktree of [undefined, { id: "0123456789abcdef", path: "/w" }]) {
      using ana = await served.connect(worktree === undefined ? "ana" : "cy");
      await join(ana, { extensions: { signalbox: worktree === undefined ? {} : { worktree } } });
      ana.send("OP_COMMIT", { op_id: worktree === undefined ? "o1" : "o1w", target: "a", state_ref_after: `sha256:${"1".repeat(64)}` });
      ana.send(type, { ...payload, ...hidden, op_id: `${type}-${worktree?.id ?? ""}` }, { credential: secret, headers: { x: secret } });
      await ana.next(
        (frame) => frame.message_id === "never" || of(type)(frame) || of("PROTOCOL_ERROR")(frame) || of("SESSION_INFO")(frame),
      );
    }

    expect((await served.log()).join("\n")).not.toContain(secret);
    expect(JSON.stringify(await bo.sofar())).not.toContain(secret);
  });

  it("hold a commit of several files so that it is decided the same again", async () => {
    await using served = await serveSession();
    using ana = await served.connect("ana");
    await join(ana);
    ana.send("OP_COMMIT", {
      op_id: "o",
      target: "zz",
      file_changes: { zz: { content: "1" }, aa: { content: "2" }, __proto__x: { content: "3" } },
    });

    await ana.next(of("OP_COMMIT"));

    expect(await served.log()).toHaveLength(3);
  });
});

describe("a commit on the virtual tree", () => {
  const onDisk = `sha256:${"a".repeat(64)}`;
  const wrong = `sha256:${"b".repeat(64)}`;

  it.each(["a.md", "./a.md", "/repo/a.md", "src/../a.md", "a.md/"])(
    "that rests on another state is refused however it spells %s",
    async (path) => {
      await using served = await serveSession({ files: { reference: (name) => Promise.resolve(name === "a.md" ? onDisk : null) } });
      using ana = await served.connect("ana");
      await join(ana);
      ana.send("OP_COMMIT", { op_id: "o", target: path, file_changes: { [path]: { content: "x", state_ref_before: wrong } } });

      const answer = await ana.next((frame) => of("OP_COMMIT")(frame) || of("PROTOCOL_ERROR")(frame));

      expect(answer.payload["error_code"]).toBe("STALE_STATE_REF");
    },
  );

  it.each([{ text: 1 }, 7, undefined])("whose content is %j is refused, not taken for a deletion", async (content) => {
    await using served = await serveSession();
    using ana = await served.connect("ana");
    await join(ana);
    ana.send("OP_COMMIT", { op_id: "o", target: "a", file_changes: { a: { content } } });

    expect((await ana.next(of("PROTOCOL_ERROR"))).payload).toMatchObject({ error_code: "MALFORMED_MESSAGE" });
  });

  it("may rest on what FILE_READ shows after a commit that brought no content", async () => {
    await using served = await serveSession({ files: { reference: () => Promise.resolve(onDisk) } });
    using ana = await served.connect("ana");
    await join(ana);
    ana.send("OP_COMMIT", { op_id: "o1", target: "a", state_ref_before: onDisk, state_ref_after: wrong });
    await ana.next(of("OP_COMMIT"));
    ana.send("OP_COMMIT", { op_id: "o2", target: "a", file_changes: { a: { content: "x", state_ref_before: onDisk } } });

    expect((await ana.next((frame) => of("OP_COMMIT")(frame) || of("PROTOCOL_ERROR")(frame))).message_type).toBe("OP_COMMIT");
  });

  it("may be of a file that is called as an object's prototype is, and is decided once more the same", async () => {
    await using served = await serveSession();
    using ana = await served.connect("ana");
    await join(ana);
    const commits = (id: string, own: string, change: string) =>
      ana.raw(
        `{"message_type":"OP_COMMIT","message_id":"${id}","sender":{"principal_id":"ana"},"payload":{"op_id":"${id}","target":"__proto__","state_ref_before":${own},"state_ref_after":"sha256:${"b".repeat(16)}","file_changes":{"__proto__":${change}}}}`,
      );

    commits("o1", "null", `{"content":"x"}`);
    await ana.next(of("OP_COMMIT"));
    commits("o2", `"nonsense"`, `{"content":"y","state_ref_before":"sha256:${createHash("sha256").update("x").digest("hex")}"}`);

    expect((await ana.next((frame) => of("OP_COMMIT")(frame) || of("PROTOCOL_ERROR")(frame))).message_type).toBe("OP_COMMIT");
  });
});
