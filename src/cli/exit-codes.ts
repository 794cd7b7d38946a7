/**
 * How a command says by its exit code what went wrong. The bridge that starts a sidecar, service managers and scripts read
 * these numbers, so a number keeps its meaning.
 */

export const EXIT = {
  ok: 0,
  /** Anything that has no number of its own; `doctor` found something that does not work. */
  failed: 1,
  /** The command line or the environment cannot be used. */
  usage: 2,
  /** There is no workspace: no repository, no such folder, or git does not read it. */
  noWorkspace: 3,
  /** The log is not what was written to it; `signalbox store set-aside` makes room for a new one. */
  corrupt: 4,
  /** The port that was asked for belongs to another program. */
  portTaken: 5,
  /** The log cannot be read or written: permissions, a full or unreachable disk, no folder for it. */
  storeOutOfReach: 6,
  /** Another process owns the log: most often the sidecar that is wanted runs already. */
  held: 7,
  /** A newer release wrote the log. */
  tooNew: 8,
  /** No SQLite engine loads. */
  noDriver: 9,
  /** There is a sidecar, or there may be one, and it does not answer as it should. */
  unreachable: 10,
  /** A process of another container, virtual machine or network owns the log, and cannot be reached from here. */
  ownedElsewhere: 11,
  /** Ended by Ctrl-C or a signal before it was done, as shells count. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const BY_CODE: Readonly<Record<string, ExitCode>> = {
  "config/invalid": EXIT.usage,
  "init/no-terminal": EXIT.usage,
  "tools/no-such": EXIT.usage,
  "sidecar/port-taken": EXIT.portTaken,
  "sidecar/no-answer": EXIT.unreachable,
  "sidecar/no-token": EXIT.unreachable,
  "sidecar/not-stopped": EXIT.unreachable,
  "sidecar/no-handover": EXIT.unreachable,
  "query/refused": EXIT.unreachable,
  "command/interrupted": EXIT.interrupted,
  "git/missing": EXIT.noWorkspace,
  "git/silent": EXIT.noWorkspace,
  "git/failed": EXIT.noWorkspace,
  "log/no-session": EXIT.usage,
  "log/damaged": EXIT.corrupt,
  "log/too-new": EXIT.tooNew,
  "log/unknown-event": EXIT.tooNew,
  "store/corrupt": EXIT.corrupt,
  "store/identity-broken": EXIT.corrupt,
  "store/too-new": EXIT.tooNew,
  "store/held": EXIT.held,
  "store/owned-elsewhere": EXIT.ownedElsewhere,
  "store/unavailable": EXIT.storeOutOfReach,
  "store/no-folder": EXIT.storeOutOfReach,
  "store/of-repository": EXIT.usage,
  "store/other-user": EXIT.storeOutOfReach,
  "store/no-driver": EXIT.noDriver,
};

/** @param code - as errors of this program carry it, `<area>/<what>`, or any other */
export function exitCodeOf(code: string): ExitCode {
  if (code.startsWith("workspace/")) return EXIT.noWorkspace;
  return Object.hasOwn(BY_CODE, code) ? (BY_CODE[code] ?? EXIT.failed) : EXIT.failed;
}
