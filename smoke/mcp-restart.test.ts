/** A session of MCP over HTTP whose sidecar is killed: its client goes on in it, and hears of everything that it missed. */
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { ResourceUpdatedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { expect, it } from "vitest";
import { connectRaw } from "./support/mcp-raw.ts";
import { scratchFolder } from "./support/scratch.ts";
import { type StartedSidecar, startSidecarOf } from "./support/sidecar.ts";
import { eventually } from "./support/wait.ts";

const TOKENS = { ana: "token-of-ana-4711", bo: "token-of-bo-4712" };
const TABLE = Object.fromEntries(
  Object.entries(TOKENS).map(([holder, token]) => [token, { allowed_sessions: ["*"], roles: ["contributor"], holder }]),
);

/** How often the client tries to come back, in milliseconds, and for how long. */
const COMING_BACK = { initialReconnectionDelay: 100, maxReconnectionDelay: 500, reconnectionDelayGrowFactor: 1.5, maxRetries: 100 };

const INTENTS = "signalbox://intents";

/** Begins a task as bo, each time as a client that nobody has seen. */
async function beginAsBo(url: string, file: string): Promise<void> {
  await using bo = await connectRaw({ over: "http", url, token: TOKENS.bo }, "2026-07-28");
  const { result, error } = await bo.ask("tools/call", { name: "begin_task", arguments: { objective: "move the clock", files: [file] } });
  expect(error).toBeUndefined();
  expect(result?.["structuredContent"]).toMatchObject({ status: "ok" });
}

it("outlives a kill of its sidecar, with what it follows, and nobody else gets into it", async () => {
  await using scratch = await scratchFolder();
  const repository = await scratch.repository("repository");
  const start = (): Promise<StartedSidecar> => startSidecarOf(scratch, repository, { env: { MPAC_TOKEN_TABLE: JSON.stringify(TABLE) } });
  const first = await start();
  const url = `http://127.0.0.1:${first.port}/mcp`;
  const heard: string[] = [];
  const ana = new Client({ name: "ana-client", version: "1.0.0" });
  ana.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => void heard.push(params.uri));
  /** Before it may come back for its stream. */
  let mayListen: Promise<void> = Promise.resolve();
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers: { Authorization: `Bearer ${TOKENS.ana}` } },
    reconnectionOptions: COMING_BACK,
    async fetch(address, init) {
      if (init?.method === "GET") await mayListen;
      return fetch(address, init);
    },
  });
  await ana.connect(transport as Parameters<Client["connect"]>[0]);
  await ana.subscribeResource({ uri: INTENTS });
  await eventually("the first change, once the stream is open", async () => {
    await beginAsBo(url, `src/before-${heard.length}.ts`);
    return heard.length > 0 ? true : undefined;
  });

  let letListen: () => void = () => undefined;
  mayListen = new Promise((resolve) => {
    letListen = resolve;
  });
  first.program.kill("SIGKILL");
  await first.program.exited;
  heard.length = 0;
  await using second = await start();
  await beginAsBo(url, "src/meanwhile.ts");
  letListen();

  expect(second.port).toBe(first.port);
  expect(await eventually("what it missed", () => heard.find((uri) => uri === INTENTS))).toBe(INTENTS);
  const session = String(transport.sessionId);
  expect((await ana.callTool({ name: "who_is_working", arguments: {} })).isError).not.toBe(true);
  expect(transport.sessionId).toBe(session);
  const stolen = { "Mcp-Session-Id": session, Authorization: `Bearer ${TOKENS.bo}`, Accept: "text/event-stream" };
  expect((await fetch(url, { headers: stolen })).status).toBe(404);
  await ana.close();
  await first[Symbol.asyncDispose]();
});
