/**
 * What whoever started this process has left open in it, such as the lock file of a script: a sidecar that lives for hours
 * must not hold it. Node closes some of that by itself when it starts a program, and what lies high it does not.
 */
import { readdir, readFile } from "node:fs/promises";

/** From here on a descriptor is nobody's standard stream. */
const FIRST = 3;

/** The flag of a descriptor that no program inherits, in octal. */
const O_CLOEXEC = 0o2000000;

/** Higher ones would make a long table for a rare case. */
const MOST = 1_024;

/** Numbers of the descriptors that a program which this one starts would inherit. Linux alone shows them; elsewhere there are none. */
export async function leftOpen(): Promise<number[]> {
  if (process.platform !== "linux") return [];
  const numbers = (await readdir("/proc/self/fd").catch(() => [])).map(Number).filter((number) => number >= FIRST && number < MOST);
  const inherited = await Promise.all(numbers.map(isInherited));
  return numbers.filter((_number, index) => inherited[index]);
}

/** Not of one that was closed meanwhile. */
async function isInherited(number: number): Promise<boolean> {
  const text = await readFile(`/proc/self/fdinfo/${number}`, "utf8").catch(() => "");
  const flags = /^flags:\s*([0-7]+)$/m.exec(text)?.[1];
  return flags !== undefined && (Number.parseInt(flags, 8) & O_CLOEXEC) === 0;
}
