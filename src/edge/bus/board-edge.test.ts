import { expect, it } from "vitest";
import { board } from "../../core/board/board.ts";
import { createEngine } from "../../engine/engine.ts";
import { silentLog } from "../../engine/log.ts";
import { memoryStore } from "../../store/memory.ts";
import type { ClaimLane } from "../../wire/board.ts";
import type { SessionId } from "../../wire/ids.ts";
import type { Actor } from "../../wire/record.ts";
import { createAtOnce } from "../http/at-once.ts";
import { createBoardEdge } from "./board-edge.ts";

const WAIT_MS = 30_000;
const actor = (principal: string): Actor => ({ principal, verified: "asserted" });
const claim = (owner: string): ClaimLane => ({ type: "ClaimLane", lane: "deploy", owner, leaseMs: 600_000 });
const waiting = (owner: string): ClaimLane => ({ ...claim(owner), wait: {} });
const release = (owner: string) => ({ type: "ReleaseLane", lane: "deploy", owner }) as const;

async function openBoard() {
  const engine = createEngine({ store: memoryStore(), log: silentLog, node: "n" });
  const { host } = await engine.open(board, "s" as SessionId, {});
  const readings = createAtOnce(1);
  const edge = createBoardEdge({ host, engine, ownersGone: () => Promise.resolve(new Set()), readings });
  const never = new AbortController().signal;
  await edge.claim(claim("ana"), actor("ana"), 0, never);
  return { edge, host, readings, never, [Symbol.asyncDispose]: () => engine.close() };
}

it("makes pages of messages for a reader in turn, for another beside that, and for nobody who is gone by then", async () => {
  await using world = await openBoard();
  const { edge, readings, never } = world;
  const gone = new AbortController();
  const held = await readings.turn("ana");
  const statuses: number[] = [];
  const read = async (name: string, signal = never) => statuses.push((await edge.messages({ limit: 1 }, { name, signal })).status);

  const anas = [read("ana", gone.signal), read("ana")];
  await read("bo");
  gone.abort();
  held[Symbol.dispose]();
  await Promise.all(anas);

  expect(statuses).toEqual([200, 503, 200]);
});

it("answers a claim that has its turn in the very turn in which it began to wait", async () => {
  await using world = await openBoard();
  const { edge, never } = world;

  const [answer] = await Promise.all([edge.claim(waiting("bo"), actor("bo"), WAIT_MS, never), edge.carry(release("ana"), actor("ana"))]);

  expect(answer).toMatchObject({ status: 200, body: { owner: "bo", lease_s: 600 } });
});

it("answers at once when the place is given up by a release", async () => {
  await using world = await openBoard();
  const { edge, never } = world;

  const [answer] = await Promise.all([edge.claim(waiting("bo"), actor("bo"), WAIT_MS, never), edge.carry(release("bo"), actor("bo"))]);

  expect(answer).toMatchObject({ status: 404, body: { detail: expect.stringMatching(/claim without a ticket/) as string } });
});

it("asks for nothing more when the caller has gone away, and the lane is kept no longer than its place would be", async () => {
  await using world = await openBoard();
  const { edge, host, never } = world;
  const gone = new AbortController();
  const asked = edge.claim(waiting("bo"), actor("bo"), WAIT_MS, gone.signal);
  await host.query(() => undefined);

  const { revision } = host;
  gone.abort();
  const answer = await asked;
  await edge.carry(release("ana"), actor("ana"));

  expect([answer.status, host.revision]).toEqual([202, revision + 1]);
  expect((await edge.claim(claim("cy"), actor("cy"), 0, never)).body["detail"]).toMatch(/held by bo for another 120 s/);
});

it("leaves nothing behind that listens", async () => {
  await using world = await openBoard();
  const { edge, host, never } = world;

  await edge.claim(waiting("bo"), actor("bo"), 1, never);

  await expect.poll(() => host.idle).toBe(true);
});
