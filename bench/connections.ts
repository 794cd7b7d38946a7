/** What an idle connection and an idle participant weigh in a sidecar, beside what a connection weighs in a bare `ws` server. */
import type { Bench, Measured, Measurement } from "./measurement.ts";
import { isReached, median } from "./method.ts";
import { INSPECTED, weigh, type Weighed } from "./support/memory.ts";
import { createOwned } from "./support/owned.ts";
import { startEcho, startSidecar } from "./support/peers.ts";
import { connectOnly, joinSession } from "./support/talker.ts";

/** Sockets that are there before the first weighing: what a server makes for its first ones is not what one costs. */
const BEFORE = 200;

/** Sockets that are weighed; of participants fewer, because each hears of every one that comes after it. */
const CONNECTIONS = 4_000;
const JOINED = 1_000;

const ROUNDS = 3;

/** Bytes for a joined participant beyond its socket, and how much a bare connection may weigh beside a bare `ws`. */
const PARTICIPANT_BYTES = { atMost: 8 * 1_024 };
const CONNECTION = { atMost: 1.5 };

/** Bytes of one of `count`, whatever `add` makes. */
async function bytesEach(server: Weighed, count: number, add: (index: number) => Promise<unknown>): Promise<number> {
  for (let index = 0; index < BEFORE; index += 1) await add(index);
  const before = await server.bytes();
  for (let index = BEFORE; index < BEFORE + count; index += 1) await add(index);
  return ((await server.bytes()) - before) / count;
}

async function weighAll(bench: Bench, round: number): Promise<{ bare: number; connected: number; joined: number }> {
  const watched = { ...bench, env: { ...bench.env, NODE_OPTIONS: INSPECTED } };
  await using owned = createOwned();
  const connect = async (uri: string): Promise<void> => {
    const socket = await connectOnly(uri);
    owned.use({ [Symbol.asyncDispose]: () => Promise.resolve(socket.terminate()) });
  };
  const echo = owned.use(await startEcho(bench, [INSPECTED]));
  const bare = await bytesEach(await weigh(echo.program), CONNECTIONS, () => connect(echo.uri));

  const first = owned.use(await startSidecar(watched, `connected-${round}`));
  const connected = await bytesEach(await weigh(first.program), CONNECTIONS, () => connect(first.uri));

  const second = owned.use(await startSidecar(watched, `joined-${round}`));
  const joined = await bytesEach(await weigh(second.program), JOINED, async (index) => {
    owned.use(await joinSession(second.uri, `ana-${index}`));
  });
  return { bare, connected, joined };
}

async function measure(bench: Bench): Promise<Measured> {
  const rounds: Awaited<ReturnType<typeof weighAll>>[] = [];
  for (let round = 0; round < ROUNDS; round += 1) rounds.push(await weighAll(bench, round));
  const bare = median(rounds.map((round) => round.bare));
  const connected = median(rounds.map((round) => round.connected));
  const beyond = median(rounds.map((round) => round.joined - round.connected));
  const reached = isReached(PARTICIPANT_BYTES, beyond) && isReached(CONNECTION, connected / bare);
  const kilobytes = (bytes: number): string => `${(bytes / 1_024).toFixed(1)} kB`;
  return {
    kind: "figures",
    verdict: reached ? "met" : "missed",
    shown: `${kilobytes(beyond)} a participant beyond its socket; ${(connected / bare).toFixed(2)} × bare ws a connection`,
    figures: { bareBytes: bare, connectedBytes: connected, participantBytes: beyond },
    notes: [
      `${CONNECTIONS} connections, ${JOINED} participants, after ${BEFORE}, garbage collected, ${ROUNDS} rounds: bare ws ${kilobytes(bare)}, a connection ${kilobytes(connected)}, ` +
        `joined ${kilobytes(connected + beyond)}`,
    ],
  };
}

export const connections: Measurement = {
  name: "connections",
  what: "joined, idle participant beyond its socket (≤ 8 kB); bare connection (≤ 1.5 × bare ws)",
  against: "bare `ws` server",
  missing: () => (process.platform === "linux" ? undefined : "only Linux says how much memory a process holds"),
  measure,
};
