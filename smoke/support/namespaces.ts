/** Programs in namespaces of their own, as a container puts them there, where the system lets us make some. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type Program, startProgram } from "./processes.ts";

const run = promisify(execFile);

/** Which kinds are new. A new pid namespace comes with its own `/proc`. */
export interface Fresh {
  readonly network?: boolean;
  readonly pids?: boolean;
  /** A folder that cannot be written there. */
  readonly readOnly?: string;
}

interface Place {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Loopback is down in a new network. */
const SET_UP = 'if [ -n "$UP" ]; then ip link set lo up || ifconfig lo up || exit 99; fi;';
const MAKE_READ_ONLY =
  'if [ -n "$READ_ONLY" ]; then mount --bind "$READ_ONLY" "$READ_ONLY" && mount -o remount,bind,ro "$READ_ONLY" || exit 98; fi;';

/** The command line that runs `command` there. It ends with the process that it is run by. */
function commandIn({ network = false, pids = false, readOnly }: Fresh, command: readonly string[]): string[] {
  const isRoot = process.geteuid?.() === 0;
  const flags = [
    ...(isRoot ? [] : ["--user", "--map-root-user"]),
    ...(network ? ["--net"] : []),
    ...(pids ? ["--pid", "--fork", "--kill-child", "--mount-proc"] : []),
    ...(readOnly === undefined ? [] : ["--mount"]),
  ];
  const variables = [...(network ? ["UP=1"] : []), ...(readOnly === undefined ? [] : [`READ_ONLY=${readOnly}`])];
  return [...flags, "env", ...variables, "sh", "-c", `${SET_UP}${MAKE_READ_ONLY} unset UP READ_ONLY; exec "$@"`, "sh", ...command];
}

/** Starts a program of Node's there. */
export function startElsewhere(fresh: Fresh, args: readonly string[], { cwd, env }: Place): Program {
  return startProgram("unshare", commandIn(fresh, [process.execPath, ...args]), { cwd, env });
}

/**
 * Why no such namespaces can be made here, or undefined when they can.
 *
 * @throws Error on a build machine that makes namespaces and not these: there a test that is skipped is no test
 */
export async function whyNoNamespaces(fresh: Fresh): Promise<string | undefined> {
  const why = await failureOf(commandIn(fresh, ["true"]));
  if (why === undefined) return undefined;
  const isPossible = (await failureOf(["--mount", "true"])) === undefined;
  if (process.env["CI"] === "true" && isPossible) throw new Error(`unshare works here and cannot do what this test needs: ${why}`);
  return why;
}

async function failureOf(args: readonly string[]): Promise<string | undefined> {
  return run("unshare", [...args]).then(
    () => undefined,
    (cause: unknown) => (cause instanceof Error ? cause.message : String(cause)).trim().split("\n").slice(0, 2).join(" | "),
  );
}
