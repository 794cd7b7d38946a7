/**
 * Where a broker's log is kept: in the file that was named, with what belongs to its process in a folder beside it, so that
 * two brokers may have their files in one place.
 */
import { mkdir, realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { deriveIdentity } from "./identity.ts";
import { NoStoreFolder, type StoreFolder } from "./store-folder.ts";
import { makeStoreIdentity, StoreIdentityBroken } from "./store-identity.ts";
import { whyUnwritten } from "./store-write-failed.ts";

/**
 * Makes the folder (mode 0700) with its identity. The log is not touched.
 *
 * @throws NoStoreFolder, StoreIdentityBroken
 */
export async function brokerStore(db: string): Promise<StoreFolder> {
  const asked = resolve(db);
  try {
    await mkdir(dirname(asked), { recursive: true });
    const logPath = join(await realpath(dirname(asked)), basename(asked));
    const folder = `${logPath}.d`;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const identity = await makeStoreIdentity(folder, folder);
    return { folder, logPath, place: "state", writable: true, digest10: deriveIdentity(folder).digest10, identity };
  } catch (error) {
    if (error instanceof StoreIdentityBroken) throw error;
    throw new NoStoreFolder([`${asked} cannot be made: ${whyUnwritten(error)}`], error);
  }
}
