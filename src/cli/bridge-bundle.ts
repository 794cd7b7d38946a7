/**
 * How the bridge is started: from its bundle, and nothing but that file and its code is read, since the time until it
 * answers is time a person waits. A program that runs from source has no bundle and takes the source.
 *
 * It is here and not in the `mcp` command, which loads the parser of the command line.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { requireCached } from "./code-cache.ts";
import { compileSooner } from "./compile-sooner.ts";

interface BridgeProgram {
  run(args: readonly string[]): Promise<void>;
}

/**
 * Runs the bridge until its client goes.
 *
 * @param args - what follows `signalbox mcp`
 */
export async function runBridge(args: readonly string[]): Promise<void> {
  compileSooner();
  const bundle = fileURLToPath(new URL("../../bridge.cjs", import.meta.url));
  const bridge = existsSync(bundle) ? (requireCached(bundle) as BridgeProgram) : await import("../bridge/main.ts");
  await bridge.run(args);
}
