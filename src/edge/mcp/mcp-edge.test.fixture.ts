/**
 * The HTTP stack of this edge over a real socket and a log in memory, serving whatever face a test has: the servers of the
 * conformance suite among them.
 */
import { InMemoryServerEventBus, type Server } from "@modelcontextprotocol/server";
import { mcp } from "../../core/mcp/mcp.ts";
import { systemClock } from "../../engine/clock.ts";
import { createEngine } from "../../engine/engine.ts";
import { silentLog } from "../../engine/log.ts";
import { memoryStore } from "../../store/memory.ts";
import { listen } from "../http/http-server.ts";
import type { ReadingRoom } from "../http/reading-room.ts";
import { conformanceServer } from "./conformance.test.fixture.ts";
import { createMcpEdge, type McpEdge } from "./mcp-routes.ts";
import type { Caller, Callers } from "./ports.ts";
import type { Serve } from "./serving.ts";
import { createSessionStore } from "./session-store.ts";

export const SESSION = "s";

export interface Mounted extends AsyncDisposable {
  readonly url: string;
  readonly edge: McpEdge;
}

export interface MountOptions {
  readonly serve: Serve;
  readonly callers?: Callers;
  readonly port?: number;
  readonly capacity?: number;
  readonly mostListeners?: number;
  readonly reading?: ReadingRoom;
}

export async function mount({ serve, callers = EVERYBODY, port = 0, capacity, mostListeners, reading }: MountOptions): Promise<Mounted> {
  const engine = createEngine({ store: memoryStore(), log: silentLog, node: "test" });
  const settings = capacity === undefined ? {} : { capacity };
  const open = async (id: Parameters<typeof engine.open>[1]) => (await engine.open(mcp, id, settings)).host;
  const sessions = createSessionStore({ engine, open, clock: systemClock });
  const edge = createMcpEdge({
    sessionAt: () => SESSION,
    serve,
    callers,
    sessions,
    onActivity: () => undefined,
    mostListeners,
    reading,
    log: silentLog,
  });
  const upgrade = () => ({ status: 404 as const, why: "no sockets here" });
  const server = await listen({ host: "127.0.0.1", port, allowedOrigins: [], routes: edge.routes, upgrade });
  return {
    url: `http://127.0.0.1:${server.port}/mcp`,
    edge,
    async [Symbol.asyncDispose]() {
      edge[Symbol.dispose]();
      sessions[Symbol.dispose]();
      await server[Symbol.asyncDispose]();
      await engine.close();
    },
  };
}

/** What the suite's own servers say of themselves reaches whoever listens. */
export function serveSuite(): Serve {
  const bus = new InMemoryServerEventBus();
  const serving = {
    makeServer(): Server {
      const server: Server = conformanceServer({
        tools: () => bus.publish({ kind: "tools_list_changed" }),
        prompts: () => bus.publish({ kind: "prompts_list_changed" }),
      });
      return server;
    },
    writes: () => false,
    bus,
  };
  return () => serving;
}

export const ANYBODY: Caller = { kind: "anybody", name: undefined, principal: undefined, identity: undefined, mayWrite: false };

/** `Bearer <name>` is somebody of that name; who brings nothing may read. */
export const EVERYBODY: Callers = {
  howToSignIn: "send Authorization: Bearer <name>",
  barredByBody: () => undefined,
  barredByNumber: () => undefined,
  judge(request) {
    const authorization = request.headers.get("authorization");
    if (authorization === null) return Promise.resolve(ANYBODY);
    const name = /^Bearer (\w+)$/.exec(authorization)?.[1];
    if (name === undefined) return Promise.resolve({ status: 401, why: "not known", headers: { "www-authenticate": "Bearer" } });
    const identity = { method: "bearer_token", issuer: "token-table", fingerprint: name };
    return Promise.resolve({ kind: "proven", name, principal: undefined, identity, mayWrite: true });
  },
  sessionFor: () => Promise.resolve(undefined),
  barredFromWriting: () => ({ status: 401, why: "sign in to write", headers: { "www-authenticate": "Bearer" } }),
  stillHolds: () => true,
};
