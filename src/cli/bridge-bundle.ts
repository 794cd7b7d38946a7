/**
 * How the bundled bridge is started: nothing but its own file is read, since the time until it answers is time a person waits.
 *
 * It is here and not in the `mcp` command, which loads the parser of the command line.
 */
import { createRequire } from "node:module";

interface BridgeBundle {
  run(args: readonly string[]): Promise<void>;
}

/**
 * Runs `dist/bridge.cjs` until its client goes.
 *
 * @param args - what follows `signalbox mcp`
 * @throws Error `MODULE_NOT_FOUND` when the program was not built
 */
export async function runBridge(args: readonly string[]): Promise<void> {
  // A code cache for each Node major, once it is shipped, is looked up here.
  const bundle = createRequire(import.meta.url)("../../bridge.cjs") as BridgeBundle;
  await bundle.run(args);
}
