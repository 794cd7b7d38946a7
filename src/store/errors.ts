/** How a store can fail: one class for each thing that its caller does differently. */
import type { StreamId } from "../wire/ids.ts";
import type { Revision } from "../wire/record.ts";

/** Somebody else appended first. Read again and decide again. */
export class RevisionConflict extends Error {
  override readonly name = "RevisionConflict";
  readonly code = "store/conflict";
  readonly stream: StreamId;
  readonly expected: Revision;
  readonly head: Revision;

  constructor(stream: StreamId, expected: Revision, head: Revision) {
    super(`stream ${stream} is at revision ${head}, not ${expected}`);
    this.stream = stream;
    this.expected = expected;
    this.head = head;
  }
}

/** Nothing was stored: the disk is full, the store is closed, or the engine did not answer. Later may help. */
export class StoreUnavailable extends Error {
  override readonly name: string = "StoreUnavailable";
  readonly code: string = "store/unavailable";

  constructor(why: string, cause?: unknown) {
    super(why, cause === undefined ? undefined : { cause });
  }
}

/** The file that is owned no longer stands at its path: it was removed, moved or replaced. What was to be stored is not, and never will be. */
export class StoreGone extends StoreUnavailable {
  override readonly name: string = "StoreGone";
  override readonly code: string = "store/gone";

  constructor(path: string) {
    super(`the log ${path} is not there any more, or is another one now`);
  }
}

/** The disk has not said that it has what was written: perhaps it is stored. Nothing more is, until the log is opened again and read as it is. */
export class StoreUnsynced extends StoreUnavailable {
  override readonly name: string = "StoreUnsynced";
}

/** The file is not what was written to it. It is left where it is; `signalbox store set-aside` moves it. */
export class StoreCorrupt extends Error {
  override readonly name = "StoreCorrupt";
  readonly code = "store/corrupt";
  readonly path: string;

  constructor(path: string, what: string, cause?: unknown) {
    super(`the log ${path} is corrupt: ${what}`, cause === undefined ? undefined : { cause });
    this.path = path;
  }
}

/** Another process owns the file. */
export class StoreHeld extends Error {
  override readonly name = "StoreHeld";
  readonly code = "store/held";
  readonly path: string;

  constructor(path: string, cause?: unknown) {
    super(`another process owns the log ${path}`, cause === undefined ? undefined : { cause });
    this.path = path;
  }
}

/** The file was written by a newer release. */
export class StoreTooNew extends Error {
  override readonly name = "StoreTooNew";
  readonly code = "store/too-new";
  readonly path: string;

  constructor(path: string, found: number, known: number) {
    super(`the log ${path} has format ${found} and this release reads up to ${known}`);
    this.path = path;
  }
}

/** No SQLite engine loads on this machine. The message names both that were tried and the command that repairs it. */
export class DriverMissing extends Error {
  override readonly name = "DriverMissing";
  readonly code = "store/no-driver";

  constructor(why: string, cause?: unknown) {
    super(why, cause === undefined ? undefined : { cause });
  }
}
