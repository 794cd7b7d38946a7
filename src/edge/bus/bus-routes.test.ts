import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { expect, it } from "vitest";
import { board } from "../../core/board/board.ts";
import { createEngine } from "../../engine/engine.ts";
import { silentLog } from "../../engine/log.ts";
import { memoryStore } from "../../store/memory.ts";
import type { SessionId } from "../../wire/ids.ts";
import type { TokenTable } from "../../wire/token-table.ts";
import { createDoor } from "../http/door.ts";
import { createBoardEdge } from "./board-edge.ts";
import { createBus } from "./bus-routes.ts";

const TABLE = { fast: { allowed_sessions: ["*"] }, slow: { allowed_sessions: ["*"] } } as unknown as TokenTable;

/** A bus on which the bearer of the token `fast` has been too fast. */
async function busWithPace(putOffMs: number) {
  const engine = createEngine({ store: memoryStore(), log: silentLog, node: "n" });
  const door = createDoor({ table: TABLE, own: "own" });
  const fast = door.admitHeader("Bearer fast", "red");
  const { host } = await engine.open(board, "red" as SessionId, {});
  const edge = createBoardEdge({ host, engine, ownersGone: () => Promise.resolve(new Set()) });
  const bus = createBus({
    door,
    sessionAt: () => "red",
    visit: () => Promise.resolve({ board: edge, fingerprintsOf: () => Promise.resolve(new Map()) }),
    paceOf: (fingerprint) =>
      fast !== undefined && "admitted" in fast && fast.admitted !== "own" && fast.admitted.fingerprint === fingerprint ? putOffMs : 0,
    writeSecret: () => undefined,
    onActivity: () => undefined,
    log: silentLog,
  });
  const server = createServer(getRequestListener(bus.routes.fetch)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/bus`;
  return {
    bus,
    ask: (token: string, signal?: AbortSignal) =>
      fetch(`${base}/status`, { headers: { authorization: `Bearer ${token}` }, ...(signal === undefined ? {} : { signal }) }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await engine.close();
    },
  };
}

it("puts off who is too fast, and nobody else", async () => {
  await using world = await busWithPace(4_000);
  const gone = new AbortController();
  const fast = world.ask("fast", gone.signal);
  fast.catch(() => undefined);
  await expect.poll(() => world.bus.isBusy()).toBe(true);

  const { status } = await world.ask("slow");

  expect([status, world.bus.isBusy()]).toEqual([200, true]);
  gone.abort();
});

it("tells who is much too fast when to come again", async () => {
  await using world = await busWithPace(7_200);

  const answer = await world.ask("fast");

  expect([answer.status, answer.headers.get("retry-after"), await answer.json()]).toEqual([
    429,
    "8",
    { detail: "this token asks more than the bus answers; slow down" },
  ]);
});
