/** `/mcp` of real sidecars, as clients of both eras meet it. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client as NewClient, StreamableHTTPClientTransport as NewTransport } from "@modelcontextprotocol/client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { describe, expect, it } from "vitest";
import { bearer, type Body, busSidecar } from "./board.test.fixture.ts";
import { startHosted } from "./hosted.ts";
import { begin, listen, listenTo, modern, open, post, request, type SseEvent, toolCall } from "./mcp.test.fixture.ts";
import { readHostedConfig } from "../config.ts";
import { hostedStore } from "../git/hosted-store.ts";
import { createLog } from "../log.ts";

const folder = () => mkdtempSync(join(tmpdir(), "signalbox-mcp-"));

function repository(): string {
  const made = folder();
  execFileSync("git", ["init", "-q", made]);
  return made;
}

async function sidecar(workspace = repository(), env: Record<string, string> = {}) {
  const made = await busSidecar(workspace, env);
  const own = { authorization: `Bearer ${made.token}` };
  return { url: `http://127.0.0.1:${made.sidecar.port}/mcp`, own, [Symbol.asyncDispose]: () => made[Symbol.asyncDispose]() };
}

const holder = (name: string, ...allowed_sessions: string[]) => ({ allowed_sessions, roles: ["contributor"], holder: name });
const TABLE = {
  "token-ana": holder("ana", "s"),
  "token-bo": holder("bo", "s"),
  "token-cy": holder("cy", "s"),
  "token-all": holder("di", "*"),
};

async function hosted() {
  const tokens = join(folder(), "tokens.json");
  const give = (table: object): void => writeFileSync(tokens, JSON.stringify(table), { mode: 0o600 });
  give(TABLE);
  const config = readHostedConfig({ multiSession: true, port: "0", store: folder() }, { MPAC_TOKEN_TABLE_FILE: tokens });
  const made = await startHosted(config, await hostedStore(config.store), createLog("silent"));
  return {
    url: `http://127.0.0.1:${made.port}`,
    renew(table: object) {
      give(table);
      return made.renew();
    },
    [Symbol.asyncDispose]: () => made[Symbol.asyncDispose](),
  };
}

const task = (...files: string[]) => toolCall("begin_task", { objective: "x", files });
const updated = (uri: string) => ({ jsonrpc: "2.0", method: "notifications/resources/updated", params: { uri } });
const dataOf = (event: SseEvent | undefined): Body => JSON.parse(event?.data || "{}") as Body;
const structured = ({ body }: { readonly body: Body }) => (body["result"] as { structuredContent: Body }).structuredContent;
const follow = (uri: string) => request("resources/subscribe", { uri });

async function listening(url: string, uris: readonly string[], headers: Record<string, string>) {
  const [body, ours] = modern("subscriptions/listen", { notifications: { resourceSubscriptions: uris } });
  const abort = new AbortController();
  const stream = listenTo(await open(url, body, { ...ours, ...headers }, abort.signal), abort);
  return { ...stream, acknowledged: dataOf(await stream.next()) };
}

describe("whoever signs in", () => {
  it("begins a task in a session, and sees it in 2026 without one", async () => {
    await using served = await sidecar();
    const session = await begin(served.url, served.own);

    const begun = await post(served.url, task("a.ts"), session);
    const [body, headers] = modern("tools/call", { name: "who_is_working", arguments: {} });
    const later = await post(served.url, body, { ...headers, ...served.own });

    expect(structured(begun)).toMatchObject({ status: "ok" });
    expect(JSON.stringify(later.body)).toContain("a.ts");
  });

  it("is told the whole address of its session, as it has reached it itself", async () => {
    await using served = await sidecar();
    const [body, headers] = modern("tools/call", { name: "who_is_working", arguments: {} });

    const answers = [served.own, {}].map((credential) => post(served.url, body, { ...headers, ...credential }));

    for (const { session_id: id, sidecar_uri: uri } of (await Promise.all(answers)).map(structured))
      expect(uri).toBe(served.url.replace("http:", "ws:").replace(/mcp$/, `session/${String(id)}`));
  });

  it("follows as many resources on one stream as a session does, and no more", async () => {
    await using served = await sidecar();
    const uris = Array.from({ length: 257 }, (_, index) => `signalbox://file/${index}.ts`);
    const [body, headers] = modern("subscriptions/listen", { notifications: { resourceSubscriptions: uris } });

    const refused = await post(served.url, body, { ...headers, ...served.own });
    const followed = await listening(served.url, [...uris.slice(1), "signalbox://file/1.ts"], served.own);

    expect([refused.status, refused.body]).toMatchObject([400, { id: body["id"], error: { code: -32602 } }]);
    expect(followed.acknowledged).toMatchObject({ method: "notifications/subscriptions/acknowledged" });
  });

  it("chooses its tools by address and by header", async () => {
    await using served = await sidecar();
    const namesOf = async (query: string, headers = {}) => {
      const { body } = await post(`${served.url}${query}`, request("tools/list"), { ...served.own, ...headers });
      return (body["result"] as { tools: { name: string }[] }).tools.map(({ name }) => name);
    };

    const chosen = [
      await namesOf("?tools=who_is_working,begin_task&exclude_tools=begin_task"),
      await namesOf("", { "x-mcp-tools": "begin_task,who_is_working", "x-mcp-readonly": "1" }),
      await namesOf("?profile=lanes&tools=begin_task", { "x-mcp-exclude-tools": "claim_lane" }),
    ];
    const call = await post(`${served.url}?read_only=1`, task("a.ts"), served.own);
    const unknown = await post(`${served.url}?profile=nothing`, request("ping"), served.own);

    expect(chosen.slice(0, 2)).toEqual([["who_is_working"], ["who_is_working"]]);
    expect(chosen[2]).toEqual(expect.arrayContaining(["begin_task", "release_lane"]));
    expect(chosen[2]).not.toContain("claim_lane");
    expect(call.body["error"]).toMatchObject({ code: -32602, message: expect.stringContaining("there is no tool") as string });
    expect([unknown.status, unknown.body["error"]]).toMatchObject([
      400,
      { message: expect.stringContaining("the profiles are") as string },
    ]);
  });

  it("says where it is beside an address at which it is not", async () => {
    await using served = await sidecar();

    const answered = await post(`${served.url}/`, request("ping"), served.own);

    expect([answered.status, answered.body]).toEqual([404, { detail: expect.stringContaining("MCP is spoken at /mcp and") as string }]);
  });

  it("works by the SDK's client of the era before", async () => {
    await using served = await sidecar();
    const client = new Client({ name: "v1", version: "1" });
    await client.connect(new StreamableHTTPClientTransport(new URL(served.url), { requestInit: { headers: served.own } }));

    const { tools } = await client.listTools();
    const called = await client.callTool({ name: "begin_task", arguments: { objective: "x", files: ["a.ts"] } });

    expect(tools.map(({ name }) => name)).toContain("begin_task");
    expect(called["structuredContent"]).toMatchObject({ status: "ok" });
    await client.close();
  });

  it("is told that a call for another folder is none for this session", async () => {
    await using served = await sidecar();

    const elsewhere = await post(served.url, toolCall("who_is_working", { repo_path: "/elsewhere" }), served.own);
    const { workspace_dir } = structured(await post(served.url, toolCall("who_is_working"), served.own));
    const here = await post(served.url, toolCall("who_is_working", { repo_path: workspace_dir }), served.own);

    expect(elsewhere.body).toMatchObject({ result: { isError: true, structuredContent: { code: "INVALID_ARGUMENTS" } } });
    expect(here.body).not.toHaveProperty("result.isError");
  });
});

describe("whoever shows nothing", () => {
  it("reads, and is told with a write how to sign in: as a result without a session, in an array and in 2026", async () => {
    await using served = await sidecar();
    const session = await begin(served.url);
    const [body, headers] = modern("tools/call", { name: "begin_task", arguments: { objective: "x", files: ["a.ts"] } });

    const read = await post(served.url, toolCall("who_is_working"));
    const writes = [
      (await post(served.url, task("a.ts"))).body,
      ((await post(served.url, [task("a.ts")], session)).body as unknown as Body[])[0],
      (await post(served.url, body, headers)).body,
    ];
    const alone = await post(served.url, task("a.ts"), session);

    expect(structured(read)).toMatchObject({ participants: [] });
    for (const written of writes)
      expect(written).toMatchObject({ result: { isError: true, structuredContent: { code: "CREDENTIAL_REJECTED" } } });
    expect(JSON.stringify(writes[0])).toContain("Authorization: Bearer");
    expect([alone.status, alone.headers.get("www-authenticate")]).toEqual([401, expect.stringContaining("Bearer") as string]);
  });

  it("does not even read where that is said, nor in a hosted sidecar", async () => {
    await using shut = await sidecar(repository(), { SIGNALBOX_ANONYMOUS_READ: "0" });
    await using many = await hosted();

    const asked = [await post(shut.url, request("ping")), await post(`${many.url}/session/s/mcp`, request("ping"))];

    expect(asked.map(({ status }) => status)).toEqual([401, 401]);
  });
});

describe("a session", () => {
  it("hears of what it follows and nothing else, and after a restart what it missed", async () => {
    const workspace = repository();
    let session: Record<string, string>;
    let last: SseEvent | undefined;
    {
      await using served = await sidecar(workspace);
      session = await begin(served.url, served.own);
      await post(served.url, follow("signalbox://intents"), session);
      const stream = await listen(served.url, session);
      const primed = await stream.next();
      await post(served.url, task("a.ts"), session);
      last = await stream.next();

      expect(primed).toMatchObject({ data: "", id: expect.any(String) as string });
      expect(dataOf(last)).toEqual(updated("signalbox://intents"));
      stream.close();
      await post(served.url, task("b.ts"), session);
    }

    await using again = await sidecar(workspace);
    const back = { ...session, ...again.own };
    const stream = await listen(again.url, { ...back, "last-event-id": last?.id ?? "" });
    const missed = await stream.next();
    const called = await post(again.url, task("c.ts"), back);
    const next = await stream.next();

    expect([missed, next].map(dataOf)).toEqual([updated("signalbox://intents"), updated("signalbox://intents")]);
    expect(structured(called)).toMatchObject({ status: "ok" });
    stream.close();
  });

  it("hears of one change what of it is followed", async () => {
    await using served = await sidecar();
    const session = await begin(served.url, served.own);
    for (const uri of ["signalbox://intents", "signalbox://lanes"]) await post(served.url, follow(uri), session);
    await post(served.url, task("z.ts"), session); // it joins, which is seen of lanes too
    const stream = await listen(served.url, session);
    await stream.next();

    const heard: Body[] = [];
    for (const call of [task("a.ts"), toolCall("claim_lane", { lane: "one" }), toolCall("claim_lane", { lane: "two" })]) {
      await post(served.url, call, session);
      heard.push(dataOf(await stream.next()));
    }

    expect(heard).toEqual(["signalbox://intents", "signalbox://lanes", "signalbox://lanes"].map(updated));
    stream.close();
  });

  it("is told where a place to go on is none, and that an address cannot be followed", async () => {
    await using served = await sidecar();
    const session = await begin(served.url, served.own);

    const place = await fetch(served.url, { headers: { ...session, accept: "text/event-stream", "last-event-id": "nowhere" } });
    const address = await post(served.url, follow("signalbox://nothing"), session);
    const nowhere = await post(served.url, follow("signalbox://intents"), served.own);

    expect(place.status).toBe(400);
    expect([address, nowhere].map(({ body }) => body["error"])).toMatchObject([
      {},
      { message: expect.stringContaining("initialize") as string },
    ]);
  });
});

describe("whoever listens in 2026", () => {
  it("may do so by the SDK's client, and leaves by closing", async () => {
    await using served = await sidecar();
    const client = new NewClient({ name: "v2", version: "1" }, { versionNegotiation: { mode: { pin: "2026-07-28" } } });
    const told: string[] = [];
    client.setNotificationHandler("notifications/resources/updated", ({ params }) => void told.push(params.uri));
    await client.connect(new NewTransport(new URL(served.url), { requestInit: { headers: served.own } }));
    const filter = { toolsListChanged: true, resourceSubscriptions: ["signalbox://intents", "signalbox://board"] };

    const subscription = await client.listen(filter);
    await client.callTool({ name: "begin_task", arguments: { objective: "x", files: ["a.ts"] } });
    await expect.poll(() => told).toEqual(["signalbox://intents"]);
    await subscription.close();

    expect([subscription.honoredFilter, await subscription.closed]).toEqual([
      { resourceSubscriptions: filter.resourceSubscriptions },
      "local",
    ]);
    await client.close();
  });

  it("hears of what it named, and in its own inbox alone", async () => {
    await using served = await hosted();
    const url = `${served.url}/session/s/mcp`;
    const named = ["signalbox://inbox", "signalbox://board"];
    const [ana, bo] = [await listening(url, named, bearer("token-ana")), await listening(url, named, bearer("token-bo"))];

    for (const token of ["token-bo", "token-cy"]) {
      const begun = { objective: "x", files: ["a.ts"], on_overlap: "proceed" };
      await post(url, toolCall("begin_task", begun), await begin(url, bearer(token)));
    }
    const conflict = dataOf(await bo.next());
    await post(url, toolCall("post_message", { topic: "t", body: "hello" }), await begin(url, bearer("token-ana")));
    const board = dataOf(await ana.next());

    expect(ana.acknowledged).toMatchObject({ params: { notifications: { resourceSubscriptions: named } } });
    expect([conflict, board]).toMatchObject([{ params: { uri: "signalbox://inbox" } }, { params: { uri: "signalbox://board" } }]);
    ana.close();
    bo.close();
  });
});

describe("a hosted sidecar", () => {
  it("knows the session of a credential that opens one, and asks for it otherwise", async () => {
    await using served = await hosted();
    const bare = `${served.url}/mcp`;

    const one = await post(bare, toolCall("who_is_working"), bearer("token-ana"));
    const many = await post(bare, request("ping"), bearer("token-all"));
    const other = await post(`${served.url}/session/other/mcp`, request("ping"), bearer("token-ana"));

    expect(structured(one)).toMatchObject({ session_id: "s" });
    expect([many.status, many.body["error"]]).toMatchObject([404, { message: expect.stringContaining("/session/<id>/mcp") as string }]);
    expect(other.status).toBe(403);
  });

  it("ends the streams and calls of a credential that is given out no more, and no others", async () => {
    await using served = await hosted();
    const url = `${served.url}/session/s/mcp`;
    const [ana, bo] = [await begin(url, bearer("token-ana")), await begin(url, bearer("token-bo"))];
    const streams = [
      await listen(url, ana),
      await listening(url, ["signalbox://intents"], bearer("token-ana")),
      await listen(url, bo),
    ] as const;
    await streams[0].next();
    await streams[2].next();
    await post(url, task("a.ts"), bo);
    const waits = toolCall("begin_task", { objective: "y", files: ["a.ts"], on_overlap: "wait", wait_s: 40 });
    const waiting = post(url, waits, ana);
    await expect.poll(async () => JSON.stringify((await post(url, toolCall("who_is_working"), bo)).body)).toContain("ana/test-client");

    await served.renew({ "token-bo": TABLE["token-bo"] });
    const ended = [await streams[0].next(), (await waiting).status, (await post(url, request("ping"), ana)).status];
    const ping = await post(url, request("ping"), bo);

    expect(ended).toEqual([undefined, 401, 401]);
    expect(ping.status).toBe(200);
    streams[2].close();
  });

  it("ends the streams of a token that is given out no more, and none of another that its holder has", async () => {
    await using served = await hosted();
    const url = `${served.url}/session/s/mcp`;
    const both = { ...TABLE, "token-ana-new": TABLE["token-ana"] };
    await served.renew(both);
    const session = await begin(url, bearer("token-ana"));
    const [old, kept] = [
      [await listen(url, session), await listening(url, ["signalbox://board"], bearer("token-ana"))],
      [await listen(url, { ...session, ...bearer("token-ana-new") }), await listening(url, ["signalbox://board"], bearer("token-ana-new"))],
    ] as const;
    for (const [pushed] of [old, kept]) await pushed.next();

    const { "token-ana": _gone, ...left } = both;
    const dismissed = await served.renew(left);
    const ends = [await old[0].next(), dataOf(await old[1].next()), await old[1].next()];
    await post(url, toolCall("post_message", { topic: "t", body: "hello" }), await begin(url, bearer("token-bo")));

    expect(dismissed).toBe(2);
    expect(ends).toMatchObject([undefined, { id: expect.any(Number) as number, result: { resultType: "complete" } }, undefined]);
    expect(dataOf(await kept[1].next())).toMatchObject({ params: { uri: "signalbox://board" } });
    for (const stream of kept) stream.close();
  });
});

it("shows at most eight characters of a session's id to the log", async () => {
  const lines: string[] = [];
  const note = (fields: object, message: string): void => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const config = readHostedConfig({ multiSession: true, port: "0", store: folder() }, { MPAC_TOKEN_TABLE: JSON.stringify(TABLE) });
  await using made = await startHosted(config, await hostedStore(config.store), {
    ...createLog("silent"),
    info: note,
    warn: note,
    error: note,
  });
  const url = `http://127.0.0.1:${made.port}/mcp`;

  const session = await begin(url, bearer("token-ana"));
  await fetch(url, { method: "DELETE", headers: session });

  const id = session["mcp-session-id"] ?? "";
  expect(lines.filter((line) => line.includes(id.slice(0, 8)))).toHaveLength(2);
  expect(lines.filter((line) => line.includes(id.slice(0, 9)))).toEqual([]);
});
