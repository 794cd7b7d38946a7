/**
 * How a bridge finds the sidecar that runs: one small file in the store's folder, and the same in the user's runtime
 * directory for those who cannot read the first.
 *
 * The file holds a token that may stop the sidecar, so it is written for its owner alone, and one that anybody else
 * could have written is as good as none.
 */
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, lstat, open, unlink } from "node:fs/promises";
import { join } from "node:path";
import { Discovery } from "../wire/discovery.ts";
import { errnoOf } from "./errno.ts";
import { replacePrivate } from "./private-file.ts";
import type { StoreFolder } from "./store-folder.ts";
import { makePrivateFolder, ownUid, runtimeFolders, whyNotPrivate } from "./user-folders.ts";

const DISCOVERY_FILE = "sidecar.json";

/** A discovery file larger than this is not one. */
const MAX_BYTES = 65_536;

/** What of a store names its discovery files. */
export type DiscoveryOf = Pick<StoreFolder, "folder" | "digest10" | "identity">;

/** The files of a running sidecar. Disposing removes those that are still its own, and may be done twice. */
export interface PublishedDiscovery extends AsyncDisposable {
  readonly paths: readonly string[];
  /** Why the runtime directory has no copy, one sentence a folder that was refused. */
  readonly skipped: readonly string[];
}

/** 32 random bytes, base64url: the secret of one sidecar's life. */
export function newToken(): string {
  return randomBytes(32).toString("base64url");
}

/**
 * Writes the file in the store's folder, and its copy in the first runtime folder that is private. Each replaces what
 * stood there in one step.
 *
 * @throws StoreWriteFailed when the store's folder cannot be written; the copy is not insisted on
 */
export async function publishDiscovery(
  store: DiscoveryOf,
  discovery: Discovery,
  env: NodeJS.ProcessEnv = process.env,
): Promise<PublishedDiscovery> {
  const text = `${JSON.stringify(Discovery.parse(discovery), undefined, 2)}\n`;
  const paths = [join(store.folder, DISCOVERY_FILE)];
  const skipped: string[] = [];
  await replacePrivate(join(store.folder, DISCOVERY_FILE), text);
  for (const folder of await runtimeFolders(env)) {
    const why = await makePrivateFolder(folder);
    if (why !== undefined) {
      skipped.push(why);
      continue;
    }
    const path = join(folder, `${store.digest10}.json`);
    try {
      await replacePrivate(path, text);
    } catch (fault) {
      skipped.push(fault instanceof Error ? fault.message : String(fault));
      continue;
    }
    paths.push(path);
    break;
  }
  return {
    paths,
    skipped,
    async [Symbol.asyncDispose]() {
      await Promise.all(paths.map((path) => removeOwn(path, discovery)));
    },
  };
}

/**
 * What the sidecar of this store has left, or undefined. The first file that is whole, private to us and names this
 * store wins; whether that sidecar still runs is for `/healthz` to say.
 */
export async function readDiscovery(store: DiscoveryOf, env: NodeJS.ProcessEnv = process.env): Promise<Discovery | undefined> {
  const inStore = await readPrivate(join(store.folder, DISCOVERY_FILE));
  if (inStore?.store_id === store.identity.store_id) return inStore;
  for (const folder of await runtimeFolders(env)) {
    if ((await whyNotPrivate(folder)) !== undefined) continue;
    const copy = await readPrivate(join(folder, `${store.digest10}.json`));
    if (copy?.store_id === store.identity.store_id) return copy;
  }
  return undefined;
}

/** Removes the file if it is that of this process: a successor's stays. */
async function removeOwn(path: string, { pid, token }: Discovery): Promise<void> {
  const standing = await readPrivate(path);
  if (standing?.pid !== pid || standing.token !== token) return;
  await unlink(path).catch((error: unknown) => {
    if (errnoOf(error) !== "ENOENT") throw error;
  });
}

/** The discovery in `path`, or undefined for anything that is not whole, small, and ours alone. */
async function readPrivate(path: string): Promise<Discovery | undefined> {
  // Windows has no O_NOFOLLOW. Without O_NONBLOCK, opening a named pipe waits for its writer.
  if (constants.O_NOFOLLOW === undefined && (await lstat(path).catch(() => undefined))?.isSymbolicLink()) return undefined;
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  const file = await open(path, flags).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    if (!(await isOursAlone(file))) return undefined;
    const read = Discovery.safeParse(JSON.parse(await file.readFile("utf8")));
    return read.success ? read.data : undefined;
  } catch {
    return undefined;
  } finally {
    await file.close();
  }
}

/** Owner and mode say something only where the system has owners. */
async function isOursAlone(file: FileHandle): Promise<boolean> {
  const found = await file.stat();
  if (!found.isFile() || found.size > MAX_BYTES) return false;
  const uid = ownUid();
  return uid === undefined || (found.uid === uid && (found.mode & 0o077) === 0);
}
