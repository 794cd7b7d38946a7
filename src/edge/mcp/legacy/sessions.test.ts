/** Sessions of 2025: whose they are, what they are good for, and how they end. */
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { begin, initialize, listen, post, request, toolCall } from "../../../app/mcp.test.fixture.ts";
import { EVERYBODY, mount, type Mounted } from "../mcp-edge.test.fixture.ts";
import type { Change } from "../ports.ts";
import type { Serving } from "../serving.ts";
import { toy } from "../toy.test.fixture.ts";

const ANA = { authorization: "Bearer ana" };
const BO = { authorization: "Bearer bo" };
const PING = request("ping", undefined, 7);

const idIn = (session: Record<string, string>) => ({ "mcp-session-id": session["mcp-session-id"] ?? "" });
const end = (url: string, headers: Record<string, string>) => fetch(url, { method: "DELETE", headers });

/** Says where following began, and nothing more until its follower leaves. */
async function* quiet(signal: AbortSignal): AsyncGenerator<Change, void, undefined> {
  yield { uris: [], cursor: "s0.b0.m0" };
  if (!signal.aborted) await once(signal, "abort");
}

describe("a session", () => {
  it("has an id of 32 random bytes, and the version that its client asked for", async () => {
    await using mounted = await mount(toy());

    const [one, other] = [await post(mounted.url, initialize({}, "2025-06-18")), await post(mounted.url, initialize({}, "2000-01-01"))];

    expect(Buffer.from(one.headers.get("mcp-session-id") ?? "", "base64url")).toHaveLength(32);
    expect(one.headers.get("mcp-session-id")).not.toBe(other.headers.get("mcp-session-id"));
    expect([one, other].map(({ body }) => (body["result"] as { protocolVersion: string }).protocolVersion)).toEqual([
      "2025-06-18",
      "2025-11-25",
    ]);
  });

  it("ends by its client's word, with its stream, and is found no more", async () => {
    await using mounted = await mount(toy());
    const session = await begin(mounted.url, ANA);
    const stream = await listen(mounted.url, session);

    const ended = await end(mounted.url, session);
    const heard = await stream.next();
    const after = [await post(mounted.url, PING, session), await end(mounted.url, session)];

    expect([ended.status, heard, after.map(({ status }) => status)]).toEqual([200, undefined, [404, 404]]);
  });

  it.each([
    { name: "with it", leave: ({ url }: Mounted, session: Record<string, string>) => end(url, session), status: 200 },
    { name: "with its credential", leave: ({ edge }: Mounted) => Promise.resolve(edge.dismiss()), status: 401 },
  ])("ends $name the stream that is about to open", async ({ leave, status }) => {
    let isAsked = false;
    let open: () => void = () => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    const follow: Serving["follow"] = async ({ signal }) => {
      isAsked = true;
      await opened;
      return quiet(signal);
    };
    await using mounted = await mount({ ...toy({ follow }), callers: { ...EVERYBODY, stillHolds: () => !isAsked || status === 200 } });
    const session = await begin(mounted.url, ANA);
    const opening = fetch(mounted.url, { headers: { accept: "text/event-stream", ...session } });
    await expect.poll(() => isAsked).toBe(true);

    await leave(mounted, session);
    open();
    const stream = await opening;
    await stream.text();

    expect(stream.status).toBe(status);
    expect(mounted.edge.isBusy()).toBe(false);
  });

  it("is initialized once", async () => {
    await using mounted = await mount(toy());
    const session = await begin(mounted.url, ANA);

    const again = await post(mounted.url, initialize(), session);
    const anew = await post(mounted.url, initialize(), { ...ANA, "mcp-session-id": "gone" });

    expect([again.status, anew.status, anew.headers.has("mcp-session-id")]).toEqual([400, 200, true]);
  });

  it("is opened by no initialize that is broken", async () => {
    await using mounted = await mount(toy());

    const answered = await post(mounted.url, request("initialize", { protocolVersion: 7 }));

    expect(answered.headers.has("mcp-session-id")).toBe(false);
    expect(answered.body).toHaveProperty("error");
  });

  it("is not there for one more client than there is room for, and says when to try again", async () => {
    await using mounted = await mount({ ...toy(), capacity: 1 });
    const session = await begin(mounted.url);

    const full = await post(mounted.url, initialize());
    await end(mounted.url, session);
    const free = await post(mounted.url, initialize());

    expect([full.status, full.headers.get("retry-after"), full.body["error"]]).toMatchObject([503, "5", { code: -32000 }]);
    expect(free.status).toBe(200);
  });
});

describe("a stolen session id", () => {
  it("is worth nothing with another credential, whatever is asked", async () => {
    await using mounted = await mount(toy());
    const stolen = { ...idIn(await begin(mounted.url, ANA)), ...BO };

    const asked = [
      await post(mounted.url, PING, stolen),
      await fetch(mounted.url, { headers: { ...stolen, accept: "text/event-stream" } }),
      await end(mounted.url, stolen),
    ];

    expect(asked.map(({ status }) => status)).toEqual([404, 404, 404]);
  });

  it("is worth nothing without one", async () => {
    const { serve, seen } = toy();
    await using mounted = await mount({ serve });
    const stolen = idIn(await begin(mounted.url, ANA));

    const asked = [
      await post(mounted.url, toolCall("write", {}, 9), stolen),
      await post(mounted.url, [toolCall("write")], stolen),
      await fetch(mounted.url, { headers: { ...stolen, accept: "text/event-stream" } }),
      await end(mounted.url, stolen),
    ];

    expect(asked.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
    expect(asked[0]).toMatchObject({ body: { id: 9, error: { code: -32001 } } });
    expect(seen).toEqual([]);
  });
});

describe("a session that nobody's credential opened", () => {
  it("refuses a write with 401 and how to sign in, and lets reads through", async () => {
    const { serve, seen } = toy();
    await using mounted = await mount({ serve });
    const session = await begin(mounted.url);

    const write = await post(mounted.url, toolCall("write", {}, "w"), session);
    const read = await post(mounted.url, toolCall("hello"), session);

    expect([write.status, write.headers.get("www-authenticate"), write.body]).toMatchObject([
      401,
      expect.stringContaining("Bearer"),
      { jsonrpc: "2.0", id: "w", error: { code: -32001 } },
    ]);
    expect([read.status, seen]).toEqual([200, ["hello anybody"]]);
  });

  it("lets somebody write who signs in for that very request, and nobody for the next one", async () => {
    const { serve, seen } = toy();
    await using mounted = await mount({ serve });
    const session = await begin(mounted.url);

    const signed = await post(mounted.url, toolCall("write"), { ...session, ...BO });
    const next = await post(mounted.url, toolCall("write"), session);

    expect([signed.status, next.status, seen]).toEqual([200, 401, ["write bo"]]);
  });
});

it("keeps the tools that a session chose read-only, whatever a request of it chooses", async () => {
  const chosen: unknown[] = [];
  const { serve } = toy();
  await using mounted = await mount({
    serve(sessionId, selection) {
      chosen.push(selection);
      return serve(sessionId, selection);
    },
  });
  const readOnly = await begin(`${mounted.url}?read_only=1`);
  chosen.length = 0;

  await post(`${mounted.url}?tools=hello`, PING, readOnly);
  const ofOwn = chosen.at(-1);
  await post(mounted.url, PING, readOnly);

  expect([ofOwn, chosen.at(-1)]).toEqual([{ tools: ["hello"], readOnly: true }, { readOnly: true }]);
});
