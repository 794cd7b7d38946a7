/** Requests and streams that are open: sent away when their credential is given out no more, and ended before a handover. */
import type { Caller, Callers } from "./ports.ts";

export interface Stay {
  readonly caller: Caller;
  readonly sessionId: string;
  /** Ends it; whoever sees it end may come again. */
  readonly end: () => void;
}

export interface Stays {
  readonly size: number;
  /** Until it is disposed of. */
  add(stay: Stay): Disposable;
  /** Sends away who would not be let in now, and gives how many those were. */
  dismiss(callers: Pick<Callers, "stillHolds">): number;
  endAll(): void;
}

export function createStays(): Stays {
  const open = new Set<Stay>();
  return {
    get size() {
      return open.size;
    },
    add(stay) {
      open.add(stay);
      return { [Symbol.dispose]: () => void open.delete(stay) };
    },
    dismiss(callers) {
      const unwanted = [...open].filter(({ caller, sessionId }) => !callers.stillHolds(caller, sessionId));
      for (const { end } of unwanted) end();
      return unwanted.length;
    },
    endAll() {
      for (const { end } of [...open]) end();
    },
  };
}
