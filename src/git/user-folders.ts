/**
 * Where the user's own files of this program stand: what is kept, and what lives until the next start of the machine.
 */
import { chmod, lstat, mkdir, stat } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { errnoOf } from "./errno.ts";

/** Folder of what is kept for the user, per machine: made by whoever writes into it. */
export function stateFolder(env: NodeJS.ProcessEnv, platform: NodeJS.Platform = process.platform): string {
  const home = env["HOME"] || homedir();
  if (platform === "win32") return join(env["LOCALAPPDATA"] || join(env["USERPROFILE"] || homedir(), "AppData", "Local"), "signalbox");
  if (platform === "darwin") return join(home, "Library", "Application Support", "signalbox");
  return join(absolute(env["XDG_STATE_HOME"]) ?? join(home, ".local", "state"), "signalbox");
}

/**
 * Folders in which a discovery file of this user may stand, best first: a host that was started without a login has no
 * XDG_RUNTIME_DIR, so a reader looks into all of them. One of another user (`sudo -E`) is left alone.
 */
export async function runtimeFolders(env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const xdg = absolute(env["XDG_RUNTIME_DIR"]);
  const uid = ownUid();
  const temporary = join(tmpdirOf(env), uid === undefined ? "signalbox" : `signalbox-${uid}`);
  const owner = xdg === undefined ? undefined : await stat(xdg).catch(() => undefined);
  return xdg !== undefined && owner !== undefined && (uid === undefined || owner.uid === uid)
    ? [join(xdg, "signalbox"), temporary]
    : [temporary];
}

/** The user that files of this process belong to, where the system has one. */
export function ownUid(): number | undefined {
  return process.geteuid?.();
}

/**
 * Why `folder` must not be trusted with a secret, or undefined when it may: it is a folder and no link to one, it is
 * ours, and nobody else may enter. Where the system has no owners, any folder will do.
 */
export async function whyNotPrivate(folder: string): Promise<string | undefined> {
  try {
    const found = await lstat(folder);
    if (found.isSymbolicLink()) return `${folder} is a symbolic link`;
    if (!found.isDirectory()) return `${folder} is not a folder`;
    const uid = ownUid();
    if (uid === undefined) return undefined;
    if (found.uid !== uid) return `${folder} belongs to user ${found.uid}`;
    return (found.mode & 0o077) === 0 ? undefined : `${folder} is open to other users`;
  } catch (error) {
    return `${folder} cannot be read (${errnoOf(error)})`;
  }
}

/** Makes `folder` with mode 0700, or closes an own one that is open to others. Answers like `whyNotPrivate`. */
export async function makePrivateFolder(folder: string): Promise<string | undefined> {
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") return `${folder} cannot be made (${errnoOf(error)})`;
  }
  const found = await lstat(folder).catch(() => undefined);
  if (found?.isDirectory() && found.uid === ownUid() && (found.mode & 0o077) !== 0) await chmod(folder, 0o700).catch(() => undefined);
  return whyNotPrivate(folder);
}

function tmpdirOf(env: NodeJS.ProcessEnv): string {
  return absolute(env["TMPDIR"])?.replace(/(.)\/+$/, "$1") ?? tmpdir();
}

/** Relative paths in such variables are to be ignored, says the XDG base directory specification. */
function absolute(path: string | undefined): string | undefined {
  return path !== undefined && path !== "" && isAbsolute(path) ? path : undefined;
}
