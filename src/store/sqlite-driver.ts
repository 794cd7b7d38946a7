/**
 * Which SQLite engine this process uses: the one inside Node where it has one, else `better-sqlite3`.
 *
 * Everything above this file speaks the few verbs below and cannot tell the two apart.
 */
import { DriverMissing } from "./errors.ts";
import { betterSqlite3 } from "./sqlite-better.ts";
import { nodeSqlite } from "./sqlite-node.ts";

export type SqliteValue = string | number | Uint8Array;

/** A prepared statement. `Row` is what its SQL selects; the driver takes the caller's word for it. */
export interface SqliteStatement<Row> {
  run(...values: readonly SqliteValue[]): unknown;
  get(...values: readonly SqliteValue[]): Row | undefined;
  all(...values: readonly SqliteValue[]): readonly Row[];
}

/** Faults are thrown as the engine made them; `resultCode` reads both kinds. No lock is ever waited for. */
export interface SqliteConnection {
  /** SQLite ends a transaction by itself after some faults, a full disk among them. */
  readonly inTransaction: boolean;
  exec(sql: string): void;
  prepare<Row = unknown>(sql: string): SqliteStatement<Row>;
  close(): void;
}

export interface SqliteDriver {
  readonly name: string;
  open(path: string, access: "read" | "write"): SqliteConnection;
}

export interface DriverCandidate {
  readonly name: string;
  /** Loads the engine and calls into it once. @throws Error saying why it cannot be used here */
  load(): Promise<SqliteDriver>;
}

/** In order of preference. */
export const SQLITE_DRIVERS: readonly DriverCandidate[] = [nodeSqlite, betterSqlite3];

/** The first engine that loads. @throws DriverMissing when none does */
export async function loadSqliteDriver(candidates: readonly DriverCandidate[] = SQLITE_DRIVERS): Promise<SqliteDriver> {
  const reasons: string[] = [];
  const causes: unknown[] = [];
  for (const candidate of candidates) {
    try {
      return await candidate.load();
    } catch (cause) {
      causes.push(cause);
      reasons.push(`${candidate.name}: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
  }
  throw new DriverMissing(
    `no SQLite engine loads on Node ${process.versions.node} (module version ${process.versions.modules}); ` +
      `${reasons.join("; ")}; use Node 22.16 or newer, which has one, or repair it with: npm rebuild better-sqlite3 (npm ci where it is missing)`,
    new AggregateError(causes),
  );
}
