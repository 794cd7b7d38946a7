/**
 * How a sidecar is started: from one file, because a bridge waits for it with its first call. A program that runs from
 * source has no bundle and takes the source.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { requireCached } from "./code-cache.ts";
import { compileSooner } from "./compile-sooner.ts";

interface CommandLine {
  run(argv: readonly string[]): Promise<void>;
}

/** @param argv - as `process.argv`, with `sidecar` as the command */
export async function runSidecar(argv: readonly string[]): Promise<void> {
  compileSooner();
  const bundle = fileURLToPath(new URL("../../sidecar.cjs", import.meta.url));
  const commandLine = existsSync(bundle) ? (requireCached(bundle) as CommandLine) : await import("./main.ts");
  await commandLine.run(argv);
}
