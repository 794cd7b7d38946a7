/**
 * The peers' mail, put on what every sidecar is made of: the edge, the sessions that it serves, and when it keeps a sidecar
 * that nobody else uses from ending.
 */
import { Hono } from "hono";
import type { ServiceConfig } from "../config/service.ts";
import { mail } from "../core/mail/mail.ts";
import type { OwnSockets } from "../edge/http/http-server.ts";
import type { Door } from "../edge/http/door.ts";
import { createOffices } from "../edge/peer/offices.ts";
import { peerDoor } from "../edge/peer/peer-door.ts";
import { type Counter, createPeerEdge } from "../edge/peer/peer-edge.ts";
import { openPostOffice, type PostOffice } from "../edge/peer/post-office.ts";
import { FAREWELL, peerSockets } from "../edge/peer/sockets.ts";
import type { Log } from "../log.ts";
import type { Common } from "./service.ts";
import { SessionId, streamOf } from "../wire/ids.ts";
import type { LogRecord } from "../wire/record.ts";

/** How long mail that waits keeps a sidecar from its idle end, in milliseconds. */
const KEEPS_MS = 24 * 60 * 60 * 1000;

const DAY_SEC = 24 * 60 * 60;

/** Begins what is kept of a proof that is no token: no table forgets it, so that its names stay its own. */
const PROOF = "proof:";

const isProof = (fingerprint: string): boolean => fingerprint.startsWith(PROOF);

/** Whose the names of a peer are that came with this credential: a token opens the same mail over any way. */
export function holderOfMail({ issuer, fingerprint }: { readonly issuer: string; readonly fingerprint: string }): string {
  return issuer === "token-table" || issuer === "discovery-file" ? fingerprint : `${PROOF}${fingerprint}`;
}

export interface MailOptions {
  readonly config: Pick<ServiceConfig, "peers">;
  readonly log: Log;
  readonly door: Door;
  /** The session of a path of the peers' bus; undefined for any other path. */
  readonly sessionAt: (path: string) => string | undefined;
  /** How long a stranger may stay silent, in milliseconds; as long as it likes without it. */
  readonly registerWithinMs?: number;
  /** The one session, where there is one: its mail keeps the sidecar, and the tokens of peers alone are for it. */
  readonly resident?: SessionId;
}

export interface Mail {
  readonly upgrade: (path: string) => OwnSockets | undefined;
  /** Holds the mail of a session open for somebody in this process. */
  readonly enter: (sessionId: string) => Promise<Counter>;
  readonly routes: Hono;
  /** Reads the resident session's mail before anybody asks for it. @throws what opening the log throws */
  readonly open: () => Promise<void>;
  readonly hold: () => void;
  /** Sends away whose token is given out no more; gives how many those were. */
  readonly dismiss: () => number;
  /** Whether a peer is connected, or young mail waits for one. */
  readonly isBusy: () => boolean;
}

export function serveMail(common: Common, { config, log, door, sessionAt, registerWithinMs, resident }: MailOptions): Mail {
  const { engine, token, onActivity } = common;
  const { tokens, releaseDays } = config.peers;
  // They name no session, and where there are many they would open each.
  const judge = peerDoor(door, resident === undefined ? [] : tokens, token);

  async function openOffice(id: string): Promise<PostOffice> {
    const sessionId = SessionId.parse(id);
    const stream = await engine.open(mail, sessionId, { release_after_sec: releaseDays * DAY_SEC });
    const evidence = async (revision: number): Promise<unknown> => {
      for await (const { text } of engine.read(stream.host.stream, revision - 1, 1)) return (JSON.parse(text) as LogRecord).command;
      throw new Error(`${stream.host.stream} has no record ${revision}`);
    };
    return openPostOffice({ stream, evidence, stands: (fingerprint) => isProof(fingerprint) || judge.stands(fingerprint, sessionId), log });
  }
  const offices = common.own(createOffices(openOffice));

  /** The resident session's mail stays open once anybody has asked for it, or it was found on the log. */
  let residence: Counter | undefined;
  let residing: Promise<void> | undefined;
  let isLookedFor = false;
  function reside(): Promise<void> {
    if (resident === undefined) return Promise.resolve();
    residing ??= offices.enter(resident).then((counter) => {
      residence = counter;
    });
    return residing.catch((error: unknown) => {
      residing = undefined; // whoever comes next tries again
      throw error;
    });
  }
  const tellFault = (error: unknown): void => log.error({ error: String(error) }, "mail cannot be opened");

  async function enter(id: string): Promise<Counter> {
    const counter = await offices.enter(id);
    if (id === resident) void reside().catch(tellFault);
    return counter;
  }

  const edge = common.own(createPeerEdge({ door: judge, registerWithinMs, enter, onActivity, log }));
  const sockets = peerSockets();

  const routes = new Hono();
  routes.use(async (context, next) => {
    if (sessionAt(context.req.path) === undefined) return next();
    return context.text("WebSocket protocol violation: the request is no upgrade\n", 426, { connection: "Upgrade", upgrade: "websocket" });
  });

  return {
    enter,
    upgrade(path) {
      const sessionId = sessionAt(path);
      if (sessionId === undefined) return undefined;
      return { sockets, farewell: FAREWELL, take: (socket, request) => edge.serve(socket, request.socket, sessionId) };
    },
    routes,
    open: reside,
    hold: () => edge.close(),
    dismiss: () => edge.dismiss(),
    isBusy() {
      if (edge.connections > 0) return true;
      if (resident === undefined) return false;
      if (!isLookedFor) {
        isLookedFor = true;
        void engine
          .has(streamOf(resident, "mail"))
          .then((is) => (is ? reside() : undefined))
          .catch(tellFault);
      }
      const youngestMs = residence?.office.youngestWaitingMs;
      return youngestMs !== undefined && engine.nowMs() - youngestMs < KEEPS_MS;
    },
  };
}
