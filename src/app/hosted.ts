/**
 * The composition root of a hosted sidecar: many sessions, each by its path, of people who share no disk with it and mostly
 * no machine, put on what every sidecar is made of (`service.ts`).
 */
import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { serveBoard } from "./board.ts";
import { serveDashboard } from "./dashboard.ts";
import { serveMail } from "./mail.ts";
import { serveLater } from "./mcp-later.ts";
import { BadConfig } from "../config/setting.ts";
import { readKeysFile, readTokensFile } from "../config/tables.ts";
import type { HostedConfig } from "../config.ts";
import { session as sessionAggregate } from "../core/session/session.ts";
import type { TlsFiles } from "../edge/http/http-server.ts";
import { createDoor, type Door } from "../edge/http/door.ts";
import { createMpacEdge } from "../edge/mpac/mpac-edge.ts";
import { NOTHING_OBSERVED } from "../edge/mpac/observed-views.ts";
import { FOREIGN_RATE } from "../edge/http/rate.ts";
import { openRoom } from "../edge/mpac/room.ts";
import { createSessionEdge, type SessionEdge } from "../edge/mpac/session-edge.ts";
import { createSessions } from "../edge/mpac/sessions.ts";
import type { Engine } from "../engine/engine.ts";
import { errnoOf } from "../git/errno.ts";
import { NO_FILES } from "../git/main-tree.ts";
import type { StoreFolder } from "../git/store-folder.ts";
import type { Log } from "../log.ts";
import { type Common, type Served, type Sidecar, startService } from "./service.ts";
import { VERSION } from "../version.ts";
import { SessionId } from "../wire/ids.ts";
import type { JsonObject } from "../wire/json.ts";
import type { KeyTable } from "../wire/key-table.ts";
import type { TokenTable } from "../wire/token-table.ts";
import { CONTROL } from "../wire/versions.ts";

/** What a client is told that asks for no session, as the original says it. */
const NO_SESSION = "multi_session server requires a /session/<id> path";

/** How often it is looked whether a client is still there, in milliseconds: a network that broke tells nobody. */
const LOOK_AFTER_MS = 30_000;

export interface HostedSidecar extends Sidecar {
  /**
   * Reads the file of the table and the certificate again. Who came in by a token that is gone is sent away; roles count when
   * their bearer joins next. Gives how many were sent away.
   *
   * @throws BadConfig when one of them cannot be used: nothing has changed then
   */
  renew(): Promise<number>;
}

/** @throws BadConfig for a certificate that cannot be read, OwnedElsewhere, what `openSqliteStore` throws, PortTaken */
export async function startHosted(config: HostedConfig, folder: StoreFolder, log: Log): Promise<HostedSidecar> {
  let goBy: (tables: Tables) => number = () => 0;
  const sidecar = await startService({
    config,
    folder,
    log,
    workspace: "",
    sessionId: "",
    path: "/session/<id>",
    tls: await readTls(config.tls),
    anyHost: config.tokens !== undefined,
    isPublic: config.tokens !== undefined,
    async serve(common) {
      const door = createDoor({ table: config.tokens, own: common.token });
      const served = await serveSessions(common, { config, log, door });
      goBy = ({ tokens, keys }) => {
        if (tokens !== undefined) door.renew(tokens);
        if (keys !== undefined) served.renewKeys(keys);
        return served.mpac.dismiss() + (served.dismiss?.() ?? 0);
      };
      return served;
    },
  });
  return {
    ...sidecar,
    async renew() {
      const tls = await readTls(config.tls);
      const tokens = config.tokensFile === undefined ? undefined : readTokensFile(config.tokensFile);
      const keys = config.keysFile === undefined ? undefined : readKeysFile(config.keysFile);
      if (tls !== undefined) sidecar.renewCertificate(tls);
      return goBy({ tokens, keys });
    },
  };
}

async function readTls(tls: HostedConfig["tls"]): Promise<TlsFiles | undefined> {
  if (typeof tls === "string") return undefined;
  const read = (path: string, flag: string): Promise<Buffer> =>
    readFile(path).catch((cause: unknown) => {
      throw new BadConfig(`${flag} names ${path}, which cannot be read (${errnoOf(cause)})`, { cause });
    });
  const files = { cert: await read(tls.cert, "--tls-cert"), key: await read(tls.key, "--tls-key") };
  try {
    createSecureContext(files);
  } catch (cause) {
    throw new BadConfig(`${tls.cert} and ${tls.key} are no certificate and its key in PEM (${(cause as Error).message})`, { cause });
  }
  return files;
}

