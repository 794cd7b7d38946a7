/**
 * What strangers and fools send to a real sidecar, while somebody well-behaved works on another connection: nothing of it
 * may reach him, and nothing of it may leave the workspace.
 */
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { connectMpac, type Members, type MpacClient, type MpacFrame } from "./support/mpac-client.ts";
import { isCoordinators, schemaOracle } from "./support/mpac-schema.ts";
import { type Scratch, scratchFolder } from "./support/scratch.ts";
import { ask, askHealth, type StartedSidecar, startSidecarOf } from "./support/sidecar.ts";
import { within } from "./support/wait.ts";

let scratch: Scratch;
let sidecar: StartedSidecar;
let bystander: MpacClient;
const guests: MpacClient[] = [];
const heard: MpacFrame[] = [];
let drawn = 0;

const uri = (path?: string): string => (path === undefined ? sidecar.uri : `ws://127.0.0.1:${sidecar.port}${path}`);
const name = (who: string): string => `${who}-${(drawn += 1)}`;

async function guest(principal = name("guest"), options = {}): Promise<MpacClient> {
  const client = await connectMpac(uri(), principal, options);
  guests.push(client);
  return client;
}

async function joined(principal?: string): Promise<MpacClient> {
  const client = await guest(principal);
  await client.join();
  return client;
}

const scopeOf = (...resources: string[]) => ({ kind: "file_set", resources });

function announce(client: MpacClient, intentId: string, ...resources: string[]): string {
  return client.send("INTENT_ANNOUNCE", { intent_id: intentId, objective: "work", scope: scopeOf(...resources) });
}

/** Announces, is heard, and takes it back: what a connection that works can do. */
async function works(client: MpacClient): Promise<void> {
  const id = name("intent");
  expect((await client.outcome(announce(client, id, `${id}.ts`))).message_type).toBe("INTENT_ANNOUNCE");
  expect((await client.outcome(client.send("INTENT_WITHDRAW", { intent_id: id }))).message_type).toBe("INTENT_WITHDRAW");
}

/** The same process serves, and its log takes records. */
async function expectHealthy(): Promise<void> {
  expect((await askHealth(sidecar.port))?.body).toMatchObject({ status: "ok", pid: sidecar.pid });
}

const codeOf = (frame: MpacFrame): unknown => frame.payload?.["error_code"];

beforeAll(async () => {
  scratch = await scratchFolder();
  const repository = await scratch.repository("repository", { "src/app.ts": "export {};\n", "README.md": "# Hello\n" });
  await mkdir(join(scratch.folder, "outside"));
  await writeFile(join(scratch.folder, "outside", "secret.txt"), "the secret\n");
  await symlink(join(scratch.folder, "outside", "secret.txt"), join(repository, "link.txt"));
  await symlink(join(scratch.folder, "outside"), join(repository, "links"));
  sidecar = await startSidecarOf(scratch, repository);
  bystander = await connectMpac(sidecar.uri, "bystander");
  await bystander.join();
});

afterEach(async () => {
  await works(bystander);
  await expectHealthy();
  for (const client of guests.splice(0)) {
    heard.push(...client.frames);
    await client[Symbol.asyncDispose]();
  }
});

