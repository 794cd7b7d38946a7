/** A question that its client shows by opening an address: asked over `/mcp`, answered with a browser's form. */
import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { busSidecar } from "./board.test.fixture.ts";
import { begin, initialize, type Listening, listenTo, modern, open, post, toolCall } from "./mcp.test.fixture.ts";

const URL_MODE = { elicitation: { url: {} } };

type Message = Readonly<Record<string, unknown>>;

/** Ana and bo are in one conflict. */
async function arguing() {
  const folder = mkdtempSync(join(tmpdir(), "signalbox-ask-"));
  execFileSync("git", ["init", "-q", folder]);
  const made = await busSidecar(folder, {});
  const url = `http://127.0.0.1:${made.sidecar.port}/mcp`;
  const as = (principal: string) => ({ authorization: `Bearer ${made.token}`, "x-signalbox-principal": principal });
  const task = { objective: "<b>both</b>", files: ["a.ts"], on_overlap: "proceed" };
  await post(url, toolCall("begin_task", task), as("bo"));
  const { body } = await post(url, toolCall("begin_task", task), as("ana"));
  const { conflicts } = (body["result"] as { structuredContent: { conflicts: { conflict_id: string }[] } }).structuredContent;
  const args = { conflict_id: conflicts[0]?.conflict_id ?? "", reason: "we both need it" };
  return { url, as, args, origin: `http://127.0.0.1:${made.sidecar.port}`, [Symbol.asyncDispose]: () => made[Symbol.asyncDispose]() };
}

const answer = (page: string, form: Record<string, string>, origin?: string) =>
  fetch(page, { method: "POST", body: new URLSearchParams(form), headers: origin === undefined ? {} : { origin } });

async function nextMessage(stream: Listening): Promise<Message> {
  for (;;) {
    const event = await stream.next();
    if (event === undefined) throw new Error("the stream ended");
    if (event.data !== "") return JSON.parse(event.data) as Message;
  }
}

describe("in 2025-11-25", () => {
  it("is answered on the page, of whose end the client is told, and the tool goes on", async () => {
    await using served = await arguing();
    const session = await begin(served.url, served.as("ana"), initialize(URL_MODE));
    const abort = new AbortController();
    const call = await open(served.url, toolCall("escalate_conflict", served.args), session, abort.signal);
    const stream = listenTo(call, abort);

    const asked = await nextMessage(stream);
    const { url, elicitationId, mode } = asked["params"] as Record<string, string>;
    await post(served.url, { jsonrpc: "2.0", id: asked["id"], result: { action: "accept" } }, session);
    const shown = await (await fetch(url ?? "")).text();
    const wrong = await answer(url ?? "", { _action: "accept", choice: "delete_all" }, served.origin);
    const taken = await answer(url ?? "", { _action: "accept", choice: "wait", note: "later" }, served.origin);
    const again = await answer(url ?? "", { _action: "accept", choice: "merge" }, served.origin);
    const told = await nextMessage(stream);
    const done = await nextMessage(stream);

    expect([asked["method"], mode]).toEqual(["elicitation/create", "url"]);
    expect(url).toMatch(new RegExp(`^${served.origin}/mcp/ask/[\\w-]{22}$`));
    expect(shown).toContain("&lt;b&gt;both&lt;/b&gt;");
    expect([wrong.status, taken.status, again.status]).toEqual([400, 200, 404]);
    expect(told).toMatchObject({ method: "notifications/elicitation/complete", params: { elicitationId } });
    expect(done["result"]).toMatchObject({ structuredContent: { status: "ok", choice: "wait", action: "acknowledged" } });
    stream.close();
  });

  it("does nothing when the client does not open it", async () => {
    await using served = await arguing();
    const session = await begin(served.url, served.as("ana"), initialize(URL_MODE));
    const abort = new AbortController();
    const stream = listenTo(await open(served.url, toolCall("escalate_conflict", served.args), session, abort.signal), abort);
    const asked = await nextMessage(stream);

    await post(served.url, { jsonrpc: "2.0", id: asked["id"], result: { action: "decline" } }, session);
    const done = await nextMessage(stream);

    expect(done["result"]).toMatchObject({ structuredContent: { status: "declined" } });
    stream.close();
  });
});

