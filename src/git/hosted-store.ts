/**
 * Where the log of a hosted sidecar is kept, which belongs to no repository: a folder of its own in the user's state
 * directory, or the one that was named.
 */
import { mkdir, realpath } from "node:fs/promises";
import { join, resolve } from "node:path";
import { deriveIdentity } from "./identity.ts";
import { makeStoreIdentity, StoreIdentityBroken } from "./store-identity.ts";
import type { StoreIdentity } from "../wire/store-identity.ts";
import { NoStoreFolder, type StoreFolder } from "./store-folder.ts";
import { whyUnwritten } from "./store-write-failed.ts";
import { stateFolder } from "./user-folders.ts";

/** The folder holds what a repository's sidecar wrote. */
export class StoreOfRepository extends Error {
  override readonly name = "StoreOfRepository";
  readonly code = "store/of-repository";

  constructor(folder: string, workspace: string) {
    super(`${folder} holds the log of ${workspace}; name a folder of its own with --store`);
  }
}

/**
 * Finds the folder, or makes it (mode 0700) with its identity. The log is not touched.
 *
 * @param named - the folder that was asked for
 * @throws NoStoreFolder, StoreIdentityBroken, StoreOfRepository
 */
export async function hostedStore(named: string | undefined, env: NodeJS.ProcessEnv = process.env): Promise<StoreFolder> {
  const asked = named === undefined ? join(stateFolder(env), "hosted") : resolve(named);
  const { folder, identity } = await makeIn(asked).catch((error: unknown) => {
    if (error instanceof StoreIdentityBroken) throw error;
    throw new NoStoreFolder([`${asked} cannot be written: ${whyUnwritten(error)}`], error);
  });
  if (identity.workspace !== folder) throw new StoreOfRepository(folder, identity.workspace);
  return { folder, logPath: join(folder, "log.db"), place: "state", writable: true, digest10: deriveIdentity(folder).digest10, identity };
}

async function makeIn(asked: string): Promise<{ folder: string; identity: StoreIdentity }> {
  await mkdir(asked, { recursive: true, mode: 0o700 });
  const folder = await realpath(asked);
  return { folder, identity: await makeStoreIdentity(folder, folder) };
}
