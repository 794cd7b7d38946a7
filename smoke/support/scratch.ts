/**
 * A folder of a smoke's own with its own home, and copies of repositories in it, so that runs never meet each other or
 * the user's sidecar. Disposing ends whatever still runs there and removes it.
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { killOutright, processesUnder } from "./processes.ts";

const run = promisify(execFile);

export interface Scratch extends AsyncDisposable {
  /** Real path; its name is drawn, so a command line that holds it is of this run. */
  readonly folder: string;
  /** What programs of this run see of the world. */
  readonly env: NodeJS.ProcessEnv;
  /** Runs git and gives what it prints, without the last line break. Takes no lock that it can do without. */
  git(cwd: string, ...args: string[]): Promise<string>;
  /** Makes a repository with one commit that holds `files`. */
  repository(name: string, files?: Readonly<Record<string, string>>): Promise<string>;
  /** A clone of the repository around `workspace`. */
  copyOf(workspace: string, name?: string): Promise<string>;
}

const SETTINGS =
  '[user]\n\tname = Ana\n\temail = ana@example.org\n[protocol "file"]\n\tallow = always\n[gc]\n\tauto = 0\n[init]\n\tdefaultBranch = main\n';

/** Most bytes that git prints for us. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

export async function scratchFolder(): Promise<Scratch> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "signalbox-smoke-")));
  const home = join(folder, "home");
  await mkdir(join(home, "runtime"), { recursive: true, mode: 0o700 });
  await writeFile(join(home, "gitconfig"), SETTINGS);
  const env: NodeJS.ProcessEnv = {
    PATH: process.env["PATH"],
    HOME: home,
    TMPDIR: home,
    XDG_STATE_HOME: join(home, "state"),
    XDG_RUNTIME_DIR: join(home, "runtime"),
    GIT_CONFIG_GLOBAL: join(home, "gitconfig"),
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_OPTIONAL_LOCKS: "0",
  };

  async function git(cwd: string, ...args: string[]): Promise<string> {
    const { stdout } = await run("git", args, { cwd, env, maxBuffer: MAX_OUTPUT_BYTES });
    return stdout.replace(/\n$/, "");
  }

  return {
    folder,
    env,
    git,
    async repository(name, files = { "README.md": "# A repository\n", "src/app.ts": "export const answer = 42;\n" }) {
      const root = join(folder, name);
      await mkdir(root, { recursive: true });
      await git(root, "init", "-q");
      for (const [path, content] of Object.entries(files)) {
        await mkdir(join(root, path, ".."), { recursive: true });
        await writeFile(join(root, path), content);
      }
      await git(root, "add", "--all");
      await git(root, "commit", "-q", "--allow-empty", "-m", "first");
      return root;
    },
    async copyOf(workspace, name = "workspace") {
      const top = await git(workspace, "rev-parse", "--show-toplevel");
      const copy = join(folder, name);
      await git(folder, "-c", `safe.directory=${top}/.git`, "clone", "-q", "--local", "--no-hardlinks", top, copy);
      return copy;
    },
    async [Symbol.asyncDispose]() {
      for (const { pid } of await processesUnder(folder)) await killOutright(pid);
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}
