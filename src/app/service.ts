/**
 * What every sidecar is made of, whatever it serves: a store that this process owns, an engine, a listener with health and
 * control, a discovery file, and an end. `sidecar.ts`, `hosted.ts` and `broker.ts` say what is served.
 */
import type { IncomingMessage } from "node:http";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Hono } from "hono";
import type { WebSocket } from "ws";
import { Cleanup, type Closable } from "./cleanup.ts";
import type { ServiceConfig } from "../config/service.ts";
import { listen, type OwnSockets, type TakeSocket, type TlsFiles } from "../edge/http/http-server.ts";
import { peerOf } from "../edge/http/peer.ts";
import { CLOSE } from "../edge/mpac/connection.ts";
import type { MpacEdge } from "../edge/mpac/mpac-edge.ts";
import { logExportRoutes } from "../edge/ops/log-export.ts";
import { opsRoutes } from "../edge/ops/ops-edge.ts";
import { createEngine, type Engine } from "../engine/engine.ts";
import { bootId } from "../git/boot-id.ts";
import { newToken, publishDiscovery } from "../git/discovery-file.ts";
import { noteWriter } from "../git/last-writer.ts";
import { OwnedElsewhere } from "../git/owned-elsewhere.ts";
import { claimStore } from "../git/owner-file.ts";
import { clearStartError } from "../git/start-error.ts";
import type { StoreFolder } from "../git/store-folder.ts";
import { readStoreIdentity } from "../git/store-identity.ts";
import type { Log } from "../log.ts";
import { openSqliteStore, type SqliteStore } from "../store/sqlite.ts";
import { VERSION } from "../version.ts";
import type { Health } from "../wire/health.ts";
import { RECORD_FORMAT } from "../wire/record.ts";
import { CONTROL } from "../wire/versions.ts";
import { listenNear, openDesk } from "./listening.ts";

/** How often the idle end is considered, in milliseconds. */
const IDLE_CHECK_MS = 10_000;

/** How often an idle sidecar looks whether its store is still there, in milliseconds; a commit looks each time. */
const STORE_CHECK_MS = 5_000;

/** How long an answer about the log's health may be repeated, in milliseconds: each new one writes to the disk. */
const HEALTH_MS = 1_000;

export interface Sidecar extends AsyncDisposable {
  readonly uri: string;
  readonly port: number;
  /** Shows this certificate to whoever connects from now on. */
  renewCertificate(tls: TlsFiles): void;
  /**
   * Resolves when the sidecar was asked to stop, or has had no client for long enough, with the reason. Rejects when the disk did
   * not take what was written: only a start that reads the log anew helps.
   */
  readonly stopped: Promise<string>;
  /**
   * Resolves when a process from elsewhere has taken the store, as it may after 20 s in which this one stood still. The log is
   * that one's then, and what this process would still write on closing it would be damage.
   */
  readonly lost: Promise<OwnedElsewhere>;
}

export interface ServiceOptions {
  readonly config: ServiceConfig;
  readonly folder: StoreFolder;
  readonly log: Log;
  /** What it serves, as `/healthz` names it; empty where it serves nobody's repository. */
  readonly workspace: string;
  /** Of the one session; empty where there are many. */
  readonly sessionId: string;
  /** Of the session's WebSocket. */
  readonly path: string;
  /** Port of the sidecar whose store this one takes over: clients that know it will look there. */
  readonly followed?: number | undefined;
  readonly tls?: TlsFiles | undefined;
  /** Whether it answers to any name: it does where tokens keep strangers out, and stands behind a name of its operator's. */
  readonly anyHost?: boolean;
  /** Whether people from elsewhere reach it, who are told nothing of this machine. */
  readonly isPublic?: boolean;
  /** Whether a page may reach it that comes from the host it is reached by. */
  readonly sameOrigin?: boolean;
  /** Puts together what is served, on what is common to all. */
  readonly serve: (common: Common) => Promise<Served>;
}

export interface Common {
  readonly engine: Engine;
  /** The secret of this sidecar's life, as the discovery file has it. */
  readonly token: string;
  readonly onActivity: () => void;
  /** Closes it behind everything that was opened later. */
  own<Owned extends Closable>(owned: Owned): Owned;
}

export interface Served {
  readonly mpac: MpacEdge;
  /** What it answers over HTTP beside health and control. */
  readonly routes?: Hono;
  /** Takes an upgraded socket of a path that is no session's; undefined where it is none of its own. */
  readonly upgrade?: (path: string) => TakeSocket | OwnSockets | undefined;
  /** Sends away, of those whom no MPAC connection shows, whose token is given out no more; gives how many those were. */
  readonly dismiss?: () => number;
  /** Says farewell to those whom no MPAC connection shows, before the log is handed on, or closed for good. */
  readonly hold?: () => void | Promise<void>;
  /** Ends the sessions that are to end with this process; not asked when another one takes them over. */
  readonly shutDown?: () => Promise<void>;
  /** Whether somebody is served, or waits to be, whom no MPAC connection shows. */
  readonly isBusy?: () => boolean;
  /** The session of a path; or, when there is none, how that is said. */
  readonly sessionAt: (path: string) => string | { readonly notFound: string } | { readonly close: string };
}

