/**
 * How git is asked a question: one process that reads, takes no lock, asks nobody, and ends.
 *
 * A host that runs us from a git hook has GIT_DIR and its like in the environment; they would answer for another
 * repository, so every GIT_* variable is dropped but the few that say which configuration to read and how far to look.
 * Git starts no pager here, because its output is a pipe.
 */
import { GitConstructError, GitPluginError, simpleGit } from "simple-git";

/** Milliseconds that a question may take before it is given up. */
const GIT_LIMIT_MS = 15_000;

const KEPT = [
  "GIT_CEILING_DIRECTORIES",
  "GIT_CONFIG_GLOBAL",
  "GIT_CONFIG_NOSYSTEM",
  "GIT_CONFIG_SYSTEM",
  "GIT_DISCOVERY_ACROSS_FILESYSTEM",
];

/** Messages are recognised, so they come in English. */
const SET = { GIT_OPTIONAL_LOCKS: "0", GIT_TERMINAL_PROMPT: "0", LC_ALL: "C" };

/** Programs that git would start for a person. simple-git refuses to hand them on. */
const FOR_PEOPLE = new Set(["EDITOR", "PAGER", "PREFIX", "SSH_ASKPASS", "VISUAL"]);

/** There is no `git` on the PATH. */
export class GitMissing extends Error {
  override readonly name = "GitMissing";
  readonly code = "git/missing";

  constructor() {
    super("there is no git on the PATH");
  }
}

/** The folder that git was to run in does not exist (any more). */
export class GitFolderMissing extends Error {
  override readonly name = "GitFolderMissing";
  readonly code = "git/no-folder";
  readonly folder: string;

  constructor(folder: string, cause?: unknown) {
    super(`the folder ${folder} does not exist`, { cause });
    this.folder = folder;
  }
}

/** Git did not answer within the limit: a hung network disk, most often. Later may help. */
export class GitSilent extends Error {
  override readonly name = "GitSilent";
  readonly code = "git/silent";

  constructor(args: readonly string[], folder: string, limitMs: number) {
    super(`git ${args.join(" ")} in ${folder} gave no answer within ${limitMs} ms`);
  }
}

/** Git answered with an error. `stderr` is what it said, in English. */
export class GitFailed extends Error {
  override readonly name = "GitFailed";
  readonly code = "git/failed";
  readonly stderr: string;

  constructor(args: readonly string[], folder: string, stderr: string) {
    super(`git ${args.join(" ")} in ${folder}: ${stderr}`);
    this.stderr = stderr;
  }
}

export interface GitQuestion {
  /** The surroundings to clean; those of this process by default. */
  readonly env?: NodeJS.ProcessEnv;
  /** Ends the wait and the git process. */
  readonly signal?: AbortSignal;
  readonly limitMs?: number;
}

export function cleanGitEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const clean: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    const upper = name.toUpperCase();
    const passes = upper.startsWith("GIT_") ? KEPT.includes(upper) : !FOR_PEOPLE.has(upper);
    if (passes && value !== undefined) clean[name] = value;
  }
  return { ...clean, ...SET };
}

/** Questions under way. A process that ends takes its git along: one that hangs would hang for ever. */
const underWay = new Set<AbortController>();

function endAll(): void {
  for (const stop of underWay) stop.abort(new Error("the process that asked ends"));
}

/**
 * What git prints for `args` in `folder`, untrimmed. Exit code 1 with nothing on stderr is how git says no, and is
 * answered like any other output, which is then empty.
 *
 * @throws GitMissing, GitFolderMissing, GitFailed, GitSilent, or the reason of `signal`
 */
export async function askGit(folder: string, args: readonly string[], question: GitQuestion = {}): Promise<string> {
  const { env = process.env, signal, limitMs = GIT_LIMIT_MS } = question;
  signal?.throwIfAborted();
  const stop = new AbortController();
  const onAbort = () => stop.abort(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  const timer = setTimeout(() => stop.abort(new GitSilent(args, folder, limitMs)), limitMs);
  if (underWay.size === 0) process.on("exit", endAll);
  underWay.add(stop);
  // A git that does not die of its signal still ends the wait.
  const stopped = new Promise<never>((_resolve, reject) => {
    stop.signal.addEventListener("abort", () => reject(stop.signal.reason as Error), { once: true });
  });
  try {
    return await Promise.race([run(folder, args, env, stop.signal), stopped]);
  } finally {
    clearTimeout(timer);
    underWay.delete(stop);
    if (underWay.size === 0) process.off("exit", endAll);
    signal?.removeEventListener("abort", onAbort);
  }
}

async function run(folder: string, args: readonly string[], env: NodeJS.ProcessEnv, abort: AbortSignal): Promise<string> {
  let failure: Error | undefined; // simple-git keeps no more than the text of an error
  try {
    const git = simpleGit({
      baseDir: folder,
      abort,
      allowEnvironment: [...KEPT, ...Object.keys(SET)],
      unsafe: { allowUnsafeConfigPaths: true, allowUnsafeFsMonitor: true }, // a caller may turn fsmonitor off
      errors(error, { exitCode, stdErr }) {
        if (error instanceof GitPluginError) return error;
        failure = explain(folder, args, exitCode, Buffer.concat(stdErr).toString("utf8").trim());
        return failure;
      },
    });
    return await git.env(cleanGitEnvironment(env)).raw([...args]);
  } catch (error) {
    if (error instanceof GitConstructError) throw new GitFolderMissing(folder, error);
    throw failure ?? error;
  }
}

/** Why git failed, or undefined when it did not. A git that a signal ended has no exit code. */
function explain(folder: string, args: readonly string[], exitCode: number | null, stderr: string): Error | undefined {
  if (/spawn \S+ ENOENT/.test(stderr)) return new GitMissing();
  if (exitCode === null) return new GitFailed(args, folder, "ended by a signal");
  return exitCode === 0 || stderr === "" ? undefined : new GitFailed(args, folder, stderr);
}
