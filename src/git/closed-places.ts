/**
 * What of the disk no client is shown, wherever it lies: this program's own folders, and the log under any name.
 *
 * They hold tokens that may stop a sidecar. And a look at the log is more than a look: POSIX takes away all locks that a
 * process has on a file when it closes any descriptor of it, so the owner of a log that opens it as a file lets a second
 * owner in.
 */
import { realpath, stat } from "node:fs/promises";
import { type Closed, inodeOf, realName } from "./safe-path.ts";
import type { StoreFolder } from "./store-folder.ts";
import { runtimeFolders, stateFolder } from "./user-folders.ts";

/** The places as they are now: a folder may be made, or become a link, while a sidecar runs. */
export async function closedPlaces({ folder, logPath }: Pick<StoreFolder, "folder" | "logPath">, env: NodeJS.ProcessEnv): Promise<Closed> {
  const folders = [folder, stateFolder(env), ...(await runtimeFolders(env))];
  const [real, log] = await Promise.all([
    Promise.all(folders.map(async (place) => realpath(place).catch(async () => (await realName(place)) ?? place))),
    stat(logPath, { bigint: true }).catch(() => undefined),
  ]);
  return { folders: real, inodes: new Set(log === undefined ? [] : [inodeOf(log)]) };
}
