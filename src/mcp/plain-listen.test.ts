import { createMcpHandler, InMemoryServerEventBus } from "@modelcontextprotocol/server";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Face } from "./face.ts";
import { makeServer } from "./make-server.ts";
import { plainListenIn, wordsForListeners } from "./plain-listen.ts";
import { createRequestStates } from "./request-state.ts";
import { envelope, faceWith } from "./talk.test.fixture.ts";

type Members = Record<string, unknown>;

const URI = "signalbox://intents";

const RESOURCE = { uri: URI, name: "intents", title: "Intents", description: "Who does what.", mimeType: "application/json" };
const { lists, ...bare } = faceWith();
const FACE: Face = { ...bare, lists: { ...lists, resources: [RESOURCE] } };

const request = (): Members => ({
  jsonrpc: "2.0",
  id: 7,
  method: "subscriptions/listen",
  params: { notifications: { resourceSubscriptions: [URI] }, _meta: envelope() },
});
const headers = (): Record<string, string> => ({
  "content-type": "application/json",
  "mcp-protocol-version": "2026-07-28",
  "mcp-method": "subscriptions/listen",
});

/** A place in a request, and what stands there instead of what is in order; undefined: nothing. */
const anyChange = fc.tuple(
  fc.constantFrom(
    ["jsonrpc"],
    ["id"],
    ["method"],
    ["params"],
    ["task"],
    ["params", "notifications"],
    ["params", "notifications", "resourceSubscriptions"],
    ["params", "notifications", "toolsListChanged"],
    ["params", "notifications", "resourcesListChanged"],
    ["params", "notifications", "taskIds"],
    ["params", "requestState"],
    ["params", "_meta"],
    ["params", "_meta", "progressToken"],
    ["params", "_meta", "io.modelcontextprotocol/protocolVersion"],
    ["params", "_meta", "io.modelcontextprotocol/logLevel"],
    ["params", "_meta", "io.modelcontextprotocol/clientInfo"],
    ["params", "_meta", "io.modelcontextprotocol/clientInfo", "name"],
    ["params", "_meta", "io.modelcontextprotocol/clientInfo", "version"],
    ["params", "_meta", "io.modelcontextprotocol/clientCapabilities"],
    ["params", "_meta", "io.modelcontextprotocol/clientCapabilities", "elicitation"],
  ),
  fc.oneof(
    fc.jsonValue(),
    fc.array(fc.string(), { maxLength: 3 }),
    fc.constantFrom(undefined, true, false, "2026-07-28", {}, [URI], [URI, URI], [URI, 'a"b\\\u2028\ud800'], [], [1], { form: {} }),
  ),
);
const anyHeader = fc.tuple(
  fc.constantFrom("mcp-protocol-version", "mcp-method", "mcp-name"),
  fc.constantFrom(undefined, "act", "subscriptions/listen", "tools/call", "2026-07-28", "2025-11-25"),
);

function changed(message: Members, place: readonly string[], value: unknown): Members {
  const [name, ...rest] = place;
  if (name === undefined) return message;
  const standing = message[name];
  if (rest.length > 0 && (typeof standing !== "object" || standing === null || Array.isArray(standing))) return message;
  return { ...message, [name]: rest.length === 0 ? value : changed(standing as Members, rest, value) };
}

/** All that the SDK says to it, where that resource changes and then the server ends. */
async function saidBySdk(body: unknown, given: Headers, uri: string): Promise<readonly [number, string]> {
  const bus = new InMemoryServerEventBus();
  const requestStates = createRequestStates({ nowMs: () => 0 });
  const told = { whenSent: () => undefined, report: () => undefined, callerOf: () => "ana", requestStates };
  const subscriptions = { subscribe: () => Promise.resolve(), unsubscribe: () => Promise.resolve() };
  const handler = createMcpHandler(() => makeServer(FACE, { era: "modern", subscriptions, ...told }), {
    legacy: "reject",
    keepAliveMs: 0,
    bus,
  });
  const response = await handler.fetch(new Request("http://127.0.0.1/mcp", { method: "POST", headers: given }), { parsedBody: body });
  bus.publish({ kind: "resource_updated", uri });
  bus.publish({ kind: "tools_list_changed" });
  await handler.close();
  return [response.status, await response.text()];
}

describe("a plain listener", () => {
  it("is told the bytes that the SDK tells, or left to it, whatever it says", async () => {
    const words = wordsForListeners(FACE);
    let plain = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(anyChange, { maxLength: 2 }), fc.array(anyHeader, { maxLength: 1 }), async (changes, others) => {
        const body = JSON.parse(JSON.stringify(changes.reduce((one, [place, value]) => changed(one, place, value), request()))) as unknown;
        const given = new Headers(headers());
        for (const [name, value] of others) {
          if (value === undefined) given.delete(name);
          else given.set(name, value);
        }

        const listen = plainListenIn(body, given);
        if (listen === undefined || words === undefined) return;
        plain += 1;
        const uri = listen.uris.at(-1) ?? "";
        const messages = [words.acknowledged(listen), words.updated(listen.id, uri), words.ended(listen.id)];
        const said = messages.map((message) => `event: message\ndata: ${message}\n\n`).join("");

        expect([200, said]).toEqual(await saidBySdk(body, given, uri));
      }),
      { numRuns: 1_000 },
    );

    expect(plain).toBeGreaterThan(50);
  });

  it("is known with what it follows and what its client calls itself", () => {
    const wanting = changed(request(), ["params", "notifications"], { toolsListChanged: true, resourceSubscriptions: [URI, "x"] });

    expect(plainListenIn(wanting, new Headers(headers()))).toEqual({ id: 7, uris: [URI, "x"], clientName: "host" });
  });

  it.each([
    { name: "of no resource", change: [["params", "notifications"], { toolsListChanged: true }] },
    { name: "with something in its envelope that is not always there", change: [["params", "_meta", "traceparent"], "00-1-2-01"] },
    { name: "of another revision", change: [["params", "_meta", "io.modelcontextprotocol/protocolVersion"], "2027-01-01"] },
    { name: "with a flaw", change: [["params", "notifications", "toolsListChanged"], "yes"] },
  ] as const)("$name is the SDK's", ({ change: [place, value] }) => {
    expect(plainListenIn(changed(request(), place, value), new Headers(headers()))).toBeUndefined();
  });

  it("of what has no resources is the SDK's", () => {
    expect(wordsForListeners(faceWith())).toBeUndefined();
  });

  it("is told of more resources than are kept ready as of the first", () => {
    const words = wordsForListeners(FACE);
    const first = words?.updated(1, "0");

    for (let index = 0; index < 2_000; index += 1) words?.updated(1, String(index));

    expect(words?.updated(1, "0")).toBe(first);
  });
});
