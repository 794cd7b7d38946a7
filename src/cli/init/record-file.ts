/** Where the record of an installation is kept: beside the log, one file a worktree, for its owner alone. */
import { createHash, randomUUID } from "node:crypto";
import { readFile, rename, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { StoreFolder } from "../../git/store-folder.ts";
import { InitRecord } from "../../wire/init-record.ts";

type Folder = Pick<StoreFolder, "folder">;

/** What was kept for the worktree at `root`, or undefined when there is nothing that can be read. */
export async function readRecord(store: Folder, root: string): Promise<InitRecord | undefined> {
  try {
    const record = InitRecord.parse(JSON.parse(await readFile(pathOf(store, root), "utf8")));
    return record.root === root ? record : undefined;
  } catch {
    return undefined;
  }
}

/** @throws what the system answers where nothing can be written */
export async function writeRecord(store: Folder, record: InitRecord): Promise<void> {
  const path = pathOf(store, record.root);
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, `${JSON.stringify(record, undefined, 2)}\n`, { mode: 0o600, flag: "wx", flush: true });
    await rename(temporary, path);
  } catch (cause) {
    await unlink(temporary).catch(() => undefined);
    throw cause;
  }
}

export async function removeRecord(store: Folder, root: string): Promise<void> {
  await unlink(pathOf(store, root)).catch(() => undefined);
}

function pathOf({ folder }: Folder, root: string): string {
  return join(folder, `init-${createHash("sha256").update(root, "utf8").digest("hex").slice(0, 16)}.json`);
}
