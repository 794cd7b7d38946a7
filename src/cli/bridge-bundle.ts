/**
 * How the bridge is started: from its bundle, and nothing but that file is read, since the time until it answers is time a
 * person waits. A program that runs from source has no bundle and takes the source.
 *
 * It is here and not in the `mcp` command, which loads the parser of the command line.
 */
import { createRequire } from "node:module";

interface BridgeProgram {
  run(args: readonly string[]): Promise<void>;
}

/**
 * Runs the bridge until its client goes.
 *
 * @param args - what follows `signalbox mcp`
 */
export async function runBridge(args: readonly string[]): Promise<void> {
  const bridge: BridgeProgram = bundled() ?? (await import("../bridge/main.ts"));
  await bridge.run(args);
}

/** `dist/bridge.cjs`, or undefined where nothing was built. */
function bundled(): BridgeProgram | undefined {
  const require = createRequire(import.meta.url);
  // A code cache for each Node major, once it is shipped, is looked up here.
  const path = "../../bridge.cjs";
  try {
    require.resolve(path);
  } catch {
    return undefined;
  }
  return require(path) as BridgeProgram;
}
