/** What an open subscription weighs in a sidecar: a thousand `subscriptions/listen` streams, beside as many in a bare Hono. */
import { Agent, type ClientRequest, type IncomingMessage, request } from "node:http";
import type { Bench, Measured, Measurement } from "./measurement.ts";
import { mustBe } from "./measurement.ts";
import { headersOf, urlOf } from "./support/mcp-caller.ts";
import { INSPECTED, weigh, type Weighed } from "./support/memory.ts";
import { createOwned, type Owned } from "./support/owned.ts";
import { startSidecar } from "./support/peers.ts";
import { startBare } from "./support/poster.ts";

/** Streams that are open before the first weighing, and those that are weighed. */
const BEFORE = 20;
const STREAMS = 1_000;

const FOLLOWED = ["signalbox://intents", "signalbox://inbox"];

const LISTEN = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "subscriptions/listen",
  params: {
    notifications: { resourceSubscriptions: FOLLOWED },
    _meta: {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientInfo": { name: "bench", version: "1.0.0" },
      "io.modelcontextprotocol/clientCapabilities": {},
    },
  },
});

/** Opens a stream and gives what it says first. It stays open until the measurement is over. */
function open(owned: Owned, agent: Agent, url: string, body?: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const method = body === undefined ? "GET" : "POST";
  return new Promise((resolve, reject) => {
    const asked: ClientRequest = request(url, { method, agent, headers }, (response: IncomingMessage) => {
      response.once("data", (chunk: Buffer) => resolve(chunk.toString()));
      response.on("error", () => undefined); // we end it ourselves
    });
    asked.on("error", reject);
    asked.end(body);
    owned.use({
      [Symbol.asyncDispose]() {
        asked.destroy();
        return Promise.resolve();
      },
    });
  });
}

async function bytesEach(server: Weighed, openOne: () => Promise<void>): Promise<number> {
  for (let index = 0; index < BEFORE; index += 1) await openOne();
  const before = await server.bytes();
  for (let index = 0; index < STREAMS; index += 1) await openOne();
  return ((await server.bytes()) - before) / STREAMS;
}

async function measure(bench: Bench): Promise<Measured> {
  await using owned = createOwned();
  const watched = { ...bench, env: { ...bench.env, NODE_OPTIONS: INSPECTED } };
  const agent = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY });
  const bare = owned.use(await startBare(bench, [INSPECTED]));
  const bareBytes = await bytesEach(await weigh(bare.program), async () => {
    mustBe((await open(owned, agent, bare.url)).startsWith("data: "), "a bare stream says something");
  });

  const sidecar = owned.use(await startSidecar(watched, "mcp-streams"));
  const headers = {
    ...headersOf(sidecar),
    "content-type": "application/json",
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "subscriptions/listen",
  };
  const bytes = await bytesEach(await weigh(sidecar.program), async () => {
    const first = await open(owned, agent, urlOf(sidecar), LISTEN, headers);
    mustBe(first.includes("notifications/subscriptions/acknowledged"), `a stream began with ${first}`);
  });
  const kilobytes = (count: number): string => `${(count / 1_024).toFixed(1)} kB`;
  return {
    kind: "figures",
    verdict: "report",
    shown: `${kilobytes(bytes)} a stream; ${kilobytes(bareBytes)} in a bare Hono`,
    figures: { streamBytes: bytes, bareBytes },
    notes: [`${STREAMS} streams that follow ${FOLLOWED.join(" and ")}, after ${BEFORE}, garbage collected`],
  };
}

export const mcpStreams: Measurement = {
  name: "mcp-streams",
  what: "an open `subscriptions/listen` stream",
  against: "bare Hono stream of events",
  missing: () => (process.platform === "linux" ? undefined : "only Linux says how much memory a process holds"),
  measure,
};
