/** What `doctor` looks at before it tries the program: the machine, the workspace, the store and who owns it. */
import { access } from "node:fs/promises";
import { checkLog } from "../../app/kept-log.ts";
import { askGit, GitMissing } from "../../git/ask-git.ts";
import { bootId } from "../../git/boot-id.ts";
import { remoteFileSystem } from "../../git/network-disk.ts";
import { readStartError } from "../../git/start-error.ts";
import type { StoreFolder } from "../../git/store-folder.ts";
import { VERSION } from "../../version.ts";
import { CONTROL } from "../../wire/versions.ts";
import { fail, ok, type Row, warn } from "./row.ts";
import { exitCodeOf, EXIT } from "../exit-codes.ts";
import { told } from "../fault.ts";
import type { CommandPlace } from "../place.ts";
import { isListening, type Running, type Silent } from "../running.ts";
import { isSidecar } from "../sidecar-process.ts";

/** The oldest Node that the program runs on. */
const OLDEST_NODE = [20, 19] as const;

export function checkNode(version = process.versions.node): Row {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isOld = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]);
  return isOld ? fail("node", version, `install Node ${OLDEST_NODE.join(".")} or newer`) : ok("node", `${version} (${process.execPath})`);
}

export async function checkGit(cwd: string): Promise<Row> {
  try {
    return ok("git", (await askGit(cwd, ["--version"])).trim());
  } catch (cause) {
    const todo = cause instanceof GitMissing ? "install git, or start coding clients where `git --version` answers" : undefined;
    return fail("git", told(cause).sentence, todo);
  }
}

export function checkWorkspace({ workspace, main }: CommandPlace): Row {
  if (workspace.kind === "folder") return ok("workspace", `${main}, a folder in no repository: a session without branches`);
  const here = workspace.root === undefined || workspace.root === main ? "" : `, from its worktree ${workspace.root}`;
  return ok("workspace", `${main}${here}`);
}

export async function checkStoreFolder({ store, main }: CommandPlace): Promise<Row> {
  const { folder, writable, place, why } = store;
  const where = place === "git" || why === undefined ? folder : `${folder}, because ${why}`;
  const disk = await remoteFileSystem(folder);
  if (disk !== undefined)
    return warn("store", `${where}, which is on a network disk (${disk})`, "set XDG_STATE_HOME to a folder on a local disk");
  if (writable) return ok("store", `${where}, writable, on a local disk`);
  return fail(
    "store",
    `${where}, which this process may not write`,
    `start \`signalbox sidecar --workspace ${main}\` where that is allowed; bridges here then join it`,
  );
}

export async function checkPort({ store }: CommandPlace, running: Running): Promise<Row> {
  const derived = store.identity.port;
  const others = `another program listens on this workspace's own port ${derived}`;
  const forOthers =
    "clients that work the port out by themselves do not find it there: free that port and run `signalbox stop` if you use such";
  switch (running.kind) {
    case "running": {
      const at = new URL(running.sidecar.uri).port;
      if (at === String(derived)) return ok("port", `${at}, this workspace's own, and its sidecar is there`);
      return warn("port", `${at}; this workspace's own would be ${derived}`, forOthers);
    }
    case "silent": {
      const { discovery, suspect } = running;
      if (suspect !== undefined) return fail("port", `${discovery.port} takes connections and does not answer`, ending(suspect));
      return warn("port", `something listens on ${discovery.port}, where the last sidecar did, and does not answer as one`, STRANGER);
    }
    case "none":
      if (await isListening("127.0.0.1", derived)) return warn("port", `${others}; a sidecar takes a free one`, forOthers);
      return ok("port", `${derived}, this workspace's own, is free`);
  }
}

/** What a sidecar that starts does about it by itself. */
const STRANGER = "nothing need be done: a sidecar that starts takes another port";

function ending({ pid, seen }: NonNullable<Silent["suspect"]>): string {
  return seen ? `end process ${pid}` : `if process ${pid} is still the sidecar, end it`;
}

