/** What git would do with the files that were written: they name paths of this machine, and one of them is never for others. */
import { askGit } from "../../git/ask-git.ts";
import { MCP_FILE, SETTINGS_FILE } from "./claude-files.ts";

/** One sentence a remark. None outside of a repository. */
export async function gitRemarks(root: string, names: readonly string[]): Promise<readonly string[]> {
  const remarks = await Promise.all(names.map((name) => remarkOn(root, name)));
  return remarks.filter((remark) => remark !== undefined);
}

async function remarkOn(root: string, name: string): Promise<string | undefined> {
  const tracked = await says(root, ["ls-files", "--", name]);
  const ignored = await says(root, ["check-ignore", "--no-index", "--", name]);
  if (tracked === undefined || ignored === undefined) return undefined;
  if (name === SETTINGS_FILE) {
    if (tracked) return `${name} is committed, and holds paths and choices of this machine alone: \`git rm --cached ${name}\``;
    return ignored
      ? undefined
      : `${name} is not ignored by git: put a line \`${name}\` into .gitignore, or into info/exclude of the git directory`;
  }
  if (name !== MCP_FILE || !tracked) return undefined;
  return `${name} is committed, and names paths of this machine now: do not commit the change; whoever else clones this repository runs \`signalbox init\` in the clone`;
}

/** Whether git has a line to say, or undefined where git does not answer. */
async function says(root: string, question: readonly string[]): Promise<boolean | undefined> {
  const said = await askGit(root, question).catch(() => undefined);
  return said === undefined ? undefined : said.trim() !== "";
}
