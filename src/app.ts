/**
 * The composition root of a sidecar: workspace, store, engine, edges, discovery, put together and taken apart in order.
 */
import type { IncomingMessage } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import getPort from "get-port";
import type { SidecarConfig } from "./config.ts";
import { session as sessionAggregate } from "./core/session/session.ts";
import { createGuard } from "./edge/hook/guard.ts";
import { hookRoutes } from "./edge/hook/hook-edge.ts";
import { listen } from "./edge/http/http-server.ts";
import { peerOf } from "./edge/http/peer.ts";
import { CLOSE } from "./edge/mpac/connection.ts";
import { tellHead } from "./edge/mpac/head-news.ts";
import { createMpacEdge } from "./edge/mpac/mpac-edge.ts";
import { openRoom } from "./edge/mpac/room.ts";
import { opsRoutes } from "./edge/ops/ops-edge.ts";
import { createEngine } from "./engine/engine.ts";
import { BEFORE_FIRST, unseal } from "./engine/seal.ts";
import { bootId } from "./git/boot-id.ts";
import { newToken, publishDiscovery } from "./git/discovery-file.ts";
import { errnoOf } from "./git/errno.ts";
import { isPathCaseInsensitive } from "./git/head.ts";
import { noteWriter } from "./git/last-writer.ts";
import { mainTree } from "./git/main-tree.ts";
import { type ObservedTree, observeWorktrees } from "./git/observations.ts";
import { isAlive, lineage } from "./git/process-identity.ts";
import { OwnedElsewhere } from "./git/owned-elsewhere.ts";
import { claimStore } from "./git/owner-file.ts";
import { findWorkspace, mainPathOf, type Workspace } from "./git/repository.ts";
import { clearStartError } from "./git/start-error.ts";
import { locateStore, type StoreFolder } from "./git/store-folder.ts";
import { readStoreIdentity } from "./git/store-identity.ts";
import type { Log } from "./log.ts";
import { setAside } from "./store/set-aside.ts";
import { openSqliteStore, type SqliteStore } from "./store/sqlite.ts";
import { VERSION } from "./version.ts";
import type { Health } from "./wire/health.ts";
import type { Host } from "./wire/mpac/extension.ts";
import type { SessionEvent } from "./wire/session.ts";
import { SessionId, streamOf } from "./wire/ids.ts";
import { RECORD_FORMAT } from "./wire/record.ts";
import { CONTROL } from "./wire/versions.ts";

/** How often the idle end is considered, in milliseconds. */
const IDLE_CHECK_MS = 10_000;

/** How often an idle sidecar looks whether its store is still there, in milliseconds; a commit looks each time. */
const STORE_CHECK_MS = 5_000;

/** How long a successor waits for the port of the sidecar that it follows, in milliseconds: that one is ending. */
const PORT_MS = 2_000;
const PORT_LOOK_MS = 10;

/** How long an answer about the log's health may be repeated, in milliseconds: each new one writes to the disk. */
const HEALTH_MS = 1_000;

export interface Sidecar extends AsyncDisposable {
  readonly uri: string;
  readonly port: number;
  /** Resolves when the sidecar was asked to stop, or has had no client for long enough, with the reason. */
  readonly stopped: Promise<string>;
  /**
   * Resolves when a process from elsewhere has taken the store, as it may after 20 s in which this one stood still. The log is
   * that one's then, and what this process would still write on closing it would be damage.
   */
  readonly lost: Promise<OwnedElsewhere>;
}

/** There is no workspace to serve. */
export class NoWorkspaceError extends Error {
  override readonly name = "NoWorkspaceError";
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The port that was asked for is taken by somebody else. */
export class PortTaken extends Error {
  override readonly name = "PortTaken";
  readonly code = "sidecar/port-taken";

