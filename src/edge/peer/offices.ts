/** The post offices of the sessions that somebody is connected to: each open from the first connection to the last. */
import type { Counter } from "./peer-edge.ts";
import type { PostOffice } from "./post-office.ts";

export interface Offices extends Disposable {
  /** @throws what opening the session's mail throws */
  enter(sessionId: string): Promise<Counter>;
}

interface Open {
  readonly office: Promise<PostOffice>;
  counters: number;
}

export function createOffices(open: (sessionId: string) => Promise<PostOffice>): Offices {
  const offices = new Map<string, Open>();

  function close(sessionId: string, entry: Open): void {
    if (offices.get(sessionId) === entry) offices.delete(sessionId);
    entry.office.then(
      (office) => office[Symbol.dispose](),
      () => undefined, // it never opened
    );
  }

  return {
    async enter(sessionId) {
      const entry = offices.get(sessionId) ?? { office: open(sessionId), counters: 0 };
      offices.set(sessionId, entry);
      entry.counters += 1;
      const leave = (): void => {
        entry.counters -= 1;
        if (entry.counters === 0) close(sessionId, entry);
      };
      const office = await entry.office.catch((error: unknown) => {
        leave();
        throw error;
      });
      let isOver = false;
      return {
        office,
        [Symbol.dispose]() {
          if (isOver) return;
          isOver = true;
          leave();
        },
      };
    },
    [Symbol.dispose]() {
      for (const [sessionId, entry] of offices) close(sessionId, entry);
    },
  };
}