describe("in 2026-07-28", () => {
  it("is found by the call that comes again, however often it comes", async () => {
    await using served = await arguing();
    const ask = async (more: object = {}) => {
      const [body, headers] = modern("tools/call", { name: "escalate_conflict", arguments: served.args, ...more }, URL_MODE);
      return (await post(served.url, body, { ...headers, ...served.as("ana") })).body["result"] as Message;
    };
    const first = await ask();
    const { answer: question } = first["inputRequests"] as { answer: { params: { url: string; mode: string; elicitationId?: string } } };
    const { url } = question.params;

    const back = ask({ requestState: first["requestState"], inputResponses: { answer: { action: "accept" } } });
    const taken = await answer(url, { _action: "accept", choice: "hand_over" });
    const done = await back;
    const replayed = await ask({ requestState: first["requestState"], inputResponses: { answer: { action: "accept" } } });

    expect(first["resultType"]).toBe("input_required");
    expect([question.params.mode, question.params.elicitationId]).toEqual(["url", undefined]);
    expect(taken.status).toBe(200);
    expect(done).toMatchObject({ structuredContent: { status: "ok", choice: "hand_over", action: "yielded" } });
    expect(replayed).toBeUndefined();
  });
});

describe("the page", () => {
  it("loads nothing, is in nobody's cache or frame, and tells nothing of an id that it does not know", async () => {
    await using served = await arguing();

    const page = await fetch(`${served.origin}/mcp/ask/${"x".repeat(22)}`);
    const posted = await answer(`${served.origin}/mcp/ask/${"x".repeat(22)}`, { _action: "accept", choice: "merge" });
    const foreign = await answer(`${served.origin}/mcp/ask/${"x".repeat(22)}`, { _action: "accept" }, "http://evil.example.org");
    const put = await fetch(`${served.origin}/mcp/ask/x`, { method: "PUT" });

    expect([page.status, posted.status, foreign.status, put.status]).toEqual([404, 404, 403, 405]);
    expect(page.headers.get("content-security-policy")).toMatch(/^default-src 'none'; style-src 'sha256-.*frame-ancestors 'none'$/);
    expect(page.headers.get("cache-control")).toBe("no-store");
    expect(page.headers.get("referrer-policy")).toBe("same-origin");
  });

  it("is opened, read and closed for a bridge that brings the token, and for nobody else", async () => {
    await using served = await arguing();
    const { authorization } = served.as("ana");
    const at = (path: string, init: RequestInit = {}, headers: Record<string, string> = { authorization }) =>
      fetch(`${served.url}/ask${path}`, { ...init, headers });
    const question = { message: "m", fields: { why: { type: "string", title: "Why" } }, required: ["why"] };
    const opening = { method: "POST", body: JSON.stringify(question) };

    const { id } = (await (await at("", opening)).json()) as { id: string };
    const barred = [await at("", opening, {}), await at(`/${id}/reply`, {}, {}), await at(`/${id}/close`, { method: "POST" }, {})];
    const unfit = [await at("", { method: "POST", body: "{" }), await at("", { method: "POST", body: '{"message":1}' })];
    const waits = at(`/${id}/reply`);
    const taken = await answer(`${served.origin}/mcp/ask/${id}`, { _action: "accept", why: "so" });
    const said = await (await waits).json();
    const read = await at(`/${id}/reply`);
    const other = (await (await at("", opening)).json()) as { id: string };
    await at(`/${other.id}/close`, { method: "POST" });
    const closed = await answer(`${served.origin}/mcp/ask/${other.id}`, { _action: "accept", why: "so" });

    expect(barred.concat(unfit).map(({ status }) => status)).toEqual([401, 401, 401, 400, 400]);
    expect([taken.status, said, read.status]).toEqual([200, { action: "accept", content: { why: "so" } }, 404]);
    expect(closed.status).toBe(404);
  });
});
