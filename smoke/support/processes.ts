/** Processes of a smoke: its own children, ended by their own id, and what else of its folder runs. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { eventually, within } from "./wait.ts";

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What a stream says, line by line. */
export interface Lines {
  readonly all: readonly string[];
  /** The first line that matches and was not given before. @throws Error when the stream ends or a minute passes without it */
  next(matches: (line: string) => boolean): Promise<string>;
}

export interface Program extends AsyncDisposable {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  readonly stdout: Lines;
  readonly stderr: Lines;
  write(text: string): void;
  /** Closes its stdin. */
  end(): void;
  kill(signal: NodeJS.Signals): void;
}

export interface ProgramOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Starts `command`. Disposing asks it to go, kills it when it stays, and waits until it is gone. */
export function startProgram(command: string, args: readonly string[], { cwd, env }: ProgramOptions): Program {
  const child = spawn(command, args, { cwd, env, stdio: ["pipe", "pipe", "pipe"] });
  const exited = once(child, "close").then(([code, signal]) => ({ code, signal }) as Exit);
  exited.catch(() => undefined);
  child.stdin.on("error", () => undefined); // it went while we wrote
  const name = `${command} ${args.join(" ")}`;
  const stderr = linesOf(child.stderr, `stderr of ${name}`);
  const itsEnd = async (): Promise<string> => {
    const { code, signal } = await exited;
    return ` with ${signal ?? `code ${code}`}, on stderr: ${stderr.all.slice(-3).join(" | ") || "(nothing)"}`;
  };
  return {
    get pid() {
      if (child.pid === undefined) throw new Error(`${command} did not start`);
      return child.pid;
    },
    exited,
    stdout: linesOf(child.stdout, name, itsEnd),
    stderr,
    write: (text) => void child.stdin.write(text),
    end: () => void child.stdin.end(),
    kill: (signal) => void child.kill(signal),
    async [Symbol.asyncDispose]() {
      await endChild(child, exited);
    },
  };
}

/** Starts a program of Node's. */
export function startNode(args: readonly string[], options: ProgramOptions): Program {
  return startProgram(process.execPath, args, options);
}

/** Characters of a line that an error shows. */
const MOST_SHOWN = 300;

/** Milliseconds that a child may take to go once it was asked to. */
const GOING_MS = 10_000;

async function endChild(child: ChildProcess, exited: Promise<Exit>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.stdin?.end();
  child.kill("SIGTERM");
  await within("its end", exited, GOING_MS).catch(() => child.kill("SIGKILL"));
  await exited.catch(() => undefined);
}

/** @param itsEnd - how the program behind it ended, once it has */
function linesOf(stream: Readable, name: string, itsEnd: () => Promise<string> = () => Promise.resolve("")): Lines {
  const all: string[] = [];
  const waiting = new Set<() => void>();
  const given = new Set<number>();
  let ended = false;
  const wake = (): void => {
    for (const look of waiting) look();
  };
  const reader = createInterface({ input: stream });
  reader.on("line", (line) => {
    all.push(line);
    wake();
  });
  reader.on("close", () => {
    ended = true;
    wake();
  });
  return {
    all,
    next(matches) {
      const found = new Promise<string>((resolve, reject) => {
        const look = (): void => {
          const place = all.findIndex((line, index) => !given.has(index) && matches(line));
          if (place >= 0) {
            given.add(place);
            waiting.delete(look);
            return resolve(all[place] as string);
          }
          if (!ended) return;
          waiting.delete(look);
          const last =
            all
              .slice(-5)
              .map((line) => line.slice(0, MOST_SHOWN))
              .join(" | ") || "(none)";
          void itsEnd().then((how) => reject(new Error(`${name} ended${how}; its last lines: ${last}`)));
        };
        waiting.add(look);
        look();
      });
      return within(`a line of ${name}`, found);
    },
  };
}

export interface Running {
  readonly pid: number;
  readonly args: readonly string[];
}

/** Processes whose command line names something under `folder`. Only a folder that we made says that they are ours. */
export async function processesUnder(folder: string): Promise<Running[]> {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const text = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
      return { pid, args: text.split("\0").slice(0, -1) };
    }),
  );
  return found.filter(({ pid, args }) => pid !== process.pid && args.some((arg) => arg.includes(folder)));
}

/** Whether a process of that id runs; one that has ended and waits for its parent does not. */
export async function isRunning(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  return stat === undefined || !/^\d+ \(.*\) [ZX]/s.test(stat);
}

/** Kills a process and waits until it is gone. */
export async function killOutright(pid: number): Promise<void> {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    return; // it has gone already
  }
  await eventually(`the end of process ${pid}`, async () => ((await isRunning(pid)) ? undefined : true));
}
