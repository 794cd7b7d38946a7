/** A disk so small that a test can fill it, where the system lets us mount one. */
import { execFile } from "node:child_process";
import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface SmallDisk extends AsyncDisposable {
  readonly folder: string;
  /** Leaves no free byte. */
  fill(): Promise<void>;
  makeRoom(): Promise<void>;
}

/** Bytes that are written at once to fill it, the smaller ones for what is left. */
const CHUNKS = [65_536, 4_096, 1];

/** Puts an empty disk at `folder`. @throws Error with what mount says where it is not permitted */
export async function smallDisk(folder: string, megabytes: number): Promise<SmallDisk> {
  await mkdir(folder, { recursive: true });
  await run("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=700`, "none", folder]);
  const filler = join(folder, "filler");
  return {
    folder,
    async fill() {
      const file = await open(filler, "a");
      try {
        for (const bytes of CHUNKS) await writeUntilFull((buffer) => file.write(buffer), Buffer.alloc(bytes));
      } finally {
        await file.close();
      }
    },
    makeRoom: () => rm(filler, { force: true }),
    async [Symbol.asyncDispose]() {
      // Lazily: a process that was killed may not be gone yet.
      await run("umount", ["-l", folder]).catch(() => undefined);
    },
  };
}

async function writeUntilFull(write: (buffer: Buffer) => Promise<unknown>, buffer: Buffer): Promise<void> {
  for (;;) {
    try {
      await write(buffer);
    } catch (cause) {
      if ((cause as { code?: unknown }).code === "ENOSPC") return;
      throw cause;
    }
  }
}

/** Why nothing can be mounted here, or undefined when something can. */
export async function whyNoDisk(folder: string): Promise<string | undefined> {
  try {
    await using _disk = await smallDisk(join(folder, "probe"), 1);
    return undefined;
  } catch (cause) {
    return (cause instanceof Error ? cause.message : String(cause)).trim().split("\n").at(-1);
  }
}
