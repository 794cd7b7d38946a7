/** A question to the person of a host that opens addresses and shows no forms: over stdio, on the page of a real sidecar. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { type Scratch, scratchFolder } from "../git/scratch.test.fixture.ts";
import { bridgeIn } from "./bridge.test.fixture.ts";
import { bridge, LEGACY, type Message, MODERN } from "./host.test.fixture.ts";
import { createPages } from "./pages.ts";
import { sidecarFor } from "./sidecar.test.fixture.ts";

const OPENS_PAGES = { elicitation: { url: {} } };
const META = { _meta: { ...MODERN._meta, "io.modelcontextprotocol/clientCapabilities": OPENS_PAGES } };

interface Asked {
  readonly mode: string;
  readonly url: string;
  readonly elicitationId?: string;
}

/** Ana's host, whose task is in conflict with bo's; the call that escalates it, and who works then. */
async function arguing(scratch: Scratch, era: "legacy" | "modern") {
  const repo = await scratch.repository("repo");
  const sidecar = await sidecarFor(repo);
  const bo = bridgeIn(scratch, repo, { principal: "bo" });
  const ana = bridge(scratch, ["--workspace", repo]);
  const ask = (method: string, params: object) => ana.ask(method, era === "legacy" ? params : { ...params, ...META });
  if (era === "legacy") await ask("initialize", { ...LEGACY, protocolVersion: "2025-11-25", capabilities: OPENS_PAGES });
  await bo.call("begin_task", { objective: "paint it", files: ["a.ts"] });
  const begin = { name: "begin_task", arguments: { objective: "<b>o</b>", files: ["a.ts"], on_overlap: "proceed" } };
  const { result: begun = {} } = await ask("tools/call", begin);
  const { conflicts } = begun["structuredContent"] as { conflicts: { conflict_id: string }[] };
  const args = { conflict_id: conflicts[0]?.conflict_id, reason: "both paint" };
  return {
    ana,
    /** The same call under an id of its own, not waited for. */
    escalateAs: (id: number) => ana.say("tools/call", { name: "escalate_conflict", arguments: args }, id),
    escalate: (more: object = {}) => ask("tools/call", { name: "escalate_conflict", arguments: args, ...more }),
    async [Symbol.asyncDispose]() {
      await ana[Symbol.asyncDispose]();
      await bo[Symbol.asyncDispose]();
      await sidecar[Symbol.asyncDispose]();
    },
  };
}

const answerOn = (url: string, choice: string) =>
  fetch(url, { method: "POST", body: new URLSearchParams({ _action: "accept", choice }) }).then(({ status }) => status);
const structured = ({ result }: Message) => result?.["structuredContent"];

describe("before 2026-07-28", () => {
  it("is answered on the page, of whose end the host is told, and decides", async () => {
    await using scratch = await scratchFolder();
    await using at = await arguing(scratch, "legacy");
    const asked = new Promise<Asked>((resolve) => {
      at.ana.onRequest = ({ params }) => (resolve(params as unknown as Asked), { action: "accept" });
    });
    const told = at.ana.next("notifications/elicitation/complete");

    const call = at.escalate();
    const { mode, url, elicitationId } = await asked;
    const shown = await (await fetch(url)).text();
    const taken = [await answerOn(url, "wait"), await answerOn(url, "merge")];

    expect(mode).toBe("url");
    expect(shown).toContain("paint it");
    expect(taken).toEqual([200, 404]);
    expect((await told).params).toEqual({ elicitationId });
    expect(structured(await call)).toMatchObject({ status: "ok", choice: "wait", action: "acknowledged" });
  });

  it.each([
    { name: "is waited for on the page", opened: { action: "accept" } },
    { name: "is on its way to the person", opened: undefined },
  ])("is closed with its page when its call is cancelled while it $name", async ({ opened }) => {
    await using scratch = await scratchFolder();
    await using at = await arguing(scratch, "legacy");
    const asked = new Promise<Asked>((resolve) => {
      at.ana.onRequest = ({ params }) => (resolve(params as unknown as Asked), opened);
    });

    at.escalateAs(7);
    const { url } = await asked;
    await at.ana.ask("ping");
    at.ana.say("notifications/cancelled", { requestId: 7 });

    await expect.poll(async () => (await fetch(url)).status).toBe(404);
  });

  it("is closed with its page when the host does not open it", async () => {
    await using scratch = await scratchFolder();
    await using at = await arguing(scratch, "legacy");
    const asked = new Promise<Asked>((resolve) => {
      at.ana.onRequest = ({ params }) => (resolve(params as unknown as Asked), { action: "decline" });
    });

    const declined = await at.escalate();
    const { url } = await asked;

    expect(structured(declined)).toMatchObject({ status: "declined" });
    await expect.poll(() => answerOn(url, "wait")).toBe(404);
  });
});

it("is found in 2026-07-28 by the call that comes again", async () => {
  await using scratch = await scratchFolder();
  await using at = await arguing(scratch, "modern");
  const first = (await at.escalate()).result as { requestState: string; inputRequests: { answer: { params: Asked } } };
  const { url } = first.inputRequests.answer.params;

  const again = at.escalate({ requestState: first.requestState, inputResponses: { answer: { action: "accept" } } });
  const taken = await answerOn(url, "hand_over");

  expect(taken).toBe(200);
  expect(structured(await again)).toMatchObject({ status: "ok", choice: "hand_over", action: "yielded" });
});

describe("a page that cannot be opened", () => {
  const question = { message: "m", fields: {}, required: [] };
  const asked = { signal: new AbortController().signal, clientName: "test", era: "legacy", visit: undefined } as const;

  it("is said to be none where no sidecar is reached", async () => {
    const pages = createPages({ place: () => Promise.resolve(undefined), nowMs: Date.now });

    expect(await pages.open(question, asked)).toEqual({ unshown: expect.stringContaining("no sidecar is reached") as string });
  });

  it("is said to be none where the sidecar knows of no pages", async () => {
    const older = createServer((_request, response) => response.writeHead(404).end("{}")).listen(0, "127.0.0.1");
    await new Promise((resolve) => older.once("listening", resolve));
    const base = `http://127.0.0.1:${(older.address() as AddressInfo).port}/mcp`;
    const pages = createPages({ place: () => Promise.resolve({ base, token: undefined }), nowMs: Date.now });

    const opened = await pages.open(question, asked);
    older.close();

    expect(opened).toEqual({ unshown: expect.stringContaining("404") as string });
  });
});
