/**
 * Whoever takes part over MCP's HTTP, put on what a sidecar is made of: in a repository's sidecar with the files of the main
 * worktree and a name as a bridge there has it, in a hosted one with the session's virtual tree.
 */
import { fingerprintsIn } from "./board.ts";
import { holderOfMail } from "./mail.ts";
import { peersInside } from "./peers.ts";
import { createFiles } from "../bridge/files.ts";
import { bridgeIdentity, CAPABILITIES, clientSlug } from "../bridge/identity.ts";
import { notesFolder } from "../bridge/notes-folder.ts";
import { PeersUnusable, readPeerSettings } from "../bridge/peer-settings.ts";
import { finishPending } from "../bridge/recovery.ts";
import { read } from "../client/bus.ts";
import { ownerOf } from "../core/session/read.ts";
import type { BoardEdge } from "../edge/bus/board-edge.ts";
import type { Caller as BusCaller } from "../edge/bus/caller.ts";
import { routeOf } from "../edge/bus/paths.ts";
import { carryOut } from "../edge/bus/requests.ts";
import { reading } from "../edge/mcp/coordination.ts";
import type { Caller, Callers, Visitors } from "../edge/mcp/ports.ts";
import { createVisitors } from "../edge/mcp/visitors.ts";
import type { Place, VisitorFiles } from "../edge/mcp/visitor/place.ts";
import { speakFor } from "../edge/mcp/visitor/speaking.ts";
import { createVirtualFiles } from "../edge/mcp/visitor/virtual-files.ts";
import { createVoice } from "../edge/mcp/visitor/voice.ts";
import type { Inside } from "../edge/mpac/inside.ts";
import type { Visit } from "../edge/mpac/mpac-edge.ts";
import type { SessionEdge } from "../edge/mpac/session-edge.ts";
import type { Counter } from "../edge/peer/peer-edge.ts";
import { type Clock, systemClock } from "../engine/clock.ts";
import { gitUser, readHead } from "../git/head.ts";
import { findWorkspace, mainPathOf, type Workspace } from "../git/repository.ts";
import type { StoreFolder } from "../git/store-folder.ts";
import { isWithin } from "../git/within.ts";
import { worktreeIdOf } from "../git/worktree-id.ts";
import type { Log } from "../log.ts";
import type { Common } from "./service.ts";
import type { Coordination } from "../tools/ports/session.ts";
import { createNotices } from "../tools/notices.ts";
import type { BusAnswer } from "../wire/bus/answer.ts";
import type { BusRequest } from "../wire/bus/requests.ts";
import { type PrincipalId, SessionId } from "../wire/ids.ts";

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
  const visitorFiles = await mainFiles(common, given, main, store);
  const secret = async (): Promise<string> => (await readPeerSettings(peerEnvironment(), "own", store.folder)).secret;
  const place = placeOf(common, given, { inside: session.inside, visitorFiles, secret, leave: () => undefined });
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
      return placeOf(common, given, { inside, visitorFiles, secret: hostedSecret, leave: () => visit[Symbol.dispose]() });
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

/** What alone may be said of the peers here. */
function peerEnvironment(): NodeJS.ProcessEnv {
  const secret = process.env["PEERBUS_HMAC_SECRET"];
  return secret === undefined ? {} : { PEERBUS_HMAC_SECRET: secret };
}

async function hostedSecret(): Promise<string> {
  const { PEERBUS_HMAC_SECRET: said } = peerEnvironment();
  if (said !== undefined) return (await readPeerSettings({ PEERBUS_HMAC_SECRET: said }, "elsewhere", "")).secret;
  throw new PeersUnusable(
    "the peers of this session sign their mail with a secret that its coordinator does not know: ask whoever runs it to start it with PEERBUS_HMAC_SECRET, or use the peers through the bridge of your own machine",
  );
}

/** Issuers of credentials whose holder's name the operator has given. */
const HOLDERS: ReadonlySet<string> = new Set(["token-table", "key-table"]);

