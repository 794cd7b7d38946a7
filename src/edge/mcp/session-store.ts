/**
 * The MCP sessions of 2025 that are open: on the log, so that they outlive the process, and in memory, so that a request costs
 * a look into a map.
 *
 * Of a request nothing is written. When a session was used last is known to this process alone and counted in looks of its
 * own, not by a clock: a machine that slept has not used the time up, and after a restart it begins anew.
 */
import { createHash, randomBytes } from "node:crypto";
import type { McpSession } from "../../core/mcp/read.ts";
import type { Clock } from "../../engine/clock.ts";
import type { Engine } from "../../engine/engine.ts";
import { SessionId, streamOf } from "../../wire/ids.ts";
import { type McpCommand, OpenMcpSession } from "../../wire/mcp-sessions.ts";
import { type Actor, SELF } from "../../wire/record.ts";
import type { Rejection } from "../../wire/refusals.ts";
import { createFollowings } from "./followings.ts";
import { type McpHost, openResidence, type Residence } from "./residence.ts";
import { createUses } from "./uses.ts";

/** How often it is looked for sessions that nobody uses, in milliseconds, and after how many looks one has expired: an hour. */
const LOOK_MS = 60_000;
const MOST_LOOKS = 60;

const ID_BYTES = 32;

/** What `initialize` said and who sent it. */
export type McpSessionDetails = Omit<OpenMcpSession, "idHash">;

export interface SessionStoreOptions {
  readonly engine: Pick<Engine, "has">;
  /** The log of a coordination session's MCP sessions: asking for it makes it. */
  readonly open: (sessionId: SessionId) => Promise<McpHost>;
  readonly clock: Pick<Clock, "after">;
  /** Characters that are kept of what is followed. */
  readonly mostFollowed?: number | undefined;
}

export interface SessionStore extends Disposable {
  /**
   * Opens an MCP session with a coordination session; it is on the log when this resolves. Where there is no room, whoever has most
   * gives way to who has fewer. Refused with `mcp/too-many-sessions` where nobody does, `message/malformed` for details that are too long, and what a log refuses
   * with that takes no records.
   */
  open(sessionId: string, details: McpSessionDetails): Promise<{ readonly id: string } | { readonly rejection: Rejection }>;
  /** The open session of that id, which is in use now; undefined where none is open, and for an id that nobody gave out. */
  find(sessionId: string, id: string): Promise<McpSession | undefined>;
  /** It is in use while this is not disposed of: an open stream, a call under way. Of a session that `find` gave, by its hash. */
  hold(sessionId: string, idHash: string): Disposable;
  /** What a session that `find` gave follows now; nothing when it has ended. */
  followedBy(sessionId: string, idHash: string): ReadonlySet<string>;
  /** Durable when it resolves; gives why it was refused. A repeat is no fault. */
  subscribe(sessionId: string, id: string, uri: string): Promise<Rejection | undefined>;
  unsubscribe(sessionId: string, id: string, uri: string): Promise<Rejection | undefined>;
  /** The client has ended it. */
  close(sessionId: string, id: string): Promise<Rejection | undefined>;
  /** Hears of each session that ends, by its client's word or because nobody used it, with the hash of its id (`hashOfId`). */
  onClosed(hear: (sessionId: string, idHash: string) => void): Disposable;
}

/** What a session is known by everywhere: its id is for its client alone. */
export function hashOfId(id: string): string {
  return createHash("sha256").update(id).digest("hex");
}