  constructor(port: number, cause: unknown) {
    super(`port ${port} is taken by another program; choose another with --port or MPAC_SIDECAR_PORT, or leave both out`, { cause });
  }
}

export interface Place {
  readonly workspace: Workspace;
  readonly store: StoreFolder;
}

/** Where a sidecar started with `config` in `cwd` keeps its log. @throws NoWorkspaceError, NoStoreFolder, StoreIdentityBroken */
export async function findPlace(config: Pick<SidecarConfig, "workspace">, cwd: string): Promise<Place> {
  const named = config.workspace;
  const workspace = await findWorkspace(named ?? cwd, { outside: named === undefined ? "refuse" : "folder" });
  if (workspace.kind === "refused") throw new NoWorkspaceError(workspace.code, workspace.message);
  return { workspace, store: await locateStore(workspace) };
}

/**
 * @param followed - port of the sidecar whose store this one takes over: clients that know it will look there
 * @throws OwnedElsewhere, what `openSqliteStore` throws, PortTaken
 */
export async function startSidecar(config: SidecarConfig, place: Place, log: Log, followed?: number): Promise<Sidecar> {
  const { workspace, store: folder } = place;
  await using starting = new Cleanup();
  let stop: (reason: string) => void = () => undefined;
  const stopped = new Promise<string>((resolve) => {
    stop = resolve;
  });
  const onGone = (): void => stop("the store was removed or replaced");
  const onTrouble = (cause: unknown): void => log.warn({ error: String(cause) }, "owner file cannot be renewed");
  const ownership = starting.own(await claimStore(folder.folder, { onTrouble }));
  const store = starting.own(await openSqliteStore({ path: folder.logPath, onGone }));
  const { identity } = folder;
  const main = mainPathOf(workspace);
  const engine = starting.own(createEngine({ store, log, node: `${identity.store_id}:${process.pid}` }));

  const sessionId = SessionId.parse(config.sessionId ?? identity.session_id);
  const settings = {
    profile: "open",
    race_lock: config.raceLock,
    fold_case: await isPathCaseInsensitive(main),
    root: main.replaceAll("\\", "/"),
  };
  const stream = await engine.open(sessionAggregate, sessionId, settings);
  const face = { sessionId, workspaceDir: main, version: VERSION, control: CONTROL };
  const isLiving = ({ pid, started_at }: Host): boolean => isAlive(pid, started_at);
  const room = await openRoom(stream, face, { nowMs: () => engine.nowMs(), isLiving });

  const onHead = (tree: ObservedTree): void => void tellHead(stream, sessionId, tree, engine.nowMs()).catch(() => undefined);
  const observations = starting.own(observeWorktrees(workspace, { log, onHead }));
  const joins = stream.host.subscribe(({ events }) => {
    for (const event of events as readonly SessionEvent[])
      if (event.type === "ParticipantJoined" && event.worktree !== undefined) observations.notice(event.worktree.id);
  });
  starting.own({ [Symbol.asyncDispose]: () => Promise.resolve(joins[Symbol.dispose]()) });

  let lastActivityMs = performance.now();
  const onActivity = (): void => {
    lastActivityMs = performance.now();
  };
  const mpac = createMpacEdge({ room, engine, files: mainTree(workspace, folder), observations, onActivity, log });
  starting.own({ [Symbol.asyncDispose]: () => Promise.resolve(mpac[Symbol.dispose]()) });
  await noteWriter(folder.folder, VERSION).catch((cause: unknown) => log.warn({ error: String(cause) }, "release cannot be noted"));

  const boot = await bootId();
  const token = newToken();

  let uri = "";
  const lookAtHealth = async (): Promise<Health> => ({
    status: (await engine.writable()) ? "ok" : "unavailable",
    store_id: identity.store_id,
    workspace: main,
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
    const id = /^\/session\/([^/]+)\/?$/.exec(path)?.[1];
    if (path !== "/" && id === undefined)
      return { status: 404 as const, why: `there is no WebSocket at ${path}; use / or /session/${sessionId}` };
    return (socket: Parameters<typeof mpac.serve>[0], request: IncomingMessage): void => {
      if (id !== undefined && id !== sessionId)
        return socket.close(CLOSE.noSuchSession, `this sidecar serves the session ${sessionId}`.slice(0, 120));
      const { socket: wire } = request; // held while the connection lives, unlike the request
      mpac.serve(socket, wire, () => peerOf(wire));
    };
  };
  let published: AsyncDisposable | undefined;
  const letGo = async (): Promise<void> => {
    await mpac.hold();
    await engine.close();
    await published?.[Symbol.asyncDispose]();
    await store.close();
    await ownership[Symbol.asyncDispose]();
  };
  const guard = createGuard({ stream, sessionId, files: observations, isLiving, nowMs: () => engine.nowMs() });
  starting.own({ [Symbol.asyncDispose]: () => Promise.resolve(guard[Symbol.dispose]()) });
  const routes = opsRoutes({ health, token, stop, letGo });
  routes.route("/", hookRoutes({ guard, token, hostsAbove: lineage, nowMs: () => engine.nowMs(), onActivity }));
  const listenOn = (port: number) => listen({ ...config, port, routes, upgrade });
  const server = starting.own(await listenNear(config, { derived: identity.port, followed }, listenOn));
  uri = `ws://${config.host === "::1" ? "[::1]" : config.host}:${server.port}/session/${sessionId}`;
  await ownership.announce({ host: config.host, port: server.port });

  published = starting.own(
    await publishDiscovery(folder, {
      store_id: identity.store_id,
      host: config.host,
      port: server.port,
      pid: process.pid,
      boot_id: boot,
      version: VERSION,
      control: CONTROL,
      token,
      started_at: new Date().toISOString(),
      workspace: main,
    }),
  );
  const storeTimer = setInterval(() => {
    void isStoreInPlace(folder, store).then((inPlace) => inPlace || onGone());
  }, STORE_CHECK_MS);
  storeTimer.unref();
  const idleTimer = setInterval(() => {
    if (mpac.connections > 0 || config.idleMinutes === 0) return;
    if (performance.now() - lastActivityMs > config.idleMinutes * 60_000) stop(`no client for ${config.idleMinutes} minutes`);
  }, IDLE_CHECK_MS);
  idleTimer.unref();

  log.info({ uri, workspace: main, store: folder.folder, pid: process.pid, version: VERSION }, "sidecar is up");
  const running = starting.release();
  return {
    uri,
    port: server.port,
    stopped,
    lost: ownership.lost.then((owner) => new OwnedElsewhere(owner)),
    async [Symbol.asyncDispose]() {
      clearInterval(idleTimer);
      clearInterval(storeTimer);
      mpac.close();
      await running[Symbol.asyncDispose]();
    },
  };
}

/** Whether the store's folder still holds this store: after `rm -rf`, or a new clone at the same path, it is nobody's any more. */
async function isStoreInPlace({ folder, identity }: StoreFolder, store: SqliteStore): Promise<boolean> {
  if (!store.inPlace()) return false;
  const standing = await readStoreIdentity(folder).catch(() => identity); // unreadable is for the next start to tell
  return standing?.store_id === identity.store_id;
}

/**
 * Reads a log that no sidecar owns from end to end and checks that each record is whole and follows the one before.
 *
 * @returns how many records the session has
 * @throws OwnedElsewhere, what `openSqliteStore` throws, LogDamaged, LogTooNew
 */
export async function checkLog({ folder, logPath, identity }: StoreFolder): Promise<number> {
  await using _ownership = await claimStore(folder);
  await using store = await openSqliteStore({ path: logPath });
  const stream = streamOf(identity.session_id, "session");
  let last = BEFORE_FIRST;
  for await (const stored of store.read(stream, 0)) last = unseal(stream, stored, last);
  return last.revision;
}

/**
 * Renames a log that nobody can open, so that the next sidecar begins a new one.
 *
 * @returns its new path
 * @throws OwnedElsewhere, what `setAside` throws
 */
export async function setLogAside({ folder, logPath }: StoreFolder): Promise<string> {
  await using _ownership = await claimStore(folder);
  return await setAside(logPath, Date.now());
}

/**
 * The port that was asked for, else that of the sidecar before this one, else the workspace's own, else any: of 2,000 ports
 * in the ephemeral range one is often taken.
 */
async function listenNear<Listener>(
  config: Pick<SidecarConfig, "port" | "host">,
  { derived, followed }: { readonly derived: number; readonly followed: number | undefined },
  listenOn: (port: number) => Promise<Listener>,
): Promise<Listener> {
  const wanted = config.port ?? followed ?? derived;
  const givesUpAtMs = performance.now() + (followed === undefined ? 0 : PORT_MS);
  for (;;) {
    try {
      return await listenOn(wanted);
    } catch (error) {
      if (!["EADDRINUSE", "EACCES"].includes(errnoOf(error))) throw error;
      if (performance.now() >= givesUpAtMs) {
        if (config.port !== undefined) throw new PortTaken(config.port, error);
        return listenOn(await getPort({ host: config.host }));
      }
    }
    await pause(PORT_LOOK_MS);
  }
}

/** What has been opened so far, closed in the opposite order when the rest does not come about. */
class Cleanup implements AsyncDisposable {
  #owned: AsyncDisposable[] = [];

  own<Owned extends AsyncDisposable>(owned: Owned): Owned {
    this.#owned.push(owned);
    return owned;
  }

  /** Hands everything over to somebody who closes it later. */
  release(): AsyncDisposable {
    const released = new Cleanup();
    released.#owned = this.#owned;
    this.#owned = [];
    return released;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (let owned = this.#owned.pop(); owned !== undefined; owned = this.#owned.pop()) await owned[Symbol.asyncDispose]();
  }
}
