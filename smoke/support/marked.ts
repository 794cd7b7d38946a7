/**
 * Every process that came of one that was started with a mark in its environment, whatever it calls itself and whoever is
 * its parent by now. Linux alone shows that.
 */
import { readdir, readFile } from "node:fs/promises";

/** The variable that holds the mark; children pass it on. */
export const MARK = "SIGNALBOX_SMOKE_MARK";

export interface Marked {
  readonly pid: number;
  readonly parent: number;
  readonly mark: string;
  readonly args: readonly string[];
}

/** The living processes whose mark begins with `prefix`. */
export async function markedProcesses(prefix: string): Promise<Marked[]> {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number);
  const looked = await Promise.all(pids.map(look));
  return looked.filter((found): found is Marked => found?.mark.startsWith(prefix) === true);
}

/** One that has ended has no environment any more. */
async function look(pid: number): Promise<Marked | undefined> {
  const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
  const entry = environment.split("\0").find((line) => line.startsWith(`${MARK}=`));
  if (entry === undefined) return undefined;
  const [args, stat] = await Promise.all(
    ["cmdline", "stat"].map((file) => readFile(`/proc/${pid}/${file}`, "utf8").catch(() => undefined)),
  );
  if (args === undefined || stat === undefined) return undefined;
  const [, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { pid, parent: Number(parent), mark: entry.slice(MARK.length + 1), args: args.split("\0").slice(0, -1) };
}

/** Without the sidecars and what they have started: those are meant to outlive whoever started them. */
export function withoutSidecars(found: readonly Marked[]): Marked[] {
  const kept = new Set(found.filter(({ args }) => args.includes("sidecar")).map(({ pid }) => pid));
  for (let size = -1; size !== kept.size;) {
    size = kept.size;
    for (const { pid, parent } of found) if (kept.has(parent)) kept.add(pid);
  }
  return found.filter(({ pid }) => !kept.has(pid));
}
