/**
 * Which writes share one trip to the disk: all that are asked for in one turn of the event loop.
 *
 * The commit runs in the turn's check phase, after every socket that had something to say has been read: many callers share
 * it and a lone one waits for nobody. Each write has a savepoint of its own, so its refusal undoes nothing but itself.
 */
import { resultCode, storeFault } from "./sqlite-fault.ts";
import type { SqliteFile } from "./sqlite-file.ts";

export interface GroupCommit {
  /**
   * Runs `write` in this turn's transaction and resolves with its result once that is durable.
   *
   * What `write` throws by itself rejects this promise alone; a fault of the engine rejects every write of the turn, and
   * then nothing of the turn is stored.
   */
  add<T>(write: () => T): Promise<T>;
  /** Commits now what has been asked for. */
  flush(): void;
}

export interface CommitOutcome {
  /** The turn is durable; nobody has been answered yet. */
  committed(): void;
  /** Nothing of the turn was stored, because of `fault`. */
  undone(fault: unknown): void;
}

interface Waiting {
  /** Runs the write and returns the answer to give after the commit. */
  readonly run: () => () => void;
  readonly reject: (fault: unknown) => void;
}

export function groupCommit(file: SqliteFile, outcome: CommitOutcome): GroupCommit {
  const savepoint = file.connection.prepare("SAVEPOINT one_write");
  const release = file.connection.prepare("RELEASE one_write");
  const rollBack = file.connection.prepare("ROLLBACK TO one_write");
  let turn: Waiting[] = [];

  function runAlone({ run, reject }: Waiting): () => void {
    savepoint.run();
    try {
      const answer = run();
      release.run();
      return answer;
    } catch (fault) {
      const code = resultCode(fault);
      if (code !== undefined && code !== "CONSTRAINT") throw fault;
      rollBack.run();
      release.run();
      return () => reject(storeFault(file.path, fault));
    }
  }

  function flush(): void {
    const writes = turn;
    turn = [];
    if (writes.length === 0) return;
    let answers: (() => void)[];
    try {
      // A lone write needs no savepoint: the transaction is undone with it.
      answers = file.transaction(() => (writes.length === 1 ? writes.map(({ run }) => run()) : writes.map(runAlone)));
    } catch (error) {
      const fault = storeFault(file.path, error);
      outcome.undone(fault);
      for (const { reject } of writes) reject(fault);
      return;
    }
    outcome.committed();
    for (const answer of answers) answer();
  }

  return {
    add<T>(write: () => T): Promise<T> {
      if (turn.length === 0) setImmediate(flush);
      return new Promise<T>((resolve, reject) => {
        turn.push({
          run: () => {
            const result = write();
            return () => resolve(result);
          },
          reject,
        });
      });
    },
    flush,
  };
}
