/**
 * What a demonstration plays in: a copy of the repository in a temporary folder with two worktrees, and surroundings in
 * which nothing leads to a sidecar, a store or a setting of the user's own. The repository itself is only read.
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { cleanGitEnvironment } from "../../git/ask-git.ts";
import { CommandFault } from "../fault.ts";

const run = promisify(execFile);

export interface DemoScratch {
  /** The copy. */
  readonly repository: string;
  readonly worktrees: { readonly ana: string; readonly bo: string };
  /** For whatever is started there. */
  readonly env: NodeJS.ProcessEnv;
  /** A text file that both worktrees have, relative to their top. */
  readonly file: string;
}

/** Most bytes that git prints: a list of all files. */
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;

/** Bytes of a file that is edited in front of people. */
const MAX_FILE_BYTES = 100_000;

export async function demoFolder(): Promise<AsyncDisposable & { readonly folder: string }> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "signalbox-demo-")));
  return {
    folder,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }),
  };
}

/** @param original - a repository to copy; undefined makes a small one up */
export async function copyForDemo(folder: string, original: string | undefined, signal: AbortSignal): Promise<DemoScratch> {
  const env = await surroundings(folder);
  const git: Git = async (cwd, ...args) => {
    const { stdout } = await run("git", args, { cwd, env, signal, maxBuffer: MAX_OUTPUT_BYTES }).catch((cause: unknown) => {
      signal.throwIfAborted();
      const said = (cause as { readonly stderr?: string }).stderr?.trim() || String(cause);
      throw new CommandFault("demo/no-copy", `the copy for the demonstration cannot be made: git ${args[0] ?? ""} says: ${said}`, cause);
    });
    return stdout;
  };

  const repository = join(folder, "repository");
  if (original === undefined) await makeUp(repository, git);
  // Bare: where the main worktree is there and nothing is checked out, every file of it counts as changed by somebody.
  else await git(folder, "clone", "--quiet", "--local", "--bare", original, repository);
  const worktrees = { ana: join(folder, "ana"), bo: join(folder, "bo") };
  for (const [name, path] of Object.entries(worktrees)) {
    await git(repository, "worktree", "add", "--quiet", "-b", `demo/${name}`, path);
  }
  const chosen = await chooseFile(worktrees.ana, await git(worktrees.ana, "ls-tree", "-r", "-z", "-l", "HEAD"));
  if (chosen !== undefined) return { repository, worktrees, env, file: chosen };
  const file = await commitReadme(worktrees.ana, git);
  await git(worktrees.bo, "reset", "--quiet", "--hard", "demo/ana");
  return { repository, worktrees, env, file };
}

/** The user's own, without what leads elsewhere and with folders of state that go with the scratch. */
async function surroundings(folder: string): Promise<NodeJS.ProcessEnv> {
  const state = join(folder, "state");
  await mkdir(state, { mode: 0o700 });
  const inherited = Object.entries(cleanGitEnvironment(process.env)).filter(([name]) => !/^(MPAC|BUS|PEERBUS|SIGNALBOX)_/i.test(name));
  return {
    ...Object.fromEntries(inherited),
    XDG_STATE_HOME: state,
    XDG_RUNTIME_DIR: state,
    TMPDIR: state,
    GIT_LFS_SKIP_SMUDGE: "1",
  };
}

type Git = (cwd: string, ...args: string[]) => Promise<string>;

async function makeUp(repository: string, git: Git): Promise<void> {
  await mkdir(repository);
  await git(repository, "init", "--quiet");
  await commitReadme(repository, git);
}

/** Without the hooks and signatures that the user's own commits have. */
async function commitReadme(top: string, git: Git): Promise<string> {
  const name = "README.md";
  await writeFile(join(top, name), "# A repository\n\nMade up for a demonstration.\n");
  await git(top, "add", "--force", name);
  const settings = { "user.name": "Demo", "user.email": "demo@example.org", "commit.gpgSign": "false" };
  const options = Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${value}`]);
  await git(top, ...options, "commit", "--quiet", "--no-verify", "-m", "first");
  return name;
}

/** What people know first; then whatever is text. */
async function chooseFile(worktree: string, listed: string): Promise<string | undefined> {
  const files = listed.split("\0").flatMap((line) => {
    const [, bytes = "", path = ""] = /^100(?:644|755) blob [0-9a-f]+ +(\d+)\t(.+)$/s.exec(line) ?? [];
    return path !== "" && Number(bytes) > 0 && Number(bytes) <= MAX_FILE_BYTES ? [path] : [];
  });
  const known = ["README.md", "README", "package.json", "pyproject.toml", "Cargo.toml", "go.mod"].filter((name) => files.includes(name));
  for (const path of [...known, ...files.filter((name) => /^[\w./-]+$/.test(name))].slice(0, 200)) {
    if (isText(await readFile(join(worktree, path)).catch(() => undefined))) return path;
  }
  return undefined;
}

function isText(bytes: Buffer | undefined): boolean {
  return bytes !== undefined && !bytes.includes(0) && Buffer.from(bytes.toString("utf8")).equals(bytes);
}
