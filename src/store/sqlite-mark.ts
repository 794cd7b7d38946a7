/**
 * The one row by which a database file and the write-ahead log beside it are known to belong together (see stray-wal.ts).
 *
 * It says who the log is, how often its WAL has begun anew, and where its newest records are. The first transaction of each
 * WAL writes it, and a checkpoint carries it into the file.
 */

/**
 * `closed`: everything is in the file. `parted`: what is newer than the file stands in a WAL, which must be there.
 * `in-use`: written to every WAL first, so a file that says it holds all of that WAL (another SQLite program has merged the two).
 */
export type Whereabouts = "closed" | "parted" | "in-use";

export interface Mark {
  /** 32 random hex digits, for life. */
  readonly log: string;
  /** How many WALs there have been. */
  readonly generation: number;
  readonly records: Whereabouts;
}

/** All marks have one length, so that SQLite overwrites the row in place and the page holds a single one. */
export function markText({ log, generation, records }: Mark): string {
  return `signalbox-log ${log} ${String(generation).padStart(12, "0")} ${records}`;
}

export function parseMark(text: string): Mark | undefined {
  const [, log, generation, records] = /signalbox-log ([0-9a-f]{32}) (\d{12}) (closed|parted|in-use)/.exec(text) ?? [];
  if (log === undefined || generation === undefined || records === undefined) return undefined;
  return { log, generation: Number(generation), records: records as Whereabouts };
}
