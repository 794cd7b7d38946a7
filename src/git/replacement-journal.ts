/**
 * The note of each change that waits for the coordinator's answer, kept in the worktree's own git directory.
 *
 * A note is written before its temporary file, so a crash leaves no file that nobody knows of. It belongs to one living
 * process at a time: the claim is its file name, and taking one over is a rename, which only one process can do.
 */
import { mkdir, open, readdir, readFile, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { PendingReplacement } from "../wire/pending-replacement.ts";
import { errnoOf } from "./errno.ts";
import { isAlive, startOf } from "./process-identity.ts";
import { flushDirectory, opDigest } from "./temporary-file.ts";

const FOLDER = "signalbox-pending";
const NOTE = /^([0-9a-f]{16})\.json(?:\.claimed-(\d+)-(\d+))?$/;

/** A note that no living process works on. */
export interface Pending {
  readonly entry: PendingReplacement;
  /** Where the note stands now. */
  readonly file: string;
}

export interface PendingList {
  /** Oldest first. */
  readonly pending: readonly Pending[];
  /** Notes that could not be read, where they were moved to. */
  readonly setAside: readonly string[];
}

/** Writes the note, claimed by this process and flushed, and resolves with its file. */
export async function keepNote(gitDir: string, entry: PendingReplacement): Promise<string> {
  const folder = join(gitDir, FOLDER);
  await mkdir(folder, { recursive: true });
  const digest = opDigest(entry.op_id);
  const draft = join(folder, `.${digest}.${process.pid}.new`);
  const note = claimedName(folder, digest);
  try {
    const handle = await open(draft, "w", 0o600);
    try {
      await handle.writeFile(JSON.stringify(entry));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, note);
  } catch (cause) {
    await unlink(draft).catch(() => undefined);
    throw cause;
  }
  await flushDirectory(folder);
  return note;
}

export async function removeNote(file: string): Promise<void> {
  await unlink(file).catch((cause: unknown) => {
    if (errnoOf(cause) !== "ENOENT") throw cause;
  });
}

/**
 * The changes that a process left unfinished in this worktree when it ended. Notes of living processes, this one
 * included, are not among them. A note that cannot be read is moved aside under `….broken` and named.
 */
export async function pendingReplacements(gitDir: string): Promise<PendingList> {
  const folder = join(gitDir, FOLDER);
  const names = await readdir(folder).catch((cause: unknown) => {
    if (errnoOf(cause) === "ENOENT") return [];
    throw cause;
  });
  const pending: Pending[] = [];
  const setAside: string[] = [];
  for (const name of names) {
    const [whole, digest, pid, start] = NOTE.exec(name) ?? [];
    if (whole === undefined || (pid !== undefined && start !== undefined && isAlive(Number(pid), start === "0" ? undefined : start)))
      continue;
    const file = join(folder, name);
    const text = await readFile(file, "utf8").catch(() => undefined);
    if (text === undefined) continue; // another process took or finished it in this moment
    const entry = readNote(text);
    if (entry !== undefined && opDigest(entry.op_id) === digest) pending.push({ entry, file });
    else if (await moved(file, `${file}.broken`)) setAside.push(`${file}.broken`);
  }
  pending.sort((a, b) => (a.entry.created_at < b.entry.created_at ? -1 : 1));
  return { pending, setAside };
}

/** Takes a note over. Resolves with its file, or with undefined when another process was faster. */
export async function claimNote({ entry, file }: Pending): Promise<string | undefined> {
  const claimed = claimedName(join(file, ".."), opDigest(entry.op_id));
  return (await moved(file, claimed)) ? claimed : undefined;
}

function readNote(text: string): PendingReplacement | undefined {
  try {
    return PendingReplacement.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

async function moved(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (cause) {
    if (errnoOf(cause) === "ENOENT") return false;
    throw cause;
  }
}

function claimedName(folder: string, digest: string): string {
  return join(folder, `${digest}.json.claimed-${process.pid}-${startOf(process.pid) ?? "0"}`);
}
