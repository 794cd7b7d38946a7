/**
 * Where the log of a workspace is kept.
 *
 * In the common git directory, so that it goes with the repository and every worktree finds it; in the user's state
 * directory for a plain folder, and when the git directory is read-only, on a network disk, or a copy that still
 * carries the store of the repository it was copied from. Where a store was made, it stays: one that exists in either
 * place is taken before a new one is made.
 */
import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { StoreIdentity } from "../wire/store-identity.ts";
import { isReadOnly } from "./create-once.ts";
import { errnoOf } from "./errno.ts";
import { remoteFileSystem } from "./network-disk.ts";
import { deriveIdentity } from "./identity.ts";
import { mainPathOf, type Workspace } from "./repository.ts";
import { makeStoreIdentity, readStoreIdentity, STORE_IDENTITY_FILE, StoreIdentityBroken } from "./store-identity.ts";
import { StoreWriteFailed, whyUnwritten } from "./store-write-failed.ts";
import { ownUid, stateFolder } from "./user-folders.ts";

export interface StoreFolder {
  readonly folder: string;
  /** The log itself, made by whoever opens it first. */
  readonly logPath: string;
  readonly place: "git" | "state";
  /**
   * Whether this process can write there. A sandboxed bridge often cannot: it may join the sidecar that runs, and must
   * not start one.
   */
  readonly writable: boolean;
  /** Names the workspace in the user's own folders. */
  readonly digest10: string;
  readonly identity: StoreIdentity;
  /** Why it is not in the git directory, when a repository's store is elsewhere: a clause for a person. */
  readonly why?: string;
}

/** There is no folder that a log could be kept in. */
export class NoStoreFolder extends Error {
  override readonly name = "NoStoreFolder";
  readonly code = "store/no-folder";

  constructor(tried: readonly string[], cause: unknown) {
    super(`there is no place for the log: ${tried.join("; ")}`, { cause });
  }
}

/** The repository's store belongs to another user of this machine, and this one may not look into it. */
export class StoreOfOtherUser extends Error {
  override readonly name = "StoreOfOtherUser";
  readonly code = "store/other-user";

  constructor(folder: string, uid: number) {
    super(
      `${folder} belongs to user ${uid} and is closed to this one, and two stores would not know of each other: ` +
        "start the coding client as that user, or give each user a clone of the repository",
    );
  }
}

export interface LocateOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Names the remote file system that a folder is on; another one in tests, which have no network disk. */
  readonly remote?: (folder: string) => Promise<string | undefined>;
}

/**
 * Finds the store of a workspace, or makes its folder (mode 0700) and its identity. The log is not touched.
 *
 * @throws StoreIdentityBroken when `store.json` is there and unreadable, StoreOfOtherUser, NoStoreFolder when neither place can be written,
 *   StoreWriteFailed when the git directory's disk is full or broken
 */
export async function locateStore(workspace: Workspace, options: LocateOptions = {}): Promise<StoreFolder> {
  const { env = process.env, remote = remoteFileSystem } = options;
  const main = mainPathOf(workspace);
  const { digest10 } = deriveIdentity(main);
  const stateRoot = stateFolder(env);
  const inState = join(stateRoot, digest10);

  const kept = await readStoreIdentity(inState);
  if (kept !== undefined) return describe("state", inState, digest10, kept);

  const inGit = workspace.kind === "folder" ? { why: "it is in no repository" } : await tryGitDir(workspace.commonDir, main, remote);
  if ("identity" in inGit) return describe("git", inGit.folder, digest10, inGit.identity);
  try {
    await mkdir(stateRoot, { recursive: true, mode: 0o700 });
    return await describe("state", inState, digest10, await makeIn(inState, main), inGit.why);
  } catch (error) {
    if (error instanceof StoreIdentityBroken) throw error;
    throw new NoStoreFolder([inGit.why, `${inState} cannot be written: ${whyUnwritten(error)}`], error);
  }
}

async function describe(
  place: StoreFolder["place"],
  folder: string,
  digest10: string,
  identity: StoreIdentity,
  why?: string,
): Promise<StoreFolder> {
  const writable = await isWritable(folder);
  return { folder, logPath: join(folder, "log.db"), place, writable, digest10, identity, ...(why === undefined ? {} : { why }) };
}

/** The store in the git directory, or why there can be none. */
async function tryGitDir(
  commonDir: string,
  main: string,
  remote: (folder: string) => Promise<string | undefined>,
): Promise<{ folder: string; identity: StoreIdentity } | { why: string }> {
  const folder = join(commonDir, "signalbox");
  const standing = await readStoreIdentity(folder);
  if (standing !== undefined) {
    const original = await originalOf(standing, folder, main);
    return original === undefined ? { folder, identity: standing } : { why: `${folder} was copied from ${original}` };
  }
  // Only a new one: a store that stands may be another machine's, which shares this folder and says so in owner.json.
  const disk = await remote(commonDir);
  if (disk !== undefined) return { why: `${commonDir} is on a network disk (${disk})` };
  const owner = await closedBy(folder);
  if (owner !== undefined) throw new StoreOfOtherUser(folder, owner);
  try {
    return { folder, identity: await makeIn(folder, main) };
  } catch (error) {
    if (error instanceof StoreIdentityBroken) throw error;
    if (!isReadOnly(error) && errnoOf(error) !== "ENOTDIR") throw new StoreWriteFailed(join(folder, STORE_IDENTITY_FILE), error);
    return { why: `${folder} cannot be written (${errnoOf(error)})` };
  }
}

/** The other user who keeps the folder to itself, if one does. */
async function closedBy(folder: string): Promise<number | undefined> {
  const found = await stat(folder).catch(() => undefined);
  const uid = ownUid();
  if (found === undefined || uid === undefined || found.uid === uid) return undefined;
  return readdir(folder).then(
    () => undefined,
    () => found.uid,
  );
}

async function makeIn(folder: string, main: string): Promise<StoreIdentity> {
  await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
    if (errnoOf(error) !== "EEXIST") throw error;
  });
  return makeStoreIdentity(folder, main);
}

/**
 * The folder that a copied repository's store still belongs to, or undefined when the store is this one's own. A moved
 * repository takes its store along; after `cp -r` the original still has it, and two sidecars under one store id would
 * be taken for each other.
 */
async function originalOf(identity: StoreIdentity, folder: string, main: string): Promise<string | undefined> {
  if (identity.workspace === main) return undefined;
  for (const other of [join(identity.workspace, ".git", "signalbox"), join(identity.workspace, "signalbox")]) {
    const theirs = await readStoreIdentity(other).catch(() => undefined);
    if (theirs?.store_id === identity.store_id && !(await isSameFolder(other, folder))) return other;
  }
  return undefined;
}

async function isSameFolder(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([stat(one, { bigint: true }), stat(other, { bigint: true })]);
  return a.dev === b.dev && a.ino === b.ino;
}

/** Asked by writing: access(2) does not know of the sandboxes that hosts put us in. */
async function isWritable(folder: string): Promise<boolean> {
  const probe = join(folder, `.probe-${randomBytes(6).toString("hex")}`);
  try {
    await (await open(probe, "wx", 0o600)).close();
    await unlink(probe);
    return true;
  } catch {
    return false;
  }
}
