/**
 * The next release, as far as two releases meet: this source with a higher control number and another version, built by the
 * project's own build in a folder of its own.
 */
import { execFile } from "node:child_process";
import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { type LauncherName, PROJECT } from "./program.ts";

const run = promisify(execFile);

export const NEWER_VERSION = "9.9.9";

export interface NewerBuild {
  readonly control: number;
  launcher(name: LauncherName): string;
}

/** Builds it in `folder`, which must not exist. @throws Error with what the compiler said */
export async function buildNewer(folder: string): Promise<NewerBuild> {
  await mkdir(folder);
  for (const part of ["src", "bin", ".config", "package.json", "tsconfig.json"]) {
    await cp(join(PROJECT, part), join(folder, part), { recursive: true });
  }
  await symlink(join(PROJECT, "node_modules"), join(folder, "node_modules"));
  const control = Number(
    await replaceIn(join(folder, "src/wire/versions.ts"), /(?<=export const CONTROL = )\d+/, (now) => String(Number(now) + 1)),
  );
  await replaceIn(join(folder, "src/version.ts"), /(?<=export const VERSION = ")[^"]+/, () => NEWER_VERSION);
  const node = (...args: string[]) => run(process.execPath, args, { cwd: folder });
  await node("node_modules/typescript/bin/tsc", "-p", ".config/tsconfig.build.json");
  await node(".config/bundle.mjs");
  return { control, launcher: (name) => join(folder, "dist", "bin", `${name}.js`) };
}

/** What stands there now. @throws Error when there was nothing to replace: the build would be no newer one */
async function replaceIn(path: string, what: RegExp, by: (now: string) => string): Promise<string> {
  const text = await readFile(path, "utf8");
  const [now] = what.exec(text) ?? [];
  if (now === undefined) throw new Error(`${path} holds no ${what}`);
  await writeFile(path, text.replace(what, by(now)));
  return by(now);
}
