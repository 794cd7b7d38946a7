/** The SQLite inside Node, which needs nothing installed. Node 22.16 is the first whose connection tells whether a transaction stands. */
import type { DriverCandidate, SqliteConnection, SqliteStatement } from "./sqlite-driver.ts";

/** The part of `node:sqlite` that is used; the types of the oldest supported Node do not have it. */
interface DatabaseSync {
  readonly isTransaction?: boolean;
  exec(sql: string): void;
  prepare(sql: string): unknown;
  close(): void;
}
interface NodeSqlite {
  readonly DatabaseSync: new (path: string, options: { readonly readOnly: boolean }) => DatabaseSync;
}

export const nodeSqlite: DriverCandidate = {
  name: "node:sqlite",
  async load() {
    const module = withoutExperimentalWarning(() => process.getBuiltinModule("node:sqlite") as NodeSqlite | undefined);
    if (module === undefined) throw new Error(`Node ${process.versions.node} does not have it`);
    const open = (path: string, access: "read" | "write"): SqliteConnection =>
      connection(new module.DatabaseSync(path, { readOnly: access === "read" }));
    const first = new module.DatabaseSync(":memory:", { readOnly: false });
    const tellsTransactions = first.isTransaction === false;
    first.close();
    if (!tellsTransactions) throw new Error(`the one of Node ${process.versions.node} does not tell whether a transaction stands`);
    return { name: "node:sqlite", open };
  },
};

function connection(database: DatabaseSync): SqliteConnection {
  return {
    get inTransaction() {
      return database.isTransaction === true;
    },
    exec: (sql) => database.exec(sql),
    prepare: <Row>(sql: string) => database.prepare(sql) as SqliteStatement<Row>,
    close: () => database.close(),
  };
}

/** Node 22 warns on stderr when the module loads, inside the call. Every other warning passes. */
function withoutExperimentalWarning<T>(load: () => T): T {
  const emitWarning = Reflect.get(process, "emitWarning") as (this: void, ...warning: unknown[]) => void;
  process.emitWarning = (...warning: unknown[]): void => {
    if (warning[1] !== "ExperimentalWarning") Reflect.apply(emitWarning, process, warning);
  };
  try {
    return load();
  } finally {
    process.emitWarning = emitWarning;
  }
}
