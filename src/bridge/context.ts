/**
 * One workspace in use: its store, its sidecar, the principal that this bridge is there, and what the tools are given.
 */
import type { Locate, Located } from "../client/reach.ts";
import { authority } from "../client/health.ts";
import { ownBus, remoteBus } from "../client/bus-settings.ts";
import { explainRemote, type Remote } from "../client/remote.ts";
import { readDiscovery } from "../git/discovery-file.ts";
import { gitUser, readHead } from "../git/head.ts";
import { lineage } from "../git/process-identity.ts";
import { mainPathOf, type Workspace } from "../git/repository.ts";
import { locateStore, type StoreFolder } from "../git/store-folder.ts";
import { worktreeIdOf } from "../git/worktree-id.ts";
import { newShortId } from "../short-id.ts";
import type { ToolContext } from "../tools/ports.ts";
import type { Host, Worktree } from "../wire/mpac/extension.ts";
import { CONTROL } from "../wire/versions.ts";
import { createBoard } from "./board.ts";
import { createBoardNews } from "./board-news.ts";
import type { Heard } from "./changes.ts";
import { createFiles } from "./files.ts";
import { bridgeIdentity } from "./identity.ts";
import { createLocate } from "./locate.ts";
import { createMember, type Member } from "./member.ts";
import { createMembers } from "./members.ts";
import { notesFolder } from "./notes-folder.ts";
import { onOverlapIn } from "./on-overlap.ts";
import { createNotices } from "../tools/notices.ts";
import { readPeerSettings } from "./peer-settings.ts";
import type { PagesPlace } from "./pages.ts";
import { type BridgePeers, createPeers, type Seat } from "./peers.ts";
import { finishPending, hash } from "./recovery.ts";
import { createWorktreeLook } from "./worktree-look.ts";

export interface ContextOptions {
  /** The host's name for itself, as far as it gave one. */
  readonly clientName: string | undefined;
  /** What runs `signalbox`, as arguments of this Node. */
  readonly launcher: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** The coordinator elsewhere that the workspace's session is at; without one it is the sidecar of this machine. */
  readonly remote?: Remote | undefined;
  readonly reportFault: (cause: unknown, tool: string) => void;
  /** Whether the bridge is a peer on the bus, and whether a tool takes the mail that comes. */
  readonly peer?: { readonly drains: boolean } | undefined;
  readonly report?: (line: string) => void;
  /** A session or the mail says something else now. */
  readonly onChange?: ((heard: Heard) => void) | undefined;
}

/** The one peer that a bridge is at another broker, whichever workspace a call is about; made the first time, closed by its keeper. */
export type PeerElsewhere = (make: () => BridgePeers) => BridgePeers;

export interface WorkspaceContext {
  readonly tools: ToolContext;
  /** Where the session's sidecar shows pages to a person. */
  pagesPlace(): Promise<PagesPlace | undefined>;
  /** A tool is called here. */
  worked(): void;
  /** Whether somebody wants to hear of what happens on the session's bus. */
  followBoard(isWanted: boolean): void;
  /** Joins without waiting, so that others see us before the first call. What goes wrong is told by that call. */
  joinSoon(): void;
  leave(): Promise<void>;
}

