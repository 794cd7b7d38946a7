/**
 * The composition root of a repository's sidecar: its workspace, its one session, what is seen in its worktrees, and the
 * guard, put on what every sidecar is made of (`service.ts`).
 */
import { serveBoard } from "./board.ts";
import { serveDashboard } from "./dashboard.ts";
import { serveMail } from "./mail.ts";
import { serveLater } from "./mcp-later.ts";
import type { SidecarConfig } from "../config.ts";
import { session as sessionAggregate } from "../core/session/session.ts";
import { createGuard } from "../edge/hook/guard.ts";
import { hookRoutes } from "../edge/hook/hook-edge.ts";
import { createDoor } from "../edge/http/door.ts";
import { tellHead } from "../edge/mpac/head-news.ts";
import { createMpacEdge } from "../edge/mpac/mpac-edge.ts";
import { FOREIGN_RATE } from "../edge/http/rate.ts";
import { openRoom } from "../edge/mpac/room.ts";
import type { Accession } from "../edge/mpac/succession.ts";
import { createSessionEdge } from "../edge/mpac/session-edge.ts";
import { gitUser, isPathCaseInsensitive } from "../git/head.ts";
import { mainTree } from "../git/main-tree.ts";
import { type ObservedTree, observeWorktrees } from "../git/observations.ts";
import { isAlive, lineage } from "../git/process-identity.ts";
import { findWorkspace, mainPathOf, type Workspace } from "../git/repository.ts";
import { locateStore, type StoreFolder } from "../git/store-folder.ts";
import type { Log } from "../log.ts";
import { type Common, type Served, type Sidecar, startService } from "./service.ts";
import { VERSION } from "../version.ts";
import { SessionId } from "../wire/ids.ts";
import type { JsonObject } from "../wire/json.ts";
import type { Host } from "../wire/mpac/extension.ts";
import type { LogRecord } from "../wire/record.ts";
import type { SessionEvent } from "../wire/session.ts";
import { CONTROL } from "../wire/versions.ts";

export type { Sidecar } from "./service.ts";

/** There is no workspace to serve. */
export class NoWorkspaceError extends Error {
  override readonly name = "NoWorkspaceError";
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
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
  const sessionId = SessionId.parse(config.sessionId ?? folder.identity.session_id);
  return startService({
    config,
    folder,
    log,
    workspace: mainPathOf(workspace),
    sessionId,
    path: `/session/${sessionId}`,
    followed,
    serve: (common) =>
      serveRepository(common, { config, place, log, sessionId, accession: followed === undefined ? "recovered" : "assumed" }),
  });
}

interface Repository {
  readonly config: SidecarConfig;
  readonly place: Place;
  readonly log: Log;
  readonly sessionId: SessionId;
  readonly accession: Accession;
}

async function serveRepository(common: Common, { config, place, log, sessionId, accession }: Repository): Promise<Served> {
  const { engine, token, onActivity } = common;
  const { workspace, store: folder } = place;
  const main = mainPathOf(workspace);
  const settings = {
    ...config.policy,
    profile: config.tokens === undefined ? "open" : "authenticated",
    race_lock: config.raceLock,
    fold_case: await isPathCaseInsensitive(main),
    root: main.replaceAll("\\", "/"),
  };
  const stream = await engine.open(sessionAggregate, sessionId, settings as JsonObject);
  const nowMs = (): number => engine.nowMs();
  const isLiving = ({ pid, started_at }: Host): boolean => isAlive(pid, started_at);
  const face = { sessionId, workspaceDir: main, version: VERSION, control: CONTROL };
  const room = await openRoom(stream, face, { nowMs, isLiving, accession });

  const onHead = (tree: ObservedTree): void => void tellHead(stream, sessionId, tree, nowMs()).catch(() => undefined);
  const observations = common.own(observeWorktrees(workspace, { log, onHead }));
  const onJoined = ({ events }: LogRecord): void => {
    for (const event of events as readonly SessionEvent[])
      if (event.type === "ParticipantJoined" && event.worktree !== undefined) observations.notice(event.worktree);
  };
  common.own(stream.host.subscribe(onJoined));

  const session = common.own(createSessionEdge({ room, engine, files: mainTree(workspace, folder), observations }));
  const guard = common.own(createGuard({ stream, sessionId, files: observations, isLiving, nowMs }));

  const door = createDoor({ table: config.tokens, own: token, wantsOwn: config.requireToken });
  // What the user's own programs say is not held back.
  const rate = config.tokens === undefined ? undefined : FOREIGN_RATE;
  const peerPaths = ["/peer", `/session/${sessionId}/peer`];
  const sessionAt = (path: string): string | undefined => (peerPaths.includes(path) ? sessionId : undefined);
  const mail = serveMail(common, { config, log, door, sessionAt, resident: sessionId });
  const served = (named: string | undefined) =>
    named === undefined || named === sessionId ? sessionId : { notFound: `this sidecar serves the session ${sessionId}` };
  const board = serveBoard({
    engine,
    door,
    sessionAt: served,
    askSession: (_id, ask) => stream.host.query(ask),
    isConnected: (_id, principal) => room.isConnected(principal),
    rate,
    onActivity,
    log,
  });
  const visit = { session, [Symbol.dispose]: () => undefined };
  const dashboard = serveDashboard(common, {
    door,
    hasLinks: true,
    sessionAt: served,
    enter: () => Promise.resolve(visit),
    boardOf: board.boardOf,
    userName: () => gitUser(workspace),
  });

  const beganAtMs = nowMs();
  const mcp = serveLater(common, log, async (within) => {
    const [{ serveMcp }, { repositoryVisitors }] = await Promise.all([import("./mcp.ts"), import("./visitors.ts")]);
    return serveMcp(within, {
      config,
      log,
      door,
      isHosted: false,
      beganAtMs,
      sessionAt: served,
      visitors: (callers) =>
        repositoryVisitors(within, { callers, boardOf: board.boardOf, enterMail: mail.enter, log, workspace, store: folder, session }),
      openSession: () => Promise.resolve(stream.host),
      rate,
    });
  });

  return {
    mpac: createMpacEdge({
      door,
      enter: () => Promise.resolve(visit),
      rate,
      nowMs,
      onActivity,
      log,
    }),
    routes: hookRoutes({ guard, token, hostsAbove: lineage, nowMs, onActivity })
      .route("/", mail.routes)
      .route("/", board.routes)
      .route("/", mcp.routes)
      .route("/", dashboard.routes),
    upgrade: mail.upgrade,
    hold() {
      mail.hold();
      return mcp.hold();
    },
    shutDown: () => session.shutDown(),
    isBusy: () => mail.isBusy() || board.isBusy() || mcp.isBusy(),
    sessionAt(path) {
      if (path === "/") return sessionId;
      const id = /^\/session\/([^/]+)\/?$/.exec(path)?.[1];
      if (id === undefined) return { notFound: `there is no WebSocket at ${path}; use / or /session/${sessionId}` };
      return id === sessionId ? id : { close: `this sidecar serves the session ${sessionId}` };
    },
  };
}
