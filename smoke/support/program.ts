/** Where the built program is. The smokes run from source; what they try is `dist`, as it is published. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of package.json. */
export const PROJECT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

export type LauncherName = "signalbox" | "mpac-mcp" | "mpac-mcp-sidecar";

/** @throws Error when the program was not built */
export function launcher(name: LauncherName): string {
  const path = join(PROJECT, "dist", "bin", `${name}.js`);
  if (!existsSync(path)) throw new Error(`there is no ${path}: run npm run build first`);
  return path;
}
