/** `better-sqlite3`: a native module, so it must have been built for the Node that runs it. */
import { createRequire } from "node:module";
import type { DriverCandidate, SqliteConnection, SqliteStatement } from "./sqlite-driver.ts";

export const betterSqlite3: DriverCandidate = {
  name: "better-sqlite3",
  async load() {
    try {
      const { default: Database } = await import("better-sqlite3");
      const open = (path: string, access: "read" | "write"): SqliteConnection => {
        const database = new Database(path, { readonly: access === "read", timeout: 0 });
        return {
          get inTransaction() {
            return database.inTransaction;
          },
          exec: (sql) => void database.exec(sql),
          prepare: <Row>(sql: string) => database.prepare(sql) as SqliteStatement<Row>,
          close: () => void database.close(),
        };
      };
      open(":memory:", "write").close(); // the native half is loaded by the first connection
      return { name: "better-sqlite3", open };
    } catch (cause) {
      throw new Error(`version ${installedVersion()}: ${firstLine(cause)}`, { cause });
    }
  },
};

function installedVersion(): string {
  try {
    const { version } = createRequire(import.meta.url)("better-sqlite3/package.json") as { readonly version: string };
    return version;
  } catch {
    return "none, it is not installed";
  }
}

/** A module built for another Node says so over several lines: which file, its module version, the one that is required. */
function firstLine(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  const versions = [...message.matchAll(/NODE_MODULE_VERSION (\d+)/g)].map(([, version]) => version);
  if (versions.length === 2) return `built for module version ${versions[0]}, and this Node needs ${versions[1]}`;
  return message.split("\n")[0] ?? message;
}
