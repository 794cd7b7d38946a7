/** Hears when places in a row have their turn or are given up, for one claim that waits. */
import type { BoardEvent } from "../../wire/board.ts";
import type { BoardHost } from "./board-host.ts";

export interface Turns extends Disposable {
  /** Resolves when the place is no more, when the time is over, or when nobody waits for the answer any more. */
  over(ticket: string, limitMs: number, signal: AbortSignal): Promise<void>;
}

/** From now on: a place may have its turn in the same moment in which it is given. */
export function hearTurns(host: BoardHost): Turns {
  const ended = new Set<string>();
  let hear: () => void = () => undefined;
  const hearing = host.subscribe(({ events }) => {
    for (const event of events as readonly BoardEvent[])
      if ((event.type === "LaneClaimed" || event.type === "PlaceGivenUp") && event.ticket !== undefined) ended.add(event.ticket);
    hear();
  });
  return {
    over: (ticket, limitMs, signal) =>
      new Promise((resolve) => {
        const end = (): void => {
          clearTimeout(timer);
          signal.removeEventListener("abort", end);
          resolve();
        };
        const timer = setTimeout(end, limitMs);
        timer.unref();
        signal.addEventListener("abort", end);
        hear = () => void (ended.has(ticket) && end());
        hear();
        if (signal.aborted) end();
      }),
    [Symbol.dispose]: () => hearing[Symbol.dispose](),
  };
}
