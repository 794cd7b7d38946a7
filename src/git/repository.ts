/**
 * Which repository a folder belongs to, as git itself says.
 *
 * All worktrees of one repository share its common git directory, and with it one *main* path, from which port, session
 * and store are derived: the parent of the common git directory when that is called `.git`, else that directory itself
 * (a bare repository, a submodule, a separate git directory).
 */
import { realpath, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, resolve } from "node:path";
import { askGit, GitFailed, GitMissing } from "./ask-git.ts";
import { errnoOf } from "./errno.ts";

/** A place inside a git repository. Paths are real paths, in the form of this system. */
export interface Repository {
  readonly kind: "repository";
  /** Top of the worktree, or undefined where there is none: in a bare repository, or inside a git directory that names none. */
  readonly root: string | undefined;
  /** This worktree's own git directory. */
  readonly gitDir: string;
  /** The one git directory that all worktrees share. */
  readonly commonDir: string;
  readonly main: string;
  /** Whether git calls this place bare. A linked worktree of a bare repository is not. */
  readonly bare: boolean;
}

/** A folder in no repository, named on purpose: a session of its own, without branch. */
export interface PlainFolder {
  readonly kind: "folder";
  readonly root: string;
}

export type Workspace = Repository | PlainFolder;

export type NoWorkspaceCode =
  | "workspace/outside"
  | "workspace/no-folder"
  | "workspace/git-missing"
  | "workspace/dubious-ownership"
  | "workspace/unreadable";

/** There is no workspace here; `message` is a sentence that says what to do about it. */
export interface NoWorkspace {
  readonly kind: "refused";
  readonly code: NoWorkspaceCode;
  readonly message: string;
}

export interface FindOptions {
  /** What a folder in no repository is. `folder` is for one that a person named: `--workspace`, MPAC_WORKSPACE_DIR. */
  readonly outside?: "refuse" | "folder";
  readonly env?: NodeJS.ProcessEnv;
  /** Ends the wait and the git process. */
  readonly signal?: AbortSignal;
}

/**
 * The workspace around `start`, a folder or a file. Costs one git process.
 *
 * @throws GitSilent when git does not answer, or the reason of `signal`
 */
export async function findWorkspace(start: string, options: FindOptions = {}): Promise<Workspace | NoWorkspace> {
  let folder: string;
  try {
    folder = await realpath(start);
    if (!(await stat(folder)).isDirectory()) folder = dirname(folder);
  } catch (error) {
    return refuse("workspace/no-folder", `${start} cannot be opened (${errnoOf(error)}): name an existing folder`);
  }

  try {
    return await describeRepository(folder, options);
  } catch (error) {
    const refusal = explain(error, folder);
    if (refusal === undefined) throw error;
    return refusal.code === "workspace/outside" && options.outside === "folder" ? { kind: "folder", root: folder } : refusal;
  }
}

/** The path that names a workspace: all worktrees of a repository have the same. */
export function mainPathOf(workspace: Workspace): string {
  return workspace.kind === "repository" ? workspace.main : workspace.root;
}

async function describeRepository(folder: string, options: FindOptions): Promise<Repository> {
  const [bare, inside, up, gitLine, commonLine] = await askPlace(folder, options);
  const [gitDir, commonDir] = await Promise.all([realpath(resolve(folder, gitLine)), realpath(resolve(folder, commonLine))]);
  return {
    kind: "repository",
    root: inside === "true" ? await realpath(resolve(folder, up)) : await namedWorktree(up),
    gitDir,
    commonDir,
    main: basename(commonDir) === ".git" ? dirname(commonDir) : commonDir,
    bare: bare === "true",
  };
}

/** Inside a git directory that names its worktree, as a submodule's does, git answers with the whole path of that, also where it is gone. */
async function namedWorktree(answer: string): Promise<string | undefined> {
  return isAbsolute(answer) ? realpath(answer).catch(() => undefined) : undefined;
}

const PLACE = ["--is-bare-repository", "--is-inside-work-tree", "--show-cdup", "--absolute-git-dir", "--git-common-dir"] as const;
type Place = [bare: string, inside: string, up: string, gitDir: string, commonDir: string];

async function askPlace(folder: string, options: FindOptions): Promise<Place> {
  const lines = (await askGit(folder, ["rev-parse", ...PLACE], options)).split("\n");
  if (lines.length === PLACE.length + 1) return lines.slice(0, PLACE.length) as Place;
  // A path with a line break in it: each question alone has one answer.
  const answers = await Promise.all(PLACE.map((question) => askGit(folder, ["rev-parse", question], options)));
  return answers.map((answer) => answer.replace(/\r?\n$/, "")) as Place;
}

function explain(error: unknown, folder: string): NoWorkspace | undefined {
  if (error instanceof GitMissing) {
    return refuse("workspace/git-missing", "git is not on the PATH: install git, or start the program where `git --version` answers");
  }
  if (!(error instanceof GitFailed)) return undefined;
  const said = error.stderr;
  if (/not a git repository \(or any/.test(said)) {
    return refuse(
      "workspace/outside",
      `${folder} is in no git repository: run \`git init\` there, or name a folder with --workspace DIR or MPAC_WORKSPACE_DIR`,
    );
  }
  if (/dubious ownership|unsafe repository/.test(said)) {
    const repair = /git config --global --add safe\.directory .+/.exec(said)?.[0] ?? `git config --global --add safe.directory '${folder}'`;
    return refuse(
      "workspace/dubious-ownership",
      `git does not trust the repository around ${folder} because another user owns it: if you do, run \`${repair}\``,
    );
  }
  const sentence = said.replace(/^fatal: /, "").split("\n", 1)[0] ?? "";
  const hint = sentence.startsWith("not a git repository: ")
    ? "the .git file there names a folder that is gone; `git worktree repair` in the main worktree mends it"
    : "`git status` there says more";
  return refuse("workspace/unreadable", `git cannot read the repository around ${folder} (${sentence}): ${hint}`);
}

function refuse(code: NoWorkspaceCode, message: string): NoWorkspace {
  return { kind: "refused", code, message };
}
