/**
 * What a log file looks like inside: its numbers in the SQLite header, and its tables.
 *
 * `records` keeps its rows in the order they came, with an index beside them: three times the appends of a WITHOUT ROWID table,
 * whose pages are split by streams that grow in the middle of it. `streams.head` says a second time what the highest revision
 * is, so that a damaged page cannot make the end of a stream disappear unnoticed.
 */

/** "SGBX": whose file it is. */
export const APPLICATION_ID = 0x53_47_42_58;

/** Kept in `user_version`. Rises when an older release must not write the file. */
export const SCHEMA_FORMAT = 1;

export const PAGE_BYTES = 4_096;

/** `mark` is the first table, so its one row stands alone on page 2 (see sqlite-mark.ts). */
export const TABLES = `
  CREATE TABLE mark (id INTEGER PRIMARY KEY CHECK (id = 1), text TEXT NOT NULL) STRICT;
  CREATE TABLE streams (stream TEXT PRIMARY KEY, head INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE records (stream TEXT NOT NULL, revision INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (stream, revision)) STRICT;
  CREATE TABLE snapshots (stream TEXT PRIMARY KEY, at INTEGER NOT NULL, rules INTEGER NOT NULL, hash TEXT NOT NULL, state TEXT NOT NULL) STRICT;
  CREATE TABLE blobs (hash TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
  CREATE TABLE probes (id INTEGER PRIMARY KEY CHECK (id = 1), bytes BLOB NOT NULL) STRICT;
`;

/** What is asked of each table, so that a file without one of them is found out when it is opened. */
export const TABLE_QUERIES = [
  "SELECT id, text FROM mark",
  "SELECT stream, head FROM streams",
  "SELECT stream, revision, text FROM records",
  "SELECT stream, at, rules, hash, state FROM snapshots",
  "SELECT hash, bytes FROM blobs",
  "SELECT id, bytes FROM probes",
];