/** Tables that were read again; what is missing stays as it is. */
interface Tables {
  readonly tokens: TokenTable | undefined;
  readonly keys: KeyTable | undefined;
}

interface Given {
  readonly config: HostedConfig;
  readonly log: Log;
  readonly door: Door;
}

async function serveSessions(
  common: Common,
  { config, log, door }: Given,
): Promise<Served & { readonly renewKeys: (keys: KeyTable) => void }> {
  const { engine, onActivity } = common;
  const sessions = common.own(createSessions((id) => openSession(engine, SessionId.parse(id), config)));
  // As it stands in the URL: what a client wrote there, nobody decodes.
  const idIn = (path: string, shape: RegExp): string | undefined => SessionId.safeParse(shape.exec(path)?.[1]).data;
  const peersOf = (path: string): string | undefined => idIn(path, /^\/session\/([^/]+)\/peer$/);
  const mail = serveMail(common, { config, log, door, registerWithinMs: LOOK_AFTER_MS, sessionAt: peersOf });
  const board = serveBoard({
    engine,
    door,
    sessionAt: (named) => SessionId.safeParse(named).data ?? { notFound: "the boards of a hosted sidecar are at /session/<id>/api/bus" },
    askSession: async (id, ask) => (await openStream(engine, id, config)).host.query(ask),
    isConnected: (id, principal) => sessions.isConnected(id, principal),
    rate: FOREIGN_RATE,
    onActivity,
    log,
  });
  const dashboard = serveDashboard(common, {
    door,
    hasLinks: false,
    sessionAt: (named) => SessionId.safeParse(named).data ?? { notFound: "the panel of a session is at /session/<id>/" },
    enter: (id) => sessions.enter(id),
    boardOf: board.boardOf,
  });
  const beganAtMs = engine.nowMs();
  const mcp = serveLater(common, log, async (within) => {
    const [{ serveMcp }, { hostedVisitors }] = await Promise.all([import("./mcp.ts"), import("./visitors.ts")]);
    return serveMcp(within, {
      config,
      log,
      door,
      isHosted: true,
      beganAtMs,
      sessionAt(named) {
        if (named === undefined) return undefined;
        return SessionId.safeParse(named).data ?? { notFound: "MCP of a session is at /session/<id>/mcp" };
      },
      visitors: (callers) =>
        hostedVisitors(within, { callers, boardOf: board.boardOf, enterMail: mail.enter, log, enter: (id) => sessions.enter(id) }),
      openSession: async (id) => (await openStream(engine, id, config)).host,
      rate: FOREIGN_RATE,
    });
  });
  return {
    mpac: createMpacEdge({
      door,
      enter: (id) => sessions.enter(id),
      rate: FOREIGN_RATE,
      lookAfterMs: LOOK_AFTER_MS,
      nowMs: () => engine.nowMs(),
      onActivity,
      log,
    }),
    routes: mail.routes.route("/", board.routes).route("/", mcp.routes).route("/", dashboard.routes),
    upgrade: mail.upgrade,
    dismiss: () => mail.dismiss() + board.dismiss() + mcp.dismiss() + dashboard.dismiss(),
    renewKeys: mcp.renewKeys,
    hold() {
      mail.hold();
      return mcp.hold();
    },
    shutDown: () => sessions.shutDown(),
    isBusy: () => mail.isBusy() || board.isBusy() || mcp.isBusy(),
    sessionAt: (path) => idIn(path, /^\/session\/([^/]+)/) ?? { close: NO_SESSION },
  };
}

function openStream(engine: Engine, sessionId: SessionId, config: HostedConfig) {
  const profile = config.tokens === undefined ? "open" : "authenticated";
  const settings = { ...config.policy, profile, race_lock: config.raceLock };
  return engine.open(sessionAggregate, sessionId, settings as JsonObject);
}

async function openSession(engine: Engine, sessionId: SessionId, config: HostedConfig): Promise<SessionEdge> {
  const stream = await openStream(engine, sessionId, config);
  const face = { sessionId, workspaceDir: "", version: VERSION, control: CONTROL };
  // The programs of its clients run elsewhere: of none is known here that it lives.
  const room = await openRoom(stream, face, { nowMs: () => engine.nowMs(), isLiving: () => false });
  return createSessionEdge({ room, engine, files: NO_FILES, observations: NOTHING_OBSERVED });
}
