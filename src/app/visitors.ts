/**
 * Whoever takes part over MCP's HTTP, put on what a sidecar is made of: in a repository's sidecar with the files of the main
 * worktree and a name as a bridge there has it, in a hosted one with the session's virtual tree.
 */
import { askBoard, busCaller } from "./ask-board.ts";
import { holderOfMail } from "./mail.ts";
import { mainFiles } from "./main-files.ts";
import { peersInside, secretOfHosted, secretOfRepository } from "./peers.ts";
import { bridgeIdentity, CAPABILITIES, clientSlug } from "../bridge/identity.ts";
import type { BoardEdge } from "../edge/bus/board-edge.ts";
import type { Callers, Visitors } from "../edge/mcp/ports.ts";
import { createVisitors } from "../edge/mcp/visitors.ts";
import type { Place, VisitorFiles } from "../edge/mcp/visitor/place.ts";
import { createVirtualFiles } from "../edge/mcp/visitor/virtual-files.ts";
import type { Inside } from "../edge/mpac/inside.ts";
import type { Visit } from "../edge/mpac/mpac-edge.ts";
import type { SessionEdge } from "../edge/mpac/session-edge.ts";
import type { Counter } from "../edge/peer/peer-edge.ts";
import { type Clock, systemClock } from "../engine/clock.ts";
import { gitUser } from "../git/head.ts";
import { findWorkspace, mainPathOf, type Workspace } from "../git/repository.ts";
import type { StoreFolder } from "../git/store-folder.ts";
import type { Log } from "../log.ts";
import type { Common } from "./service.ts";
import { SessionId } from "../wire/ids.ts";

/** What every kind of sidecar gives. */
export interface Given {
  readonly callers: Pick<Callers, "stillHolds" | "howToSignIn">;
  readonly boardOf: (id: SessionId) => Promise<BoardEdge>;
  /** The session's mail, held open until what it gives is disposed of. */
  readonly enterMail: (id: string) => Promise<Counter>;
  readonly log: Log;
  readonly clock?: Clock;
}

export interface RepositoryGiven extends Given {
  readonly workspace: Workspace;
  readonly store: StoreFolder;
  readonly session: SessionEdge;
}

/** What the environment of a bridge may say says nothing of whoever comes over HTTP. */
const NO_ENVIRONMENT = {};

export async function repositoryVisitors(common: Common, given: RepositoryGiven): Promise<Visitors> {
  const { workspace, store, session } = given;
  const found = await findWorkspace(mainPathOf(workspace), { outside: "folder" });
  const main = found.kind === "refused" ? workspace : found;
  const gitName = await gitUser(main).catch(() => undefined);
  const nowMs = (): number => common.engine.nowMs();
  const visitorFiles = await mainFiles({ inside: session.inside, main, store, nowMs, log: given.log });
  const place = placeOf(common, given, {
    inside: session.inside,
    visitorFiles,
    secret: () => secretOfRepository(store.folder),
    leave: () => undefined,
  });
  return visitorsOf(common, given, {
    enter: () => Promise.resolve(place),
    own: (clientName) => nameOf(clientName, gitName, mainPathOf(main)),
  });
}

/** @param enter - opens a session, until what it gives is disposed of */
export function hostedVisitors(common: Common, given: Given & { readonly enter: (id: string) => Promise<Visit> }): Visitors {
  return visitorsOf(common, given, {
    async enter(id) {
      const visit = await given.enter(id);
      const { inside } = visit.session;
      const visitorFiles = createVirtualFiles((path) => inside.readFile(path));
      return placeOf(common, given, { inside, visitorFiles, secret: secretOfHosted, leave: () => visit[Symbol.dispose]() });
    },
    own: (clientName, sessionId) => nameOf(clientName, undefined, sessionId),
  });
}

function nameOf(clientName: string | undefined, user: string | undefined, worktree: string): string {
  return bridgeIdentity({ clientName, gitUser: user, worktree, env: NO_ENVIRONMENT }).principalId;
}

interface OfItsKind {
  readonly enter: (sessionId: string) => Promise<Place>;
  readonly own: (clientName: string | undefined, sessionId: string) => string;
}

function visitorsOf(common: Common, { callers, log, clock = systemClock }: Given, { enter, own }: OfItsKind): Visitors {
  const visitors = createVisitors({
    enter,
    naming: { own, client: clientSlug },
    callers,
    capabilities: CAPABILITIES,
    clock,
    nowMs: () => common.engine.nowMs(),
    reportFault: (cause, tool) => log.error({ error: String(cause), tool }, "tool call broke"),
  });
  return common.own(visitors);
}

interface OfOneSession {
  readonly inside: Inside;
  readonly visitorFiles: VisitorFiles;
  readonly secret: () => Promise<string>;
  readonly leave: () => void;
}

function placeOf({ engine }: Common, { boardOf, enterMail, log }: Given, { inside, visitorFiles, secret, leave }: OfOneSession): Place {
  return {
    session: inside,
    visitorFiles,
    async askBoard(request, caller, principal, signal) {
      const board = await boardOf(SessionId.parse(inside.sessionId));
      return askBoard(board, inside, { request, caller: busCaller(caller, principal), signal });
    },
    openPeers: ({ identity }, name) =>
      peersInside({
        name,
        fingerprint: identity === undefined ? "own" : holderOfMail(identity),
        enter: () => enterMail(inside.sessionId),
        secret,
        nowMs: () => engine.nowMs(),
        report: (line) => log.info({ peer: name, line }, "peer of a caller over HTTP"),
      }),
    [Symbol.dispose]: leave,
  };
}
