/** What the disk asks for: one row of a record's size, committed alone by the engine that the log uses, with nothing around it. */
import { join } from "node:path";
import Database from "better-sqlite3";
import { median } from "../method.ts";

export interface CommitProbe extends Disposable {
  /** Commits `count` rows one by one and gives how long half of them took at most, in milliseconds. */
  commit(count: number): number;
  /** Commits `count` rows in one. */
  commitTogether(count: number): void;
}

/** Bytes of the record of an announcement. */
const RECORD_BYTES = 1_700;

/** @param folder - on the file system that the log is on */
export function openCommitProbe(folder: string, name: string): CommitProbe {
  const database = new Database(join(folder, `${name}.db`));
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = FULL");
  database.exec("CREATE TABLE IF NOT EXISTS records (revision INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT");
  const insert = database.prepare("INSERT INTO records (text) VALUES (?)");
  const text = "r".repeat(RECORD_BYTES);
  const insertAll = database.transaction((count: number) => {
    for (let index = 0; index < count; index += 1) insert.run(text);
  });
  return {
    commit(count) {
      const took: number[] = [];
      for (let index = 0; index < count; index += 1) {
        const began = performance.now();
        insert.run(text);
        took.push(performance.now() - began);
      }
      return median(took);
    },
    commitTogether: (count) => insertAll(count),
    [Symbol.dispose]: () => void database.close(),
  };
}
