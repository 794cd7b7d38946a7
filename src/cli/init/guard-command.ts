/**
 * The command line by which a coding client runs the guard: absolute paths, so that it needs no PATH, quoted for `sh`.
 */
import { fileURLToPath } from "node:url";
import type { Launch } from "../launcher.ts";

export interface GuardSettings {
  /** Folder in which the sidecar leaves its discovery file. */
  readonly store: string;
  /** Whether an edit is denied when the sidecar cannot be asked. */
  readonly strict: boolean;
  /** What does the work where there is no curl. */
  readonly launch: Launch;
}

export const GUARD_SCRIPT = fileURLToPath(new URL("../../../bin/signalbox-guard.sh", import.meta.url));

export function guardCommand({ store, strict, launch }: GuardSettings): string {
  const words = [GUARD_SCRIPT, "--store", store, ...(strict ? ["--strict"] : []), "--", launch.command, ...launch.args];
  return words.map(shellWord).join(" ");
}

/** Whether this is a guard of ours, of any installation and age. */
export function isGuardCommand(command: string): boolean {
  return /signalbox-guard\.sh|signalbox\S* hook pre-tool-use/.test(command);
}

/** One word for any POSIX shell, whatever stands in it. */
export function shellWord(text: string): string {
  return /^[\w/.:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
