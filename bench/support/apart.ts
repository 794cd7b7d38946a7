/**
 * A lone caller on one processor, the servers that it asks on another.
 *
 * Left to itself, the scheduler puts the two sides of an echo on one processor in some blocks and on two in others, and an echo
 * takes twice as long in one as in the other: a limit differs from itself by more than what is measured.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

interface Processors {
  /** As `taskset` takes them. */
  readonly all: string;
  readonly callers: string;
  readonly servers: string;
}

let placed: Processors | undefined;

/** What a row says of it. */
export const placement = (): string => (processors() === undefined ? "placed by the scheduler" : "caller and server on a processor each");

/** This process is the caller until `work` is done. Where that cannot be had, everything runs where it does. */
export async function apart<Result>(work: () => Promise<Result>): Promise<Result> {
  const found = processors();
  if (found === undefined) return work();
  placed = found;
  move(found.callers);
  try {
    return await work();
  } finally {
    placed = undefined;
    move(found.all);
  }
}

/** What is started here serves. */
export async function asServer<Started>(start: () => Promise<Started>): Promise<Started> {
  if (placed === undefined) return start();
  move(placed.servers); // which its children inherit
  try {
    return await start();
  } finally {
    move(placed.callers);
  }
}

/** Nothing where there is one processor, or no `taskset`, which is Linux's. */
function processors(): Processors | undefined {
  try {
    const all = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "";
    const [callers, servers] = all.split(",").flatMap(each);
    if (callers === undefined || servers === undefined) return undefined;
    execFileSync("taskset", ["--version"], { stdio: "ignore" });
    return { all, callers, servers };
  } catch {
    return undefined;
  }
}

/** `2-5` is four of them. */
function each(range: string): string[] {
  const [first = Number.NaN, last = first] = range.split("-").map(Number);
  return Array.from({ length: last - first + 1 }, (_, index) => String(first + index));
}

/** With all its threads. */
function move(to: string): void {
  execFileSync("taskset", ["--all-tasks", "--cpu-list", "--pid", to, String(process.pid)], { stdio: "ignore" });
}
