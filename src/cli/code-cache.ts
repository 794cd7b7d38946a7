/**
 * Loads a bundle together with the code that V8 made of it the last time, because compiling it takes longer than running it.
 *
 * A code cache fits one build of one Node. Where none fits, the bundle is compiled as usual and its code kept for the next
 * start: beside the bundle, or where that cannot be written in the user's cache folder. Nothing about it is ever an error.
 * V8 runs a damaged cache until it crashes, so the file holds the code twice: comparing is faster than any checksum.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire, Module } from "node:module";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { Script } from "node:vm";

/** Milliseconds after the start: by then the first answers are given, so that what they needed is in the cache. */
const KEEP_AFTER_MS = 1_000;

export interface CacheOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Milliseconds after the start at which code is kept. */
  readonly keepAfterMs?: number;
}

/** The id that a bundle begins with. V8 looks at the length of a source only, so it is this that tells two apart. */
const BUNDLE_ID = /^\/\*([0-9a-f]{16})\*\//;

/**
 * What `require(path)` gives; what the bundle requires from beside it is loaded the same way.
 *
 * @throws as `require` does
 */
export function requireCached(path: string, { env = process.env, keepAfterMs = KEEP_AFTER_MS }: CacheOptions = {}): unknown {
  const source = readFileSync(path, "utf8");
  const id = BUNDLE_ID.exec(source)?.[1];
  if (id === undefined) return createRequire(path)(path) as unknown;

  const name = `${basename(path)}-${id}-${process.version}-${process.arch}.cache`;
  const places = [dirname(path), userCache(env)].map((folder) => join(folder, name));
  const script = cachedScript(path, Module.wrap(source), places, keepAfterMs);

  const require = createRequire(path);
  const requireHere = (wanted: string): unknown =>
    wanted.startsWith(".") ? requireCached(join(dirname(path), wanted), { env, keepAfterMs }) : require(wanted);
  const module = { exports: {} as unknown };
  const run = script.runInThisContext() as (...args: readonly unknown[]) => void;
  run.call(module.exports, module.exports, requireHere, module, path, dirname(path));
  return module.exports;
}

/** With the first code that this Node takes, else compiled anew, and its code kept. */
function cachedScript(filename: string, source: string, places: readonly string[], keepAfterMs: number): Script {
  for (const place of places) {
    const cachedData = read(place);
    const script = cachedData && new Script(source, { filename, cachedData });
    if (script?.cachedDataRejected === false) return script;
  }
  const script = new Script(source, { filename });
  setTimeout(() => keep(script.createCachedData(), places), keepAfterMs).unref();
  return script;
}

function read(path: string): Buffer | undefined {
  try {
    const twice = readFileSync(path);
    const code = twice.subarray(0, twice.length / 2);
    return code.length > 0 && code.equals(twice.subarray(code.length)) ? code : undefined;
  } catch {
    return undefined;
  }
}

/** A file that is half written is never there under its name. */
function keep(code: Buffer, places: readonly string[]): void {
  for (const place of places) {
    try {
      mkdirSync(dirname(place), { recursive: true, mode: 0o700 });
      writeFileSync(`${place}.${process.pid}`, Buffer.concat([code, code]));
      renameSync(`${place}.${process.pid}`, place);
      return;
    } catch {
      // the next, or none
    }
  }
}

function userCache(env: NodeJS.ProcessEnv): string {
  const named = process.platform === "win32" ? env["LOCALAPPDATA"] : env["XDG_CACHE_HOME"];
  return join(named?.trim() || join(homedir(), process.platform === "darwin" ? "Library/Caches" : ".cache"), "signalbox");
}
