/**
 * Which writes share one trip to the disk: all that are asked for in one turn of the event loop.
 *
 * The commit runs in the turn's check phase, after every socket that had something to say has been read: many callers share
 * it and a lone one waits for nobody. Where many share it, the disk is waited for beside this thread, which reads and decides
 * meanwhile (docs/decisions/0025); what is asked for by then is the next commit.
 *
 * When one of several writes is refused, all are undone and made once more with a savepoint each, so that its refusal undoes
 * nothing but itself; that is rare, and savepoints cost as much as the writes.
 */
import { resultCode, storeFault } from "./sqlite-fault.ts";
import type { SqliteFile } from "./sqlite-file.ts";

export interface GroupCommit {
  /**
   * Runs `write` in this turn's transaction, twice when another write of the turn is refused, and resolves with its result once
   * that is durable.
   *
   * What `write` throws by itself rejects this promise alone; a fault of the engine rejects every write of the turn, and
   * then nothing of the turn is stored. A sync that fails rejects them as well, and nothing is taken any more.
   */
  add<T>(write: () => T): Promise<T>;
  /** Commits now what has been asked for, or as soon as the disk has what was asked for before. */
  flush(): Promise<void>;
}

export interface CommitOutcome {
  /** Everything that was written in this turn so far is undone, and will be written again. */
  again(): void;
  /** The turn is durable; nobody has been answered yet. */
  committed(): void;
  /** Nothing of the turn was stored, because of `fault`. */
  undone(fault: unknown): void;
}

/**
 * Writes from which on a commit is synced beside this thread. The way there and back takes a quarter of what the disk does, which
 * is lost where no other stream decides anything meanwhile.
 */
const CROWD = 4;

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
  let syncing: Promise<void> | undefined;

  function runAlone({ run, reject }: Waiting): () => void {
    savepoint.run();
    try {
      const answer = run();
      release.run();
      return answer;
    } catch (fault) {
      if (isOfTheFile(fault)) throw fault;
      rollBack.run();
      release.run();
      return () => reject(storeFault(file.path, fault));
    }
  }

  function runAll(writes: readonly Waiting[]): readonly (() => void)[] {
    savepoint.run();
    try {
      const answers = writes.map(({ run }) => run());
      release.run();
      return answers;
    } catch (fault) {
      if (isOfTheFile(fault)) throw fault;
      rollBack.run();
      release.run();
      outcome.again();
      return writes.map(runAlone);
    }
  }

  function settle(answers: readonly (() => void)[]): void {
    outcome.committed();
    for (const answer of answers) answer();
  }

  function refuse(writes: readonly Waiting[], error: unknown): void {
    const fault = storeFault(file.path, error);
    outcome.undone(fault);
    for (const { reject } of writes) reject(fault);
  }

  function commit(): void {
    if (syncing !== undefined) return;
    const writes = turn;
    turn = [];
    if (writes.length === 0) return;
    const work = () => (writes.length === 1 ? writes.map(({ run }) => run()) : runAll(writes));
    try {
      if (writes.length < CROWD) return settle(file.transaction(work));
      const { result, synced } = file.transactionSyncedLater(work);
      syncing = synced
        .then(
          () => settle(result),
          (fault: unknown) => refuse(writes, fault),
        )
        .finally(() => {
          syncing = undefined;
          if (turn.length > 0) setImmediate(commit);
        });
    } catch (fault) {
      refuse(writes, fault);
    }
  }

  return {
    add<T>(write: () => T): Promise<T> {
      if (turn.length === 0 && syncing === undefined) setImmediate(commit);
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
    async flush() {
      while (turn.length > 0 || syncing !== undefined) {
        commit();
        await (syncing as Promise<void> | undefined);
      }
    },
  };
}

/** Whether the engine cannot write at all, and not this one thing only. */
function isOfTheFile(fault: unknown): boolean {
  const code = resultCode(fault);
  return code !== undefined && code !== "CONSTRAINT";
}