export function createSessionStore({ engine, open, clock, mostFollowed }: SessionStoreOptions): SessionStore {
  const opening = new Map<string, Promise<Residence>>();
  const residences = new Map<string, Residence>();
  const hearers = new Set<(sessionId: string, idHash: string) => void>();
  /** An empty one is kept for a while, so that made-up ids do not have the log read again and again. */
  const rooms = createUses(MOST_LOOKS);
  const followings = createFollowings(mostFollowed);
  let looking: Disposable | undefined;
  let isOver = false;

  async function moveIn(id: SessionId): Promise<Residence> {
    const residence = await openResidence(await open(id), MOST_LOOKS, (idHash, session) => {
      followings.note(idHash, session);
      if (session === undefined) for (const hear of hearers) hear(id, idHash);
    });
    if (isOver) residence[Symbol.dispose]();
    if (isOver) return residence;
    residences.set(id, residence);
    rooms.note(id);
    looking ??= clock.after(LOOK_MS, look);
    return residence;
  }

  function reside(id: SessionId): Promise<Residence> {
    const known = opening.get(id);
    if (known !== undefined) return known;
    const residence = moveIn(id);
    opening.set(id, residence);
    residence.catch(() => opening.delete(id)); // whoever comes next tries again
    return residence;
  }

  /** Undefined where no MCP session was ever opened: looking for one makes no log. */
  async function residenceOf(sessionId: string): Promise<Residence | undefined> {
    const known = residences.get(sessionId);
    if (known !== undefined) return known;
    const id = SessionId.parse(sessionId);
    return opening.has(id) || (await engine.has(streamOf(id, "mcp"))) ? reside(id) : undefined;
  }

  function look(): void {
    for (const [id, residence] of residences) {
      for (const idHash of residence.uses.look()) void residence.carry({ type: "CloseSession", idHash, reason: "expired" }, SELF);
      if (!residence.isEmpty) rooms.note(id);
    }
    for (const id of rooms.look()) {
      residences.get(id)?.[Symbol.dispose]();
      residences.delete(id);
      opening.delete(id);
      rooms.forget(id);
    }
    looking = residences.size === 0 ? undefined : clock.after(LOOK_MS, look);
  }

  async function carry(sessionId: string, id: string, commandOn: (idHash: string) => McpCommand): Promise<Rejection | undefined> {
    const residence = await residenceOf(sessionId);
    const idHash = hashOfId(id);
    const session = residence?.sessions.get(idHash);
    if (residence === undefined || session === undefined) return UNKNOWN;
    const outcome = await residence.carry(commandOn(idHash), actorOf(session));
    return outcome.ok ? undefined : outcome.rejection;
  }

  return {
    async open(sessionId, details) {
      const id = randomBytes(ID_BYTES).toString("base64url");
      const asked = OpenMcpSession.safeParse({ ...details, idHash: hashOfId(id) });
      if (!asked.success) return { rejection: tooMuch(asked.error.issues[0]?.path ?? []) };
      const residence = await reside(SessionId.parse(sessionId));
      const carryOut = () => residence.carry({ type: "OpenSession", ...asked.data }, actorOf(asked.data));
      let outcome = await carryOut();
      if (!outcome.ok && outcome.rejection.code === "mcp/too-many-sessions" && (await makeRoom(residence, details.fingerprint)))
        outcome = await carryOut();
      return outcome.ok ? { id } : { rejection: outcome.rejection };
    },
    async find(sessionId, id) {
      const residence = await residenceOf(sessionId);
      const idHash = hashOfId(id);
      const session = residence?.sessions.get(idHash);
      if (session !== undefined) residence?.uses.note(idHash);
      return session;
    },
    hold: (sessionId, idHash) => residences.get(sessionId)?.uses.hold(idHash) ?? { [Symbol.dispose]: () => undefined },
    followedBy: (sessionId, idHash) => residences.get(sessionId)?.sessions.get(idHash)?.subscriptions ?? NONE,
    async subscribe(sessionId, id, uri) {
      const session = (await residenceOf(sessionId))?.sessions.get(hashOfId(id));
      if (session !== undefined && !session.subscriptions.has(uri) && !followings.hasRoom(session.fingerprint, uri)) return TOO_MUCH;
      return carry(sessionId, id, (idHash) => ({ type: "Subscribe", idHash, uri }));
    },
    unsubscribe: (sessionId, id, uri) => carry(sessionId, id, (idHash) => ({ type: "Unsubscribe", idHash, uri })),
    close: (sessionId, id) => carry(sessionId, id, (idHash) => ({ type: "CloseSession", idHash, reason: "deleted" })),
    onClosed(hear) {
      hearers.add(hear);
      return { [Symbol.dispose]: () => void hearers.delete(hear) };
    },
    [Symbol.dispose]() {
      isOver = true;
      looking?.[Symbol.dispose]();
      for (const residence of residences.values()) residence[Symbol.dispose]();
      residences.clear();
      opening.clear();
    },
  };
}

/** Ends the session of whoever has most that it has not used for longest; nothing for who has as many. Whether there is room now. */
async function makeRoom(residence: Residence, fingerprint: string | null): Promise<boolean> {
  const { sessions, uses } = residence;
  const counts = new Map<string | null, number>();
  for (const one of sessions.values()) counts.set(one.fingerprint, (counts.get(one.fingerprint) ?? 0) + 1);
  const [[greediest, most] = [fingerprint, 0]] = [...counts].sort(([, one], [, other]) => other - one);
  if (most <= (counts.get(fingerprint) ?? 0) + 1) return false;
  const idHash = uses.oldest((id) => sessions.get(id)?.fingerprint === greediest);
  return idHash !== undefined && (await residence.carry({ type: "CloseSession", idHash, reason: "expired" }, SELF)).ok;
}

const NONE: ReadonlySet<string> = new Set();
const TOO_MUCH: Rejection = {
  code: "mcp/too-many-subscriptions",
  message: "as much is followed here as there is room for; unsubscribe from resources that you need no longer, or try again later",
};
const UNKNOWN: Rejection = { code: "mcp/unknown-session", message: "this MCP session is not open any more; send a new initialize" };

function tooMuch(path: readonly PropertyKey[]): Rejection {
  return { code: "message/malformed", message: `what initialize says in ${path.join(".")} is longer than it may be; say less` };
}

function actorOf({ name, fingerprint }: Pick<McpSession, "name" | "fingerprint">): Actor {
  const principal = name ?? "anybody";
  return fingerprint === null ? { principal, verified: "asserted" } : { principal, fingerprint, verified: "token" };
}