/** @throws StoreIdentityBroken, NoStoreFolder, or what git does */
export async function openContext(
  workspace: Workspace,
  written: string,
  options: ContextOptions,
  peerElsewhere: PeerElsewhere,
): Promise<WorkspaceContext> {
  const { clientName, launcher, env, remote, reportFault, peer, report = () => undefined, onChange } = options;
  const main = mainPathOf(workspace);
  const workspaceDir = workspace.root ?? main;
  const [store, user, worktreeId] = await Promise.all([
    locateStore(workspace, { env }),
    gitUser(workspace, { env }).catch(() => undefined),
    worktreeIdOf(workspace),
  ]);
  let found: StoreFolder | undefined = store;
  /** The store that was just found serves the first search. */
  const locateAgain = async (): Promise<StoreFolder> => {
    const first = found;
    found = undefined;
    return first ?? locateStore(workspace, { env });
  };
  const identity = bridgeIdentity({ clientName, gitUser: user, worktree: workspaceDir, env });
  const notices = createNotices();

  /** A worktree whose git does not answer is named without branch; its watcher tells of it later. */
  const describeWorktree = async (): Promise<Worktree> => ({
    id: worktreeId,
    path: workspaceDir,
    ...(await readHead(workspace, { env }).catch(() => ({}))),
  });

  let located: Located | undefined;
  const locateHere = createLocate({ locateStore: locateAgain, workspace: main, launcher, env });
  const locate: Locate = async (question) => (located = (await locateHere(question)) ?? located);
  /** As the sidecar at this address has left it now: one that has just started may have been joined before it did. */
  const tokenAt = async (uri: string): Promise<string | undefined> => {
    const left = await readDiscovery(store, env).catch(() => undefined);
    if (left !== undefined && authority(left.host, left.port) === new URL(uri).host) return left.token;
    return located?.uri === uri ? located.token : undefined;
  };
  const reached =
    remote === undefined
      ? { locate }
      : { locate: () => Promise.resolve(remote), explain: (cause: unknown) => explainRemote(remote, cause) };

  const memberAs = (principalId: string, displayName: string): Member =>
    createMember({
      client: {
        ...identity,
        principalId,
        displayName,
        ...(process.ppid > 0 ? { host: hostOf(process.ppid) } : {}),
        control: CONTROL,
        ...reached,
        worktree: describeWorktree,
      },
      ...(remote === undefined ? {} : { look: createWorktreeLook(workspace, { env }) }),
      workspaceDir,
      notices,
      settled,
      onChange(heard) {
        if (heard === "joined") news.joined();
        onChange?.(heard);
      },
    });

  const root = workspace.root;
  const notesIn = notesFolder(workspace, store, worktreeId);
  let recovery: Promise<void> | undefined;
  const settled = (): Promise<void> => {
    if (root === undefined) return Promise.resolve();
    recovery ??= finishPending({ root, notesIn, holding: (intentId) => members.holding(intentId), tell: notices.tell }).catch(
      (cause: unknown) => {
        recovery = undefined; // the next call tries again
        reportFault(cause, "recovery");
      },
    );
    return recovery;
  };
  const members = createMembers(memberAs(identity.principalId, identity.displayName), (principalId) => memberAs(principalId, principalId));
  const { coordination } = members.main;
  const board = createBoard({
    coordination,
    bus: remote === undefined ? { kind: "own", tokenAt, derivedPort: store.identity.port } : { kind: "elsewhere", remote },
    name: identity.principalId,
    env,
    newId: newShortId,
  });
  const seat = async (): Promise<Seat | undefined> => {
    const { isJoined, principalId } = members.main.client;
    if (!isJoined) return undefined;
    if (remote !== undefined) return { uri: remote.uri, token: remote.token, principalId };
    return located && { uri: located.uri, token: await tokenAt(located.uri), principalId };
  };
  const news = createBoardNews({
    async address() {
      const at = await seat();
      return at && { base: remote === undefined ? ownBus(at.uri) : remoteBus(remote), token: at.token };
    },
    onBoard: (changes) => onChange?.({ onBoard: changes }),
  });
  const makePeers = (): BridgePeers =>
    createPeers({
      coordination,
      name: identity.principalId,
      seat,
      settings: () => readPeerSettings(env, remote === undefined ? "own" : "elsewhere", store.folder),
      drains: peer?.drains === true,
      onMail: () => onChange?.("mail"),
      report,
    });
  const isElsewhere = Boolean(env["PEERBUS_URL"]);
  const peers = isElsewhere ? peerElsewhere(makePeers) : makePeers();
  const files = createFiles({ root, spelled: [written], notesIn, settled, nowMs: Date.now });

  return {
    tools: {
      coordination,
      agents: members,
      files,
      board,
      peers,
      onOverlap: onOverlapIn(env, report),
      nowMs: Date.now,
      newId: newShortId,
      hash,
      workspace: { dir: workspaceDir, sessionId: remote?.sessionId ?? store.identity.session_id },
      reportFault,
    },
    async pagesPlace() {
      const at = await seat();
      return at && { base: `${at.uri.replace(/^ws/, "http").replace(/\/$/, "")}/mcp`, token: at.token };
    },
    worked: () => members.worked(),
    followBoard: (isWanted) => news.want(isWanted),
    joinSoon() {
      coordination
        .membership()
        .then(() => members.adopt())
        .catch(() => undefined);
      if (peer !== undefined) peers.connectSoon();
    },
    async leave() {
      news.leave();
      await Promise.all([members.leave(), ...(isElsewhere ? [] : [peers[Symbol.asyncDispose]()])]);
    },
  };
}

/** The client that started this bridge, as others know it: what only starts programs, such as a shell or npx, is passed over. */
function hostOf(pid: number): Host {
  const [first = { pid }, ...above] = lineage(pid);
  const { isShell: _isShell, ...host } = [first, ...above].find(({ isShell }) => isShell !== true) ?? first;
  return host;
}