afterAll(async () => {
  await bystander[Symbol.asyncDispose]();
  await sidecar[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});

const message = (over: Members = {}): Members => ({
  protocol: "MPAC",
  version: "0.1.15",
  message_type: "INTENT_ANNOUNCE",
  message_id: name("message"),
  session_id: "s",
  sender: { principal_id: "guest", principal_type: "agent", sender_instance_id: "guest:1" },
  ts: new Date().toISOString(),
  payload: { intent_id: "i", objective: "work", scope: scopeOf("a") },
  ...over,
});

const DEEP = 50_000;
const nested = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
const HOSTILE: readonly (readonly [string, () => string | Buffer])[] = [
  ["text that is not JSON", () => "GET / HTTP/1.1"],
  ["an empty frame", () => ""],
  ["an array", () => "[]"],
  ["an array of messages", () => JSON.stringify([message()])],
  ["null", () => "null"],
  ["a number", () => "42"],
  ["a text", () => '"HELLO"'],
  ["an empty object", () => "{}"],
  ["an unknown question", () => '{"type":"FORMAT_DISK"}'],
  ["a question whose type is no text", () => '{"type":{"toString":1}}'],
  ["a FILE_READ without path", () => '{"type":"FILE_READ"}'],
  ["a message type that is no text", () => JSON.stringify(message({ message_type: ["HELLO"] }))],
  ["a message without id", () => JSON.stringify({ ...message(), message_id: undefined })],
  ["a message without sender", () => JSON.stringify({ ...message(), sender: undefined })],
  ["a sender that is a text", () => JSON.stringify(message({ sender: "guest" }))],
  ["a payload that is null", () => JSON.stringify(message({ payload: null }))],
  ["a payload that is an array", () => JSON.stringify(message({ payload: [] }))],
  ["a scope without kind", () => JSON.stringify(message({ payload: { intent_id: "i", objective: "o", scope: { resources: ["a"] } } }))],
  ["an id of a hundred thousand characters", () => JSON.stringify(message({ message_id: "x".repeat(100_000) }))],
  [
    "ten thousand resources",
    () => JSON.stringify(message({ payload: { intent_id: "i", scope: scopeOf(...Array.from({ length: 10_000 }, String)) } })),
  ],
  ["half a character in a message that is right otherwise", () => JSON.stringify(message()).replace('"work"', '"\\ud800"')],
  ["half a character in a member's name", () => JSON.stringify(message()).replace('{"protocol"', '{"\\udc00":1,"protocol"')],
  ["a deep array", () => nested(DEEP)],
  ["a deep object", () => `${'{"a":'.repeat(DEEP)}1${"}".repeat(DEEP)}`],
  ["a message that is right but for a deep member", () => JSON.stringify(message()).replace("{", `{"more":${nested(100)},`)],
  ["a message with a very deep member", () => JSON.stringify(message()).replace("{", `{"more":${nested(DEEP)},`)],
  ["binary noise", () => Buffer.from([0, 255, 254, 1, 2, 3])],
];

describe("a frame that means nothing", () => {
  it.each(HOSTILE)("such as %s is answered with PROTOCOL_ERROR, and the connection goes on", async (_name, frame) => {
    const client = await joined();

    client.sendRaw(frame());

    expect(codeOf(await client.frame("the refusal", (answer) => answer.message_type === "PROTOCOL_ERROR"))).toBe("MALFORMED_MESSAGE");
    await works(client);
  });

  it("of a type that nobody knows is passed over without a word", async () => {
    const client = await joined();

    client.sendRaw(message({ message_type: "FROM_THE_FUTURE" }));
    await works(client);

    expect(client.frames.filter((frame) => frame.message_type === "PROTOCOL_ERROR")).toEqual([]);
  });

  it("with __proto__ and constructor in it changes no object but itself", async () => {
    const client = await joined();
    const id = name("intent");

    client.sendRaw(
      `{"message_type":"INTENT_ANNOUNCE","message_id":"${id}","sender":{"principal_id":"${client.principal}","__proto__":{"polluted":1}},` +
        `"__proto__":{"polluted":1},"payload":{"intent_id":"${id}","objective":"o","scope":{"kind":"file_set","resources":["__proto__","constructor/prototype"]},` +
        `"extensions":{"__proto__":{"polluted":1}}}}`,
    );
    const taken = await client.outcome(id);

    expect(taken.message_type).toBe("INTENT_ANNOUNCE");
    expect(JSON.stringify((await askHealth(sidecar.port))?.body)).not.toContain("polluted");
    await works(client);
  });

  it("binary though its text is a message is taken as the original takes it", async () => {
    const client = await joined();
    const id = name("intent");
    const text = message({
      sender: { principal_id: client.principal },
      message_id: id,
      payload: { intent_id: id, objective: "o", scope: scopeOf(id) },
    });

    client.sendRaw(Buffer.from(JSON.stringify(text)));

    expect((await client.outcome(id)).message_type).toBe("INTENT_ANNOUNCE");
  });

  it("of two MiB closes its own connection and no other", async () => {
    const client = await joined();

    client.sendRaw(JSON.stringify(message({ payload: { objective: "x".repeat(2 * 1024 * 1024) } })));

    expect((await within("the end of the connection", client.closed)).code).toBe(1009);
  });

  it("that is no UTF-8 closes its own connection and no other", async () => {
    const client = await joined();

    client.socket.send(Buffer.from([0x22, 0xff, 0xfe, 0x22]), { binary: false });

    expect((await within("the end of the connection", client.closed)).code).toBe(1007);
  });

  it("below WebSocket is refused by HTTP, or its connection is dropped", async () => {
    const socket = connect(sidecar.port, "127.0.0.1");
    socket.on("error", () => undefined);
    const ended = new Promise<void>((resolve) => socket.once("close", () => resolve()));

    socket.write("\u0000\u0001nonsense\r\n\r\n");
    socket.resume();

    await expect(within("the end of the connection", ended)).resolves.toBeUndefined();
  });
});

describe("somebody who speaks for another", () => {
  it("is refused, and nobody hears it", async () => {
    const client = await joined();

    const forged = client.send(
      "INTENT_ANNOUNCE",
      { intent_id: name("forged"), objective: "o", scope: scopeOf("forged.ts") },
      { sender: { principal_id: "bystander" } },
    );

    expect(codeOf(await client.outcome(forged))).toBe("AUTHORIZATION_FAILED");
    await works(bystander);
    expect(bystander.frames.some((frame) => frame.message_id === forged)).toBe(false);
  });

  it("cannot take over another's intent, by its id, by updating or by withdrawing it", async () => {
    const [own, client] = [name("own"), await joined()];
    await bystander.outcome(announce(bystander, own, `${own}.ts`));

    const taken = [
      announce(client, own, "elsewhere.ts"),
      client.send("INTENT_UPDATE", { intent_id: own, objective: "mine now" }),
      client.send("INTENT_WITHDRAW", { intent_id: own }),
      client.send("OP_COMMIT", {
        op_id: name("op"),
        target: `${own}.ts`,
        op_kind: "replace",
        intent_id: own,
        state_ref_before: null,
        state_ref_after: null,
      }),
    ];
    const codes = await Promise.all(taken.map(async (id) => codeOf(await client.outcome(id))));

    expect(codes).toEqual(["INVALID_REFERENCE", "AUTHORIZATION_FAILED", "AUTHORIZATION_FAILED", "AUTHORIZATION_FAILED"]);
    expect((await bystander.outcome(bystander.send("INTENT_WITHDRAW", { intent_id: own }))).message_type).toBe("INTENT_WITHDRAW");
  });

  it("cannot use another's operation id", async () => {
    const [op, client] = [name("op"), await joined()];
    const commit = (from: MpacClient): string =>
      from.send("OP_COMMIT", {
        op_id: op,
        target: `${op}.ts`,
        op_kind: "replace",
        state_ref_before: null,
        state_ref_after: `sha256:${"0".repeat(64)}`,
      });
    expect((await bystander.outcome(commit(bystander))).message_type).toBe("OP_COMMIT");

    expect(codeOf(await client.outcome(commit(client)))).toBe("INVALID_REFERENCE");
  });

  it("by its name, while it is connected, is refused at HELLO and hears nothing from then on", async () => {
    const client = await guest("bystander");

    await expect(client.join()).rejects.toThrow(/bystander/);
    await works(bystander);
    client.sendRaw({ type: "SESSION_SUMMARY" });
    await client.frame("the summary", (frame) => frame.type === "SESSION_SUMMARY_RESPONSE");

    expect(client.frames.map((frame) => frame.message_type ?? frame.type)).toEqual(["PROTOCOL_ERROR", "SESSION_SUMMARY_RESPONSE"]);
  });
});

describe("a connection that has not joined", () => {
  it("may ask as the original bridge does, and may not act", async () => {
    const client = await guest();

    client.sendRaw({ type: "SESSION_SUMMARY" });
    client.sendRaw({ type: "FILE_LIST" });
    client.sendRaw({ type: "FILE_READ", path: "src/app.ts" });
    const answers = await Promise.all(
      ["SESSION_SUMMARY_RESPONSE", "FILE_LIST_RESPONSE", "FILE_CONTENT"].map((type) => client.frame(type, (frame) => frame.type === type)),
    );

    expect(answers[2]).toMatchObject({ path: "src/app.ts", content: "export {};\n" });
    const listed = ((answers[1]?.["files"] ?? []) as Members[]).map((file) => String(file["path"]));
    expect(listed).toEqual(expect.arrayContaining(["README.md", "src/app.ts"]));
    expect(listed.filter((path) => /^\.git|link|secret/.test(path))).toEqual([]);
    expect(codeOf(await client.outcome(announce(client, name("early"), "src/app.ts")))).toBe("INVALID_REFERENCE");
  });

  it.each([
    "../outside/secret.txt",
    "../../../../../../etc/passwd",
    "/etc/passwd",
    "src/../../outside/secret.txt",
    "..\\outside\\secret.txt",
    "link.txt",
    "links/secret.txt",
    ".git/config",
    ".git/signalbox/sidecar.json",
    ".GIT/signalbox/sidecar.json",
    "src/app.ts\u0000.png",
    "src",
    "file:///etc/passwd",
  ])("cannot read %j", async (path) => {
    const client = await guest();

    client.sendRaw({ type: "FILE_READ", path });
    const answer = await client.frame("an answer", (frame) => frame.type === "FILE_ERROR" || frame.type === "FILE_CONTENT");

    expect(answer).toMatchObject({ type: "FILE_ERROR", path });
    expect(JSON.stringify(answer)).not.toMatch(/the secret|root:/);
  });

  it("at another session's address is closed with 4004", async () => {
    const client = await connectMpac(uri("/session/somebody-elses"), "guest");
    guests.push(client);

    expect((await within("the end of the connection", client.closed)).code).toBe(4004);
  });
});

describe("a page from elsewhere", () => {
  const FOREIGN = [
    ["another origin", { origin: "http://evil.example" }],
    ["the origin null", { origin: "null" }],
    ["another host", { host: "evil.example" }],
    ["a host that begins like this machine", { host: "127.0.0.1.evil.example" }],
  ] as const;

  it.each(FOREIGN)("with %s is refused by HTTP", async (_name, headers) => {
    const asked = ["/healthz", "/readyz", "/", "/control/stop"].map((path) =>
      ask(sidecar.port, path, { headers, method: path === "/control/stop" ? "POST" : "GET" }),
    );

    expect((await Promise.all(asked)).map((answer) => answer?.status)).toEqual([403, 403, 403, 403]);
  });

  it.each(FOREIGN)("with %s gets no WebSocket", async (_name, headers) => {
    const socket = new WebSocket(sidecar.uri, { headers });
    const status = await new Promise((resolve) => {
      socket.once("unexpected-response", (_request, response) => resolve(response.statusCode));
      socket.once("open", () => resolve("open"));
    });
    socket.on("error", () => undefined);
    socket.terminate();

    expect(status).toBe(403);
  });

  it("without the token cannot stop the sidecar", async () => {
    expect((await ask(sidecar.port, "/control/stop", { method: "POST" }))?.status).toBe(401);
    expect((await ask(sidecar.port, "/control/stop", { method: "POST", headers: { authorization: "Bearer x" } }))?.status).toBe(401);
  });
});

describe("too much at once", () => {
  it("of ten thousand frames from one connection is answered, frame for frame, and others get through", async () => {
    const [client, frames] = [await joined(), 10_000];

    for (let count = 0; count < frames; count += 1)
      announce(client, `${client.principal}-${count}`, `burst/${client.principal}/${count}.ts`);
    await works(bystander);
    const last = `${client.principal}-${frames - 1}`;
    await client.frame("the last of the burst", (frame) => frame.payload?.["intent_id"] === last);

    const echoed = client.frames.filter(
      (frame) => frame.message_type === "INTENT_ANNOUNCE" && frame.sender?.principal_id === client.principal,
    );
    expect(new Set(echoed.map((frame) => frame.payload?.["intent_id"])).size).toBe(frames);
    client.send("GOODBYE", { reason: "user_exit", intent_disposition: "withdraw" });
    await bystander.frame("its goodbye", (frame) => frame.message_type === "GOODBYE" && frame.sender?.principal_id === client.principal);
  });

  it("for a reader that reads nothing drops that reader, while the others get all of it", async () => {
    const [slow, busy] = [await joined(), await joined()];
    slow.socket.pause();

    const [rounds, filling] = [48, "x".repeat(900_000)];
    for (let round = 0; round < rounds; round += 1) {
      const id = name("large");
      busy.send("INTENT_ANNOUNCE", { intent_id: id, objective: "large", scope: scopeOf(`${id}.ts`), filling });
      await bystander.frame("the large message", (frame) => frame.payload?.["intent_id"] === id);
    }
    slow.socket.resume();
    const { code } = await within("the end of the slow reader", slow.closed);

    expect([1006, 4008]).toContain(code);
    expect(slow.frames.filter((frame) => frame.payload?.["filling"] !== undefined).length).toBeLessThan(rounds);
    await works(busy);
  });
});

it("says nothing that the schemas of MPAC do not allow", async () => {
  const [ana, bo] = [await joined(name("ana")), await joined(name("bo"))];
  await ana.outcome(announce(ana, `${ana.principal}-1`, "schema/a.ts"));
  await bo.outcome(announce(bo, `${bo.principal}-0`, "schema/a.ts"));
  const over = {
    intent_id: `${bo.principal}-1`,
    objective: "too",
    scope: scopeOf("schema/a.ts"),
    extensions: { signalbox: { on_overlap: "proceed" } },
  };
  await bo.outcome(bo.send("INTENT_ANNOUNCE", over));
  await ana.outcome(announce(ana, `${ana.principal}-2`, "schema/a.ts", "schema/b.ts"));
  const stale = {
    op_id: name("op"),
    target: "src/app.ts",
    op_kind: "replace",
    state_ref_before: `sha256:${"1".repeat(64)}`,
    state_ref_after: `sha256:${"2".repeat(64)}`,
  };
  expect(codeOf(await bo.outcome(bo.send("OP_COMMIT", stale)))).toBe("STALE_STATE_REF");
  await bo.outcome(bo.send("INTENT_WITHDRAW", { intent_id: `${bo.principal}-1` }));
  ana.send("GOODBYE", { reason: "user_exit" });
  await bo.frame("RESOLUTION", (frame) => frame.message_type === "RESOLUTION");
  await bystander.frame("a sign of life of the coordinator", (frame) => frame.message_type === "COORDINATOR_STATUS");

  const check = schemaOracle();
  const said = [...heard, ...bystander.frames, ...ana.frames, ...bo.frames].filter(isCoordinators);
  const wrong = new Set(said.flatMap(check));

  expect([...wrong]).toEqual([]);
  expect([...new Set(said.map((frame) => String(frame.message_type)))].toSorted()).toEqual(
    ["CONFLICT_REPORT", "COORDINATOR_STATUS", "INTENT_WITHDRAW", "PROTOCOL_ERROR", "RESOLUTION", "SESSION_INFO"].toSorted(),
  );
  expect(said.length).toBeGreaterThan(60);
});
