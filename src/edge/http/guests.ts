/** Requests that last: whoever follows the events of a bus or of the panel, or waits for a lane, is sent away when it would not be let in any more. */
export interface Guest extends Disposable {
  /** Fires when its client has gone, or when it is sent away. */
  readonly signal: AbortSignal;
  readonly isSentAway: boolean;
}

export interface Guests {
  /** Until it is disposed. */
  take(request: Pick<Request, "signal">, mayStay: () => boolean): Guest;
  /** Sends away who may not stay, and gives how many those were. */
  dismiss(): number;
}

export function createGuests(): Guests {
  const staying = new Map<AbortController, () => boolean>();
  return {
    take(request, mayStay) {
      const end = new AbortController();
      let signal: AbortSignal | undefined;
      staying.set(end, mayStay);
      return {
        get signal() {
          signal ??= AbortSignal.any([request.signal, end.signal]); // most requests are answered at once
          return signal;
        },
        get isSentAway() {
          return end.signal.aborted;
        },
        [Symbol.dispose]: () => void staying.delete(end),
      };
    },
    dismiss() {
      const unwanted = [...staying].filter(([, mayStay]) => !mayStay());
      for (const [end] of unwanted) {
        staying.delete(end);
        end.abort();
      }
      return unwanted.length;
    },
  };
}
