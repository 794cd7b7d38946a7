/** Programs of others that stand in a folder of their own, `smoke/guests`, and are brought there by `npm run smoke:guests`. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { PROJECT } from "./program.ts";

const GUESTS = join(PROJECT, "smoke", "guests", "node_modules", "@modelcontextprotocol");

const PATHS = {
  conformance: join(GUESTS, "conformance", "dist", "index.js"),
  inspector: join(GUESTS, "inspector", "clients", "cli", "build", "index.js"),
} as const;

/**
 * Its main file; or why it cannot be started.
 *
 * @throws Error on a build machine: there a test that is skipped is no test
 */
export function findGuest(name: keyof typeof PATHS): { readonly path: string } | { readonly why: string } {
  const path = PATHS[name];
  if (existsSync(path)) return { path };
  const why = `${name} is not in smoke/guests; bring it by \`npm run smoke:guests\``;
  if (process.env["CI"] === "true") throw new Error(why);
  return { why };
}