function busCaller({ kind, name, identity }: Caller, principal: string): BusCaller {
  if (kind === "own") return { kind, principal };
  if (kind === "anybody" || identity === undefined) return { kind: "anybody" };
  // By a name that only a token's fingerprint makes, or that somebody has at an issuer, nobody is known.
  const isHolder = HOLDERS.has(identity.issuer) && name?.startsWith("mcp:") !== true;
  return { kind: "token", holder: isHolder ? name : undefined, fingerprint: identity.fingerprint };
}

interface BoardAsked {
  readonly request: BusRequest;
  readonly caller: BusCaller;
  readonly signal: AbortSignal | undefined;
}

/** What nobody sent has no headers. */
const NO_HEADERS = new Headers();

/** Nobody sends away who asks without waiting. */
const UNENDING = {
  get signal(): AbortSignal {
    return new AbortController().signal;
  },
};

/** As over HTTP, with as much of a request as is looked at: a whole one of its kind, with streams, takes longer than the rest. */
async function askBoard(board: BoardEdge, inside: Inside, { request: asked, caller, signal }: BoardAsked): Promise<BusAnswer> {
  const { method, path, query = {}, body } = asked;
  const parts = path.map(encodeURIComponent);
  const found = routeOf(method, parts);
  if ("status" in found) return busAnswer(found);
  if ("status" in found.route) return busAnswer(found.route);
  if (found.route.name === "events") throw new Error("no tool follows the events of the bus");
  const url = `http://localhost/api/bus/${parts.join("/")}?${new URLSearchParams(query).toString()}`;
  const chunks = body === undefined ? null : [Buffer.from(JSON.stringify(body))];
  const answered = await carryOut(found.route, {
    request: { url, headers: NO_HEADERS, body: chunks },
    guest: signal === undefined ? UNENDING : { signal },
    caller,
    board,
    fingerprintsOf: (names) => inside.query((state) => fingerprintsIn(state, names)),
    writes: "open",
  });
  return busAnswer(answered);
}

function busAnswer({ status, body }: { readonly status: number; readonly body: object }): BusAnswer {
  return read({ status, text: JSON.stringify(body), location: undefined });
}

/** The main worktree's files, with what an earlier process left under way there put right before the first change. */
async function mainFiles(
  { engine }: Common,
  { session, log }: Pick<RepositoryGiven, "session" | "log">,
  main: Workspace,
  store: StoreFolder,
): Promise<VisitorFiles> {
  const { inside } = session;
  const root = main.root;
  const id = await worktreeIdOf(main);
  const notesIn = notesFolder(main, store, id);
  const notices = createNotices();
  const worktree = { id, describe: async () => ({ id, path: root ?? mainPathOf(main), ...(await readHead(main).catch(() => ({}))) }) };
  const nowMs = (): number => engine.nowMs();
  let recovery: Promise<void> | undefined;
  const settled = (): Promise<void> => {
    if (root === undefined) return Promise.resolve();
    recovery ??= finishPending({ root, notesIn, holding, tell: notices.tell }).catch((cause: unknown) => {
      recovery = undefined; // the next change tries again
      log.error({ error: String(cause) }, "changes that were under way are left as they are");
    });
    return recovery;
  };
  const tree = createFiles({ root, spelled: [], notesIn, settled, nowMs });
  const files = root === undefined ? tree : { ...tree, isWithin: (path: string) => isWithin(root, path) };
  const visitorFiles: VisitorFiles = { files, worktree, settled, takeNotices: notices.take };

  /** As whoever the intent belongs to, perhaps a bridge that has ended. */
  async function holding(intentId: string): Promise<Coordination> {
    const owner = await inside.query((state) => {
      const principal = ownerOf(state, intentId);
      return principal === undefined ? undefined : state.participants.get(principal as PrincipalId);
    });
    if (owner === undefined) return reading({ session: inside, visitorFiles }, "nobody is known to have begun this task");
    const spoken = { principal: owner.id, instance: owner.instanceId, takeNotices: () => [] };
    return speakFor(
      inside,
      createVoice({ session: inside, visitorFiles }, () => undefined, nowMs),
      spoken,
    );
  }

  return visitorFiles;
}
