/** How a command of ours ends, for scripts: one number for each thing that a caller would do differently. */
export const EXIT = {
  ok: 0,
  /** Something failed that has no number of its own. */
  failed: 1,
  /** The command line or the environment cannot be used as it is. */
  usage: 2,
  /** There is no workspace here. */
  noWorkspace: 3,
  /** The log is corrupt, or newer than this release. */
  logUnusable: 4,
  /** The port that was asked for is taken. */
  portTaken: 5,
  /** The store cannot be reached or written, or no SQLite engine loads. */
  storeUnavailable: 6,
  /** Another process owns the log: a sidecar runs already. */
  held: 7,
} as const;

const BY_CODE: Readonly<Record<string, number>> = {
  "config/invalid": EXIT.usage,
  "store/held": EXIT.held,
  "store/corrupt": EXIT.logUnusable,
  "store/too-new": EXIT.logUnusable,
  "log/damaged": EXIT.logUnusable,
  "log/too-new": EXIT.logUnusable,
  "log/unknown-event": EXIT.logUnusable,
  "sidecar/port-taken": EXIT.portTaken,
  "store/unavailable": EXIT.storeUnavailable,
  "store/no-driver": EXIT.storeUnavailable,
  "store/no-folder": EXIT.storeUnavailable,
};

/** The number for an error of ours, by its `code`. */
export function exitCodeOf(error: unknown): number {
  const code = (error as { readonly code?: unknown } | null)?.code;
  if (typeof code !== "string") return EXIT.failed;
  return BY_CODE[code] ?? (code.startsWith("workspace/") ? EXIT.noWorkspace : EXIT.failed);
}

/** What repairs it, where one command does. */
export function repairOf(error: unknown): string | undefined {
  switch ((error as { readonly code?: unknown } | null)?.code) {
    case "store/corrupt":
    case "log/damaged":
      return "signalbox store set-aside";
    case "store/no-driver":
      return "npm rebuild better-sqlite3";
    default:
      return undefined;
  }
}
