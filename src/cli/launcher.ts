/** How another process runs `signalbox`, wherever it is started: the installed launcher, or the source with this Node's loader. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

export interface Launch {
  /** Node, as an absolute path. */
  readonly command: string;
  /** What comes before the arguments of `signalbox`. */
  readonly args: readonly string[];
}

export function ownLaunch(): Launch {
  const built = pathTo("../../bin/signalbox.js");
  const args = existsSync(built) ? [built] : [...loaders(process.execArgv), pathTo("../../bin/signalbox.ts")];
  return { command: process.execPath, args };
}

/** Options of Node, with names of packages as addresses: a name is looked up from the working directory, which will be another. */
function loaders(execArgv: readonly string[]): string[] {
  return execArgv.map((arg, index) => {
    const isName = ["--import", "--loader"].includes(execArgv[index - 1] ?? "") && /^[a-z@]/i.test(arg) && !arg.includes(":");
    return isName ? import.meta.resolve(arg) : arg;
  });
}

function pathTo(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}
