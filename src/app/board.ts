/**
 * The board put together for a sidecar: its log, its HTTP edge, and what the session beside it knows of the names that
 * hold its lanes. That is a view of the moment: no decision of the board reads the session.
 */
import { busWriteSecret } from "../config/buses.ts";
import { board as boardAggregate } from "../core/board/board.ts";
import type { Lane } from "../core/board/state.ts";
import type { SessionState } from "../core/session/state.ts";
import { familyOf } from "../core/session/state/participants.ts";
import { type BoardEdge, createBoardEdge } from "../edge/bus/board-edge.ts";
import { type Bus, createBus } from "../edge/bus/bus-routes.ts";
import { createAtOnce } from "../edge/http/at-once.ts";
import type { Door } from "../edge/http/door.ts";
import { type Bucket, createBucket, type Rate } from "../edge/http/rate.ts";
import type { Engine } from "../engine/engine.ts";
import type { Log } from "../log.ts";
import { type PrincipalId, SessionId } from "../wire/ids.ts";

export interface BoardOptions {
  readonly engine: Engine;
  readonly door: Door;
  readonly sessionAt: (named: string | undefined) => string | { readonly notFound: string };
  /** Asks the session of that name. */
  readonly askSession: <Result>(id: SessionId, ask: (state: Readonly<SessionState>) => Result) => Promise<Result>;
  /** Whether somebody has joined that session under this name over a connection that is open. */
  readonly isConnected: (id: SessionId, principal: string) => boolean;
  /** How fast the bearer of a token may be; as fast as it can without one. */
  readonly rate?: Rate | undefined;
  readonly onActivity: () => void;
  readonly log: Log;
}

/** Pages of messages that are made at once for one reader: a short one beside a long one. */
const MOST_READINGS = 2;

export interface Board extends Bus {
  readonly boardOf: (id: SessionId) => Promise<BoardEdge>;
}

export function serveBoard({ engine, door, sessionAt, askSession, isConnected, rate, onActivity, log }: BoardOptions): Board {
  const readings = createAtOnce(MOST_READINGS);
  async function boardOf(id: SessionId): Promise<BoardEdge> {
    const { host } = await engine.open(boardAggregate, id, {});
    return createBoardEdge({
      host,
      engine,
      readings,
      async ownersGone(lanes) {
        if (lanes.length === 0) return new Set();
        const isHere = (principal: string): boolean => isConnected(id, principal);
        return askSession(id, (state) => new Set(lanes.filter((lane) => isGone(state, lane, isHere)).map(({ name }) => name)));
      },
    });
  }
  const bus = createBus({
    door,
    sessionAt,
    async visit(sessionId) {
      const id = SessionId.parse(sessionId);
      return { board: await boardOf(id), fingerprintsOf: (names) => askSession(id, (state) => fingerprintsIn(state, names)) };
    },
    paceOf: rate === undefined ? undefined : paceAt(rate, () => engine.nowMs()),
    writeSecret: busWriteSecret,
    onActivity,
    log,
  });
  return { ...bus, boardOf };
}

/** One bucket for each credential of the table. */
function paceAt(rate: Rate, nowMs: () => number): (fingerprint: string, mostMs: number) => number {
  const buckets = new Map<string, Bucket>();
  return (fingerprint, mostMs) => {
    const bucket = buckets.get(fingerprint) ?? createBucket(rate);
    buckets.set(fingerprint, bucket);
    return bucket.take(nowMs(), mostMs);
  };
}

/**
 * Whether whoever holds the lane took part and does so no more: of one whose program was killed the session itself learns
 * only when it has been silent for a while. The holder of a token need not take part.
 */
function isGone({ participants }: Readonly<SessionState>, { owner, proof }: Lane, isHere: (principal: string) => boolean): boolean {
  const [participant] = [owner, proof?.principal ?? owner].flatMap((name) => participants.get(name as PrincipalId) ?? []);
  if (participant === undefined) return proof?.by === "bridge";
  return participant.presence !== "available" || !isHere(participant.id);
}

/** Whose credential the session knows names to belong to. */
export function fingerprintsIn({ credentials }: Readonly<SessionState>, names: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    names.flatMap((name) => {
      const fingerprint = credentials.get(familyOf(name));
      return fingerprint === undefined ? [] : [[name, fingerprint] as const];
    }),
  );
}
