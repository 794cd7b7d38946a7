/** A wall clock that a test sets for programs of its own, where Debian's `faketime` is installed. The monotonic clock stays true. */
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface MovableClock {
  /** For the programs that go by it. */
  readonly env: NodeJS.ProcessEnv;
  /** Sets it to `seconds` from the true time. It is noticed within a second. */
  set(seconds: number): Promise<void>;
}

/** Undefined where the library is not installed. */
export async function movableClock(folder: string): Promise<MovableClock | undefined> {
  const library = await findLibrary();
  if (library === undefined) return undefined;
  const file = join(folder, "clock");
  const set = (seconds: number): Promise<void> => writeFile(file, `${seconds < 0 ? "" : "+"}${seconds}\n`);
  await set(0);
  const env = {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_CACHE_DURATION: "1",
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
    NO_FAKE_STAT: "1",
  };
  return { env, set };
}

/** `/usr/lib/<architecture>/faketime/libfaketimeMT.so.1` */
async function findLibrary(): Promise<string | undefined> {
  for (const folder of await readdir("/usr/lib").catch(() => [])) {
    const place = join("/usr/lib", folder, "faketime");
    const files = await readdir(place).catch(() => []);
    const library = files.find((name) => name.startsWith("libfaketimeMT.so"));
    if (library !== undefined) return join(place, library);
  }
  return undefined;
}
