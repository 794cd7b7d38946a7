/** What git would do with the files that were written: they name paths of this machine, and one of them is never for others. */
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { askGit } from "../../git/ask-git.ts";
import { SETTINGS_FILE } from "./claude-files.ts";
import { shellWord } from "./guard-command.ts";

/** One sentence a remark. None outside of a repository. */
export async function gitRemarks(root: string, names: readonly string[]): Promise<readonly string[]> {
  const told = await Promise.all(names.map(async (name) => ({ name, shows: await shown(root, name) })));
  const named = (wanted: Shown) => told.filter(({ shows }) => shows === wanted).map(({ name }) => name);
  const committed = named("committed").map((name) => (name === SETTINGS_FILE ? localCommitted(root) : `${name} ${SHARED_COMMITTED}`));
  const untracked = named("untracked");
  return untracked.length === 0 ? committed : [...committed, await toIgnore(root, untracked)];
}

/** Its reader may be anywhere: below the top of the worktree, or outside of it. */
const localCommitted = (root: string): string =>
  `${SETTINGS_FILE} is committed, and holds paths and choices of this machine alone: \`git -C ${shellWord(root)} rm --cached ${SETTINGS_FILE}\``;
const SHARED_COMMITTED =
  "is committed, and names paths of this machine now: do not commit the change; whoever else clones this repository runs `signalbox init` in the clone";

type Shown = "committed" | "untracked" | "not at all";

/** How git takes the file: where it does not answer, there is nothing to be said. */
async function shown(root: string, name: string): Promise<Shown> {
  const tracked = await says(root, ["ls-files", "--", name]);
  const ignored = await says(root, ["check-ignore", "--no-index", "--", name]);
  if (tracked === undefined || ignored === undefined) return "not at all";
  if (tracked) return "committed";
  return ignored ? "not at all" : "untracked";
}

/** Until they are ignored, each agent is told of them as of edits that nobody announced. */
async function toIgnore(root: string, names: readonly string[]): Promise<string> {
  const exclude = resolve(root, (await askGit(root, ["rev-parse", "--git-path", "info/exclude"])).trimEnd());
  const made = existsSync(dirname(exclude)) ? "" : `mkdir -p ${shellWord(dirname(exclude))} && `;
  // The empty line comes first, because the last one that stands there may have no line break behind it.
  const command = `${made}printf '%s\\n' '' ${names.map((name) => `/${name}`).join(" ")} >> ${shellWord(exclude)}`;
  return `git shows ${names.join(" and ")} as new, and paths of this machine are nothing to commit; \`${command}\` hides them`;
}

/** Whether git has a line to say, or undefined where git does not answer. */
async function says(root: string, question: readonly string[]): Promise<boolean | undefined> {
  const said = await askGit(root, question).catch(() => undefined);
  return said === undefined ? undefined : said.trim() !== "";
}