/** @throws OwnedElsewhere, what `openSqliteStore` throws, PortTaken */
export async function startService(options: ServiceOptions): Promise<Sidecar> {
  const { config, folder, log, workspace, sessionId, followed, tls } = options;
  await using starting = new Cleanup();
  let stop: (reason: string) => void = () => undefined;
  let fail: (fault: unknown) => void = () => undefined;
  const stopped = new Promise<string>((resolve, reject) => {
    stop = resolve;
    fail = reject;
  });
  stopped.catch(() => undefined); // told to whoever waits for it
  const onGone = (): void => stop("the store was removed or replaced");
  const onTrouble = (cause: unknown): void => log.warn({ error: String(cause) }, "owner file cannot be renewed");
  const ownership = starting.own(await claimStore(folder.folder, { onTrouble }));
  const store = starting.own(await openSqliteStore({ path: folder.logPath, onGone, onUnsynced: fail }));
  const { identity } = folder;
  const engine = starting.own(createEngine({ store, log, node: `${identity.store_id}:${process.pid}` }));

  let lastActivityMs = performance.now();
  const onActivity = (): void => {
    lastActivityMs = performance.now();
  };
  const token = newToken();
  const served = await options.serve({ engine, token, onActivity, own: (owned) => starting.own(owned) });
  const { mpac, routes, sessionAt } = served;
  starting.own(mpac);
  await noteWriter(folder.folder, VERSION).catch((cause: unknown) => log.warn({ error: String(cause) }, "release cannot be noted"));

  const boot = await bootId();
  let uri = "";
  const lookAtHealth = async (): Promise<Health> => ({
    status: (await engine.writable()) ? "ok" : "unavailable",
    store_id: identity.store_id,
    workspace,
    session_id: sessionId,
    version: VERSION,
    control: CONTROL,
    format: RECORD_FORMAT,
    pid: process.pid,
    boot_id: boot,
    uri,
    clients: mpac.connections,
    durability: store.durability,
  });
  let seen: { readonly atMs: number; readonly health: Promise<Health> } | undefined;
  const health = (): Promise<Health> => {
    const nowMs = performance.now();
    if (seen === undefined || nowMs - seen.atMs > HEALTH_MS) seen = { atMs: nowMs, health: lookAtHealth() };
    return seen.health;
  };

  // Before anybody can reach it: whoever does must not find the reason of an earlier failure.
  await clearStartError(folder.folder).catch(() => undefined);
  const upgrade = (path: string) => {
    const beside = served.upgrade?.(path);
    if (beside !== undefined) return beside;
    const found = sessionAt(path);
    if (typeof found === "object" && "notFound" in found) return { status: 404 as const, why: found.notFound };
    return (socket: WebSocket, request: IncomingMessage): void => {
      if (typeof found === "object") return socket.close(CLOSE.noSuchSession, found.close.slice(0, 120));
      const { socket: wire } = request; // held while the connection lives, unlike the request
      const { authorization } = request.headers;
      mpac.serve(socket, wire, { sessionId: found, authorization, peer: () => peerOf(wire) });
    };
  };
  let published: AsyncDisposable | undefined;
  const letGo = async (): Promise<void> => {
    await served.hold?.();
    await mpac.hold();
    await engine.close();
    await published?.[Symbol.asyncDispose]();
    await store.close();
    await ownership[Symbol.asyncDispose]();
  };
  const all = opsRoutes({ health, token, isPublic: options.isPublic ?? false, stop, letGo });
  all.route("/", logExportRoutes({ log: store, token }));
  all.route("/", routes ?? new Hono());
  const { allowedOrigins, host } = config;
  const listenOn = (port: number) =>
    listen({
      host,
      port,
      allowedOrigins,
      tls,
      anyHost: options.anyHost ?? false,
      sameOrigin: options.sameOrigin ?? false,
      routes: all,
      upgrade,
    });
  const server = starting.own(await listenNear(config, { derived: identity.port, followed }, listenOn));
  const scheme = tls === undefined ? "ws" : "wss";
  uri = `${scheme}://${host.includes(":") ? `[${host}]` : host}:${server.port}${options.path}`;
  const desk = tls === undefined ? { host, port: server.port } : starting.own(await openDesk(all));
  await ownership.announce({ host: desk.host, port: desk.port });

  published = starting.own(
    await publishDiscovery(folder, {
      store_id: identity.store_id,
      host: desk.host,
      port: desk.port,
      pid: process.pid,
      boot_id: boot,
      version: VERSION,
      control: CONTROL,
      token,
      started_at: new Date().toISOString(),
      workspace: workspace || folder.folder,
    }),
  );
  const storeTimer = setInterval(() => {
    void isStoreInPlace(folder, store).then((inPlace) => inPlace || onGone());
  }, STORE_CHECK_MS);
  storeTimer.unref();
  const idleTimer = setInterval(() => {
    if (mpac.connections > 0 || served.isBusy?.() === true || config.idleMinutes === 0) return;
    if (performance.now() - lastActivityMs > config.idleMinutes * 60_000) stop(`no client for ${config.idleMinutes} minutes`);
  }, IDLE_CHECK_MS);
  idleTimer.unref();

  log.info({ uri, workspace, store: folder.folder, pid: process.pid, version: VERSION }, "sidecar is up");
  const running = starting.release();
  return {
    uri,
    port: server.port,
    renewCertificate: (next) => server.renew(next),
    stopped,
    lost: ownership.lost.then((owner) => new OwnedElsewhere(owner)),
    async [Symbol.asyncDispose]() {
      clearInterval(idleTimer);
      clearInterval(storeTimer);
      await served.shutDown?.();
      mpac.close();
      await served.hold?.();
      await nextTurn(); // what they are told leaves
      await running[Symbol.asyncDispose]();
    },
  };
}

/** Whether the store's folder still holds this store: after `rm -rf`, or a new clone at the same path, it is nobody's any more. */
async function isStoreInPlace({ folder, identity }: StoreFolder, store: SqliteStore): Promise<boolean> {
  try {
    return store.inPlace() && (await readStoreIdentity(folder))?.store_id === identity.store_id;
  } catch {
    return true; // what cannot be read is for whoever writes next to tell, or for the next start
  }
}
