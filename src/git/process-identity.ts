/**
 * Which process a number means: a process id is given again after its owner has ended, so it goes with the moment at
 * which its process began, where the system tells.
 *
 * Only Linux tells it to a program like this one without starting another. Elsewhere the number alone has to do.
 */
import { readFileSync } from "node:fs";
import { errnoOf } from "./errno.ts";

/** When a process began, in clock ticks since the start of the machine; undefined where the system does not tell, or there is none. */
export function startOf(pid: number): string | undefined {
  return fieldsOf(pid)?.[START];
}

/** The process that started it, where the system tells. */
export function parentOf(pid: number): number | undefined {
  const parent = Number(fieldsOf(pid)?.[PARENT]);
  return Number.isSafeInteger(parent) && parent > 0 ? parent : undefined;
}

export interface Ancestor {
  readonly pid: number;
  readonly started_at?: string;
  readonly isShell?: boolean;
}

/**
 * A process and those that started it, nearest first, as far as the system tells; at most `most` of them. In a container the
 * first process of all may be a client.
 */
export function lineage(pid: number, most = 8): Ancestor[] {
  const found: Ancestor[] = [];
  for (let next: number | undefined = pid; next !== undefined && found.length < most; next = parentOf(next)) {
    const start = startOf(next);
    found.push({ pid: next, ...(start === undefined ? {} : { started_at: start }), ...(isShell(next) ? { isShell: true } : {}) });
  }
  return found;
}

const SHELLS: ReadonlySet<string> = new Set(["sh", "dash", "bash", "zsh", "ash", "ksh", "fish", "busybox"]);

/** As npm names itself while it runs something: `npm exec …`, of which the system keeps the first 15 characters. */
const RUNNER = /^(npm|npx|pnpm|yarn)\b/;

/** Whether the process is there to run another: a shell, or npx. */
function isShell(pid: number): boolean {
  const name = /\((.*)\) /s.exec(statOf(pid) ?? "")?.[1];
  return name !== undefined && (SHELLS.has(name) || RUNNER.test(name));
}

/** Whether a process of this id runs, and began at `start` where that is known on both sides. Of another user's it is known as well. */
export function isAlive(pid: number, start?: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (cause) {
    if (errnoOf(cause) === "ESRCH") return false;
  }
  const fields = fieldsOf(pid);
  if (fields === undefined) return true;
  const hasEnded = ["Z", "X"].includes(fields[STATE] ?? "");
  return !hasEnded && (start === undefined || fields[START] === start);
}

/** Places in `/proc/<pid>/stat` behind the name of the program, which may hold anything. */
const [STATE, PARENT, START] = [0, 1, 19];

function fieldsOf(pid: number): readonly string[] | undefined {
  return statOf(pid)?.split(") ").at(-1)?.split(" ");
}

function statOf(pid: number): string | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    return readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return undefined;
  }
}