export async function checkOwner(running: Running): Promise<Row> {
  switch (running.kind) {
    case "running": {
      const { pid, boot_id } = running.sidecar.health;
      if (running.discovery !== undefined) return ok("owner", `process ${pid} serves this workspace, and its discovery file says so`);
      const isHere = boot_id === (await bootId()) && (await isSidecar(pid)) !== false;
      const todo = `\`signalbox stop\` cannot end it: end ${isHere ? `process ${pid}` : "it where it runs,"} as the user who started it`;
      return warn("owner", `process ${pid} serves this workspace, and its discovery file is not readable here`, todo);
    }
    case "silent": {
      const { discovery, suspect } = running;
      if (suspect === undefined)
        return warn("owner", `no sidecar answers, and something that is none as far as can be seen has its port ${discovery.port}`);
      const who = suspect.seen ? `process ${suspect.pid} is the sidecar` : `process ${suspect.pid} may be the sidecar`;
      return fail("owner", `${who} and does not answer`, ending(suspect));
    }
    case "none":
      return ok("owner", "no sidecar runs");
  }
}

/** A log that a sidecar owns is judged by that sidecar; any other is opened, read to its end and closed. */
export async function checkLogFile({ store }: CommandPlace, running: Running): Promise<Row> {
  if (running.kind === "silent" && running.suspect !== undefined)
    return warn("log", "owned by a sidecar that does not answer, so not looked at");
  if (running.kind === "running") {
    if (running.sidecar.health.status === "ok") return ok("log", `${store.logPath} takes records, says its sidecar`);
    return fail(
      "log",
      `${store.logPath} takes no records, says its sidecar`,
      "see whether the disk is full; it goes on by itself when there is room",
    );
  }
  if (!(await exists(store))) return ok("log", "none yet: the first sidecar makes it");
  try {
    const records = await checkLog(store);
    return ok("log", `${store.logPath}: ${records} ${records === 1 ? "record" : "records"}, each whole and behind the one before`);
  } catch (cause) {
    const { code, sentence } = told(cause);
    return fail("log", sentence, LOG_TODO.get(exitCodeOf(code)));
  }
}

const LOG_TODO: ReadonlyMap<number, string> = new Map([
  [EXIT.corrupt, "`signalbox store set-aside` renames it, so that the next sidecar begins a new one"],
  [EXIT.held, "a sidecar in a container or of another user may own it: ask doctor there"],
  [EXIT.tooNew, "install the release that wrote it, or a newer one"],
  [EXIT.storeOutOfReach, "see who may write there, and whether the disk is full"],
]);

async function exists({ logPath }: StoreFolder): Promise<boolean> {
  const found = await Promise.all(
    [logPath, `${logPath}-wal`].map((path) =>
      access(path).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}

export function checkVersions(running: Running): Row {
  const own = `${VERSION}, control ${CONTROL}`;
  if (running.kind !== "running") return ok("versions", `this program is ${own}`);
  const { version, control } = running.sidecar.health;
  const both = `this program is ${own}; the sidecar is ${version}, control ${control}`;
  if (control < CONTROL) return fail("versions", both, "`signalbox stop`, so that the next call starts a sidecar of this release");
  if (control > CONTROL) return fail("versions", both, "restart your coding client with the release that is installed now");
  return version === VERSION ? ok("versions", both) : warn("versions", both, "they work together; `signalbox stop` brings the new one in");
}

/** Undefined when the last start did not fail, or one has succeeded since. */
export async function checkLastStart({ store }: CommandPlace, running: Running): Promise<Row | undefined> {
  const error = running.kind === "running" ? undefined : await readStartError(store.folder);
  if (error === undefined) return undefined;
  return warn(
    "last start",
    `failed at ${error.at}: ${error.sentence}`,
    error.command === undefined ? undefined : `run \`${error.command}\``,
  );
}
